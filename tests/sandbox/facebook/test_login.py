"""Facebook Login: the dialog, the code, the tokens, what is asked of them and how they end."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.facebook.conftest import Reader, minute, opened

TARGET = "http://127.0.0.1:9/back?connection=1"
SCOPE = "pages_show_list,pages_read_engagement,pages_read_user_content"


def dialog(network, **changed: Any) -> dict[str, Any]:
    asked = {"client_id": network.app()["client_id"], "redirect_uri": TARGET, "scope": SCOPE, "state": "s~1"}
    return {name: value for name, value in {**asked, **changed}.items() if value is not None}


def decide(network, decision: str = "allow", **changed: Any) -> requests.Response:
    form = {**dialog(network, **changed), "account": "femke", "decision": decision}
    return requests.post(network.app()["authorize_url"], data=form, timeout=10, allow_redirects=False)


def answered(decided: requests.Response) -> dict[str, str]:
    assert decided.status_code == 302, decided.text
    return {name: values[0] for name, values in parse_qs(urlsplit(decided.headers["Location"]).query).items()}


def redeem(network, code: str, **changed: Any) -> requests.Response:
    app = network.app()
    sent = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": TARGET,
        "code": code,
    }
    return requests.get(app["token_url"], params={**sent, **changed}, timeout=10)


def exchange(network, token: str) -> requests.Response:
    return redeem(network, "", grant_type="fb_exchange_token", fb_exchange_token=token)


def app_token(network) -> str:
    return f"{network.app()['client_id']}|{network.app()['client_secret']}"


def debug(network, token: str) -> dict[str, Any]:
    return Reader(network, app_token(network)).json("debug_token", input_token=token)["data"]


def code_of(answer: requests.Response) -> tuple[int, int]:
    error = answer.json()["error"]
    assert answer.status_code == 400
    return error["code"], error.get("error_subcode", 0)


def test_from_the_dialog_to_a_page_token_that_never_expires(network, page_id, clock):
    shown = requests.get(network.app()["authorize_url"], params=dialog(network), timeout=10)
    assert shown.status_code == 200
    assert all(word in shown.text for word in ("Femke Harms", "pages_read_user_content", "Allow", "Deny"))
    decided = decide(network)
    assert decided.headers["Location"].startswith("http://127.0.0.1:9/back?connection=1&code=")
    assert decided.headers["Location"].endswith("#_=_")
    answer = answered(decided)
    assert answer["state"] == "s~1"
    short = redeem(network, answer["code"]).json()
    assert (short["token_type"], short["expires_in"]) == ("bearer", 7200)
    long = exchange(network, short["access_token"]).json()
    assert long["expires_in"] == 60 * 86400
    page = Reader(network, long["access_token"]).json("me/accounts", fields="id,access_token")["data"][0]
    assert page["id"] == page_id
    told = debug(network, page["access_token"])
    assert (told["is_valid"], told["expires_at"], told["profile_id"], told["type"]) == (True, 0, page_id, "PAGE")
    assert told["data_access_expires_at"] - told["issued_at"] == 90 * 86400
    assert told["scopes"] == sorted(["public_profile", *SCOPE.split(",")])
    clock.pass_(days=61)
    assert Reader(network, page["access_token"]).ids("me/feed") == []
    assert Reader(network, long["access_token"]).error("me")[:2] == (190, 463)
    told = debug(network, long["access_token"])
    assert (told["is_valid"], told["error"]["subcode"]) == (False, 463)
    assert debug(network, "EAAnonsense")["is_valid"] is False


def test_a_page_token_from_a_short_one_ends_with_it(network, clock):
    short = redeem(network, answered(decide(network))["code"]).json()["access_token"]
    page = Reader(network, short).json("me/accounts", fields="access_token")["data"][0]["access_token"]
    assert Reader(network, page).ids("me/feed") == []
    clock.pass_(hours=2)
    assert Reader(network, page).error("me")[:2] == (190, 463)


def test_a_code_is_for_one_use_one_address_and_ten_minutes(network, clock):
    code = answered(decide(network))["code"]
    assert code_of(redeem(network, code, redirect_uri="http://127.0.0.1:9/other")) == (100, 36008)
    assert redeem(network, code).status_code == 200
    assert code_of(redeem(network, code)) == (100, 36009)
    late = answered(decide(network))["code"]
    clock.pass_(minutes=11)
    assert code_of(redeem(network, late)) == (100, 36007)
    assert code_of(redeem(network, "AQmadeup")) == (100, 0)
    assert code_of(redeem(network, late, client_secret="wrong")) == (1, 0)
    assert code_of(redeem(network, late, client_id="1")) == (101, 0)
    assert code_of(redeem(network, late, grant_type="password")) == (100, 0)
    assert redeem(network, "", grant_type="client_credentials").json()["access_token"] == app_token(network)


def test_pkce_holds_where_it_was_begun(network):
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    begun = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = answered(decide(network, **begun))["code"]
    assert code_of(redeem(network, code)) == (100, 0)
    assert code_of(redeem(network, code, code_verifier="w" * 50)) == (100, 0)
    assert redeem(network, code, code_verifier=verifier).status_code == 200


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"client_id": "1"}, "Invalid App ID"),
        ({"scope": "pages_show_list,mind_reading"}, "Invalid Scopes: mind_reading"),
        ({"response_type": "token"}, "response_type"),
        ({"redirect_uri": "nowhere"}, "URL blocked"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "S256"),
    ],
)
def test_a_wrong_dialog_says_so_and_goes_nowhere(network, changed, said):
    for answer in (
        requests.get(network.app()["authorize_url"], params=dialog(network, **changed), timeout=10),
        decide(network, **changed),
    ):
        assert answer.status_code == 400
        assert said in answer.text


def test_registered_addresses_are_the_only_ones():
    with opened(redirect_uris=(TARGET,)) as network:
        assert "code" in answered(decide(network))
        assert decide(network, redirect_uri=TARGET + "&more=1").status_code == 400


def test_denying_is_told_without_a_code(network):
    answer = answered(decide(network, "deny"))
    assert answer["error"] == "access_denied"
    assert answer["error_reason"] == "user_denied"
    assert answer["state"] == "s~1"
    assert "code" not in answer


def test_pages_chosen_at_the_consent_are_the_only_ones(network, page_id):
    for chosen, expected in ((page_id, [page_id]), ("1", [])):
        code = answered(decide(network, pages=chosen))["code"]
        token = redeem(network, code).json()["access_token"]
        assert Reader(network, token).ids("me/accounts") == expected
        granular = {one["scope"]: one.get("target_ids") for one in debug(network, token)["granular_scopes"]}
        assert granular["pages_show_list"] == [chosen]
        assert granular["public_profile"] is None


def test_the_proof_is_checked_and_may_be_demanded(network):
    token = network.credentials("nordwerk")["access_token"]
    proof = hmac.new(network.app()["client_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
    reader = Reader(network, token)
    assert "name" in reader.json("me", appsecret_proof=proof)
    assert reader.error("me", appsecret_proof="0" * 64)[2].startswith("Invalid appsecret_proof")
    with opened(is_proof_required=True) as strict:
        assert "require" in Reader(strict, strict.credentials("nordwerk")["access_token"]).error("me")[2]


@pytest.mark.parametrize(
    ("end", "subcode"),
    [
        (lambda network: network.revoke("femke"), 460),
        (lambda network: network.set_tasks("femke", ()), 492),
    ],
)
def test_tokens_die_with_their_persons_right(network, end, subcode):
    user = Reader(network, network.credentials("femke")["access_token"])
    page = Reader(network, user.json("me/accounts", fields="access_token")["data"][0]["access_token"])
    end(network)
    for reader in (user, page):
        assert reader.error("me")[:2] == (190, subcode)


def test_a_page_revoked_can_be_connected_again(network, reader):
    network.revoke("nordwerk")
    assert reader.error("me")[:2] == (190, 460)
    assert Reader(network, network.credentials("nordwerk")["access_token"]).json("me")["name"]


def test_a_person_takes_back_one_permission_or_all(network):
    user = Reader(network, network.credentials("femke")["access_token"])
    granted = {row["permission"] for row in user.json("me/permissions")["data"]}
    assert "pages_show_list" in granted
    assert user.call("DELETE", "me/permissions", permission="pages_show_list").json() == {"success": True}
    assert user.json("me/permissions", permission="pages_show_list")["data"] == []
    assert user.error("me/accounts")[0] == 200
    assert user.call("DELETE", "me/permissions").json() == {"success": True}
    assert user.error("me")[:2] == (190, 458)


@pytest.mark.parametrize("missing", ["pages_read_engagement", "pages_read_user_content", "pages_messaging"])
def test_a_missing_permission_closes_what_it_opens(network, missing):
    everything = {"pages_read_engagement", "pages_read_user_content", "pages_messaging"}
    own = network.post("nordwerk", "Neu", at=minute(0))
    network.post("katharina", "Hm", at=minute(1))
    token = network.credentials("nordwerk", scopes=sorted(everything - {missing}))["access_token"]
    reader = Reader(network, token)
    closed = {
        "pages_read_engagement": {"me/feed": 10, "me/visitor_posts": 10, f"{own}/comments": 10, "me/ratings": 10},
        "pages_read_user_content": {"me/visitor_posts": 10, "me/tagged": 10, f"{own}/comments": 10, "me/ratings": 10},
        "pages_messaging": {"me/conversations": 200},
    }
    calls = ("me/feed", "me/visitor_posts", "me/tagged", "me/ratings", f"{own}/comments", "me/conversations")
    failed = {path: reader.error(path)[0] for path in calls if reader.call("GET", path).status_code != 200}
    assert closed[missing].items() <= failed.items()
    assert ("me/conversations" in failed) == (missing == "pages_messaging")
    if missing == "pages_read_user_content":
        assert reader.ids("me/feed") == [own], "what visitors write is left out"


def test_lost_tasks_close_edges_but_leave_the_token_alive(network):
    user = Reader(network, network.credentials("femke")["access_token"])
    page = Reader(network, user.json("me/accounts", fields="access_token")["data"][0]["access_token"])
    network.set_tasks("femke", ("ANALYZE",))
    assert page.error("me/feed")[0] == 200
    assert page.error("me/conversations")[0] == 200
    assert page.json("me")["name"]


def test_calls_without_a_good_token_say_why(network):
    assert Reader(network, "").error("me")[0] == 104
    assert Reader(network, "EAAmadeup").error("me")[:2] == (190, 0)
    assert Reader(network, app_token(network)).error("me")[0] == 2500
    bearer = {"Authorization": f"Bearer {network.credentials('nordwerk')['access_token']}"}
    answer = requests.get(f"{network.base_url}/v26.0/me", headers=bearer, timeout=10)
    assert answer.json()["name"] == "Nordwerk Antriebstechnik"
    page = Reader(network, network.credentials("nordwerk")["access_token"])
    assert page.error("debug_token", input_token="x")[0] == 100
