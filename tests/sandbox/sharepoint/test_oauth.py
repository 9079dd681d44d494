"""Consent, tokens and renewal at Entra, rightly used and misused."""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.sharepoint import SharePoint
from scrm.sandbox.sharepoint.oauth import REGISTERED
from scrm.sandbox.visitor import allow
from tests.sandbox.sharepoint.conftest import START, Client

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
READ_SITES = "https://graph.microsoft.com/Sites.Read.All"
READ_LISTS = "https://nordwerk.sharepoint.com/AllSites.Read"
SCOPE = f"openid offline_access {READ_SITES} User.Read {READ_LISTS}"


def authorize_url(network, **changed):
    asked = {
        "client_id": network.app()["client_id"],
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "s t&1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changed
    query = {name: value for name, value in asked.items() if value is not None}
    return requests.Request("GET", network.app()["authorize_url"], params=query).prepare().url


def code_of(network, **changed):
    state, code = allow(authorize_url(network, **changed))
    assert state == "s t&1"
    return code


def token(network, **sent):
    app = network.app()
    body = {"client_id": app["client_id"], "client_secret": app["client_secret"]} | sent
    return requests.post(app["token_url"], data=body, timeout=10)


def redeem(network, code, **changed):
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(network, **(sent | changed))


def renew(network, refresh_token, **changed):
    return token(network, grant_type="refresh_token", refresh_token=refresh_token, **changed)


def number_of(answer):
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return answer.status_code, body["error"], body["error_codes"][0]


def test_a_consent_gives_tokens_for_each_api(network):
    given = redeem(network, code_of(network), scope=READ_SITES).json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 4799)
    assert {"id_token", "refresh_token"} & set(given) == {"refresh_token"}
    client = Client(network, given["access_token"])
    assert client.ask("/sites?search=").status_code == 200
    lists = renew(network, given["refresh_token"], scope="https://nordwerk.sharepoint.com/.default").json()
    assert lists["scope"] == READ_LISTS
    client.rest_token = lists["access_token"]
    assert client.rest("lists(guid'0')/items(1)/comments").status_code == 404
    here = renew(network, given["refresh_token"], scope=f"{network.base_url}/AllSites.Read")
    assert here.json()["scope"] == READ_LISTS


def test_without_a_scope_the_token_is_for_graph(network):
    given = redeem(network, code_of(network)).json()
    assert set(given["scope"].split()) == {READ_SITES, "https://graph.microsoft.com/User.Read"}
    assert "id_token" in given


def test_renewal_gives_a_new_refresh_token_and_the_old_one_lives_on(network):
    first = redeem(network, code_of(network)).json()["refresh_token"]
    second = renew(network, first).json()["refresh_token"]
    assert second != first
    assert renew(network, first).status_code == 200
    assert renew(network, second).status_code == 200


def test_a_code_is_good_once_for_ten_minutes_for_one_address_and_verifier(network, clock):
    code = code_of(network)
    assert number_of(redeem(network, code, code_verifier="w" * 50)) == (400, "invalid_grant", 501481)
    assert number_of(redeem(network, code, redirect_uri=f"{BACK}2")) == (400, "invalid_client", 500112)
    assert redeem(network, code).status_code == 200
    assert number_of(redeem(network, code)) == (400, "invalid_grant", 54005)
    late = code_of(network)
    clock.forward(minutes=11)
    assert number_of(redeem(network, late)) == (400, "invalid_grant", 70008)
    assert number_of(redeem(network, "nonsense")) == (400, "invalid_grant", 9002313)


def test_a_token_is_for_one_resource_and_what_was_consented(network):
    code = code_of(network)
    assert number_of(redeem(network, code, scope=f"{READ_SITES} {READ_LISTS}")) == (400, "invalid_scope", 28000)
    more = code_of(network)
    wanted = "https://graph.microsoft.com/Sites.FullControl.All"
    assert number_of(redeem(network, more, scope=wanted)) == (400, "invalid_grant", 65001)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_id": "somebody"}, (400, "unauthorized_client", 700016)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"refresh_token": "made up"}, (400, "invalid_grant", 9002313)),
    ],
)
def test_misuse_of_the_token_endpoint(network, changed, expected):
    sent = {"grant_type": "refresh_token", "refresh_token": "x"} | changed
    assert number_of(token(network, **sent)) == expected


