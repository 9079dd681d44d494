"""Password, cookie, form and token: what each opens, how long, and what is answered when it does not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.connections import Connections
from tests.sandbox.connections.conftest import REST, Clock, Reader, peopled

MINE = "/communities/service/atom/communities/my"
BACK = "http://127.0.0.1:9/callback"


def get(network: Connections, path: str, **kwargs: Any) -> requests.Response:
    return requests.get(f"{network.base_url}{path}", timeout=10, allow_redirects=False, **kwargs)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask_consent(network: Connections, decision: str = "allow", **changed: str) -> dict[str, list[str]]:
    """Walk through the consent page and return what the browser is sent back with."""
    app = network.app()
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": BACK,
        "state": "s-1",
        **changed,
    }
    page = requests.get(app["authorize_url"], params=asked, timeout=10)
    assert page.status_code == 200
    assert "Nordwerk Antriebstechnik" in page.text
    account = Reader(network).json("/people/@me/")["entry"]["id"][-36:]
    form = {**asked, "account": account, "decision": decision}
    answer = requests.post(app["authorize_url"], data=form, timeout=10, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def redeem(network: Connections, **sent: str) -> requests.Response:
    app = network.app()
    form: Mapping[str, str] = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": BACK,
        **sent,
    }
    return requests.post(app["token_url"], data=form, timeout=10)


def test_whoever_is_not_signed_in_gets_a_form_with_status_200(network: Connections):
    for path in (MINE, f"{REST}/people/@me/"):
        answer = get(network, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
        assert "j_security_check" in answer.text


def test_a_server_without_a_form_says_401():
    with Connections(has_form=False) as fake:
        answer = get(peopled(fake), MINE)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Connections"')


def test_a_password_leaves_a_cookie_that_opens_the_same_until_it_ends(network: Connections, clock: Clock):
    known = network.credentials("nordwerk")
    answer = get(network, MINE, auth=(known["username"], known["password"]))
    assert answer.headers["X-LConn-Auth"] == "false"
    cookies = answer.cookies.get_dict()
    assert set(cookies) == {"LtpaToken2", "JSESSIONID"}
    assert get(network, MINE, cookies=cookies).content == answer.content
    clock.forward(hours=3)
    assert "j_security_check" in get(network, MINE, cookies=cookies).text


def test_the_form_takes_an_address_or_a_name_and_refuses_a_wrong_password(network: Connections):
    known = network.credentials("nordwerk")
    url = network.app()["login_url"]
    for name in ("social@nordwerk.example", known["username"]):
        form = {"j_username": name, "j_password": known["password"]}
        answer = requests.post(url, data=form, timeout=10, allow_redirects=False)
        assert answer.status_code == 302
        cookies = {"LtpaToken2": answer.cookies["LtpaToken2"]}
        assert (
            get(network, f"{REST}/people/@me/", cookies=cookies).json()["entry"]["displayName"].startswith("Nordwerk")
        )
    refused = requests.post(url, data={"j_username": known["username"], "j_password": "no"}, timeout=10)
    assert (refused.status_code, "LtpaToken2" in refused.cookies) == (200, False)
    assert get(network, MINE, auth=(known["username"], "no")).status_code == 401


def test_consent_gives_a_token_that_opens_the_addresses_for_tokens_alone(network: Connections, clock: Clock):
    back = ask_consent(network)
    assert back["state"] == ["s-1"]
    given = redeem(network, grant_type="authorization_code", code=back["code"][0])
    assert given.headers["Content-Type"] == "application/json"
    token = given.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 12 * 3600)
    opened = "/communities/service/atom/oauth/communities/my"
    headers = bearer(token["access_token"])
    assert get(network, opened, headers=headers).headers["Content-Type"].startswith("application/atom+xml")
    assert get(network, "/connections/opensocial/oauth/rest/people/@me/", headers=headers).status_code == 200
    assert "j_security_check" in get(network, MINE, headers=headers).text
    clock.forward(hours=13)
    late = get(network, opened, headers=headers)
    assert (late.status_code, late.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in late.headers["WWW-Authenticate"]


def test_a_code_is_good_once_for_a_minute_and_for_its_own_address(network: Connections, clock: Clock):
    code = ask_consent(network)["code"][0]
    assert redeem(network, grant_type="authorization_code", code=code).status_code == 200
    late = ask_consent(network)["code"][0]
    clock.forward(seconds=61)
    elsewhere = ask_consent(network)["code"][0]
    for sent in ({"code": code}, {"code": late}, {"code": elsewhere, "redirect_uri": f"{BACK}/other"}):
        refused = redeem(network, grant_type="authorization_code", **sent)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_refresh_token_is_used_up_and_its_grant_ends_after_half_a_year(network: Connections, clock: Clock):
    first = network.credentials("nordwerk")["refresh_token"]
    second = redeem(network, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert redeem(network, grant_type="refresh_token", refresh_token=first).json()["error"] == "invalid_grant"
    clock.forward(days=184)
    assert redeem(network, grant_type="refresh_token", refresh_token=second).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"grant_type": "authorization_code", "client_secret": "no"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
    ],
)
def test_the_token_endpoint_names_what_is_wrong(network: Connections, sent: dict[str, str], status: int, error: str):
    refused = redeem(network, **sent)
    assert (refused.status_code, refused.json()["error"]) == (status, error)


def test_consent_is_denied_with_the_state_and_never_sends_to_a_strange_address():
    with Connections(redirect_uris=(BACK,)) as fake:
        assert ask_consent(peopled(fake), "deny") == {
            "error": ["access_denied"],
            "error_description": ["The resource owner denied the request."],
            "state": ["s-1"],
        }
        asked = {"response_type": "code", "client_id": fake.app()["client_id"], "redirect_uri": f"{BACK}x"}
        page = requests.get(fake.app()["authorize_url"], params=asked, timeout=10, allow_redirects=False)
    assert page.status_code == 400


def test_revoking_ends_password_cookie_and_tokens(network: Connections):
    known = network.credentials("nordwerk")
    reader = Reader(network)
    reader.ask(MINE)
    network.revoke("nordwerk")
    assert get(network, MINE, auth=(known["username"], known["password"])).status_code == 401
    assert "j_security_check" in get(network, MINE, cookies=reader.session.cookies.get_dict()).text
    oauth = get(network, "/forums/oauth/atom/topics", headers=bearer(known["access_token"]))
    assert oauth.status_code == 401
    assert redeem(network, grant_type="refresh_token", refresh_token=known["refresh_token"]).status_code == 400
    assert Reader(network).ask(MINE).status_code == 200


def test_lives_can_be_set():
    with Connections(access_life=timedelta(minutes=5)) as fake:
        token = redeem(
            fake, grant_type="refresh_token", refresh_token=peopled(fake).credentials("femke")["refresh_token"]
        )
    assert token.json()["expires_in"] == 300