def test_the_secret_may_come_in_a_header(network):
    app = network.app()
    sent = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    answer = requests.post(app["token_url"], data=sent, auth=(app["client_id"], app["client_secret"]), timeout=10)
    assert set(answer.json()) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    client = Client(network, answer.json()["access_token"])
    assert len(client.json("/sites/getAllSites")["value"]) == 3
    assert client.ask("/me").status_code == 400


def test_an_application_alone_does_not_get_into_sharepoints_rest(network):
    sent = {"grant_type": "client_credentials", "scope": "https://nordwerk.sharepoint.com/.default"}
    client = Client(network, "", token(network, **sent).json()["access_token"])
    refused = client.rest("lists(guid'0')/items(1)/comments")
    assert (refused.status_code, refused.json()) == (401, {"error_description": "Unsupported app only token."})
    bad = token(network, grant_type="client_credentials", scope=READ_SITES)
    assert number_of(bad) == (400, "invalid_scope", 1002012)


def decision(network, url, **changed):
    form = parse_qs(urlsplit(url).query)
    sent = {name: values[0] for name, values in form.items()} | changed
    return requests.post(url.partition("?")[0], data=sent, timeout=10, allow_redirects=False)


def test_a_denial_goes_back_with_the_state(network):
    answer = decision(network, authorize_url(network), decision="cancel", user="")
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (back["error"], back["state"]) == (["access_denied"], ["s t&1"])


def test_wrong_addresses_and_applications_are_never_sent_back():
    with SharePoint(redirect_uris={BACK}, clock=lambda: START) as network:
        page = requests.get(authorize_url(network), timeout=10)
        assert page.status_code == 200
        for changed in ({"redirect_uri": f"{BACK}/"}, {"client_id": "x"}, {"redirect_uri": None}):
            answer = requests.get(authorize_url(network, **changed), timeout=10, allow_redirects=False)
            assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "Everything.All"}, "invalid_scope"),
        ({"scope": "https://other.example/Read"}, "invalid_scope"),
        ({"scope": f"https://graph.microsoft.com/.default {READ_SITES}"}, "invalid_scope"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_other_faults_go_back_as_errors(network, changed, error):
    answer = requests.get(authorize_url(network, **changed), timeout=10, allow_redirects=False)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == [error]


def test_unknown_directories(network):
    url = network.app()["token_url"].replace(network.app()["tenant"], "nowhere")
    answer = requests.post(url, data={"grant_type": "refresh_token"}, timeout=10)
    assert number_of(answer) == (400, "invalid_request", 90002)


def test_tokens_end_by_time_and_by_revocation(network, client, clock):
    given = network.credentials("nordwerk")
    clock.forward(seconds=4799)
    refused = client.ask("/me")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert "expired" in refused.json()["error"]["message"]
    assert "WWW-Authenticate" in refused.headers
    assert renew(network, given["refresh_token"]).status_code == 200
    network.revoke("nordwerk")
    assert number_of(renew(network, given["refresh_token"])) == (400, "invalid_grant", 50173)
    late = network.credentials("femke")["refresh_token"]
    clock.forward(days=90)
    assert number_of(renew(network, late)) == (400, "invalid_grant", 700082)


def test_less_permission_shows_less(network):
    client = Client(network, redeem(network, code_of(network), scope="User.Read").json()["access_token"])
    assert client.ask("/me").status_code == 200
    for path, code in (("/sites?search=", "accessDenied"), ("/users", "Authorization_RequestDenied")):
        refused = client.ask(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, code)
    assert requests.get(f"{network.base_url}/v1.0/me", timeout=10).status_code == 401


def test_without_the_administrators_consent_only_what_somebody_agreed_to():
    with SharePoint(clock=lambda: START, is_admin_consented=False, access_life=timedelta(hours=1)) as network:
        network.add_account(_person(), at=START)
        given = redeem(network, code_of(network, scope=f"offline_access {READ_SITES}")).json()
        assert given["expires_in"] == 3600
        other = renew(network, given["refresh_token"], scope="https://nordwerk.sharepoint.com/.default")
        assert number_of(other) == (400, "invalid_grant", 65001)
        everything = "offline_access https://graph.microsoft.com/.default"
        given = redeem(network, code_of(network, scope=everything)).json()
        assert given["scope"].count("graph.microsoft.com") == len(REGISTERED["https://graph.microsoft.com"])
        other = renew(network, given["refresh_token"], scope="https://nordwerk.sharepoint.com/.default")
        assert other.status_code == 200


def _person():
    from scrm.sandbox.cast import person

    return person("nordwerk")
