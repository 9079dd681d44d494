"""Microsoft's sign-in: the way to a token, its renewal, and every misuse."""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.visitor import allow
from scrm.sandbox.yammer import Yammer
from tests.sandbox.yammer.conftest import Reader, minute, outcomes

BACK = "https://crm.example/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
YAMMER, GRAPH = "https://www.yammer.com/.default", "https://graph.microsoft.com/.default"


def asked(network, **changes):
    query = {
        "client_id": network.app()["client_id"],
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": f"{YAMMER} offline_access",
        "state": "s/1 &",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in query.items() if value is not None}


def address(network, **changes):
    return f"{network.app()['authorize_url']}?{urlencode(asked(network, **changes))}"


def code_of(network, **changes):
    state, code = allow(address(network, **changes))
    assert state == "s/1 &"
    return code


def ask_token(network, **changes):
    app = network.app()
    form = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    } | changes
    return requests.post(
        app["token_url"], {name: value for name, value in form.items() if value is not None}, timeout=10
    )


def token_of(network, **changes):
    return ask_token(network, code=code_of(network, **changes)).json()


def renew(network, refresh_token, **changes):
    return ask_token(network, grant_type="refresh_token", refresh_token=refresh_token, **changes)


def number(answer):
    assert answer.json()["error_description"].startswith(f"AADSTS{answer.json()['error_codes'][0]}: ")
    return answer.status_code, answer.json()["error"], answer.json()["error_codes"][0]


def test_the_page_says_who_and_what_and_the_first_choice_is_the_company(network):
    page = requests.get(address(network), timeout=10)
    assert page.status_code == 200
    assert page.text.index("social@nordwerk.example") < page.text.index("femke.harms@nordwerk.example")
    assert "katharina" not in page.text
    assert "https://www.yammer.com/access_as_user" in page.text


def test_a_code_becomes_a_token_that_reads(network, clock):
    answer = token_of(network)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 4499)
    assert answer["scope"] == "https://www.yammer.com/access_as_user"
    assert "id_token" not in answer
    assert Reader(network, clock, answer).json("users/current")["name"] == "nordwerk"


def test_a_renewal_gives_a_new_refresh_token_and_may_be_for_the_other_resource(network, clock):
    first = token_of(network)
    second = renew(network, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    other = renew(network, second["refresh_token"], scope=f"{GRAPH} offline_access").json()
    assert "https://graph.microsoft.com/Community.Read.All" in other["scope"].split()
    reader = Reader(
        network, clock, {"access_token": second["access_token"], "graph_access_token": other["access_token"]}
    )
    assert reader.ask("/v1.0/me").status_code == reader.ask("users/current").status_code == 200
    clock.forward(days=60)
    third = renew(network, second["refresh_token"]).json()
    clock.forward(days=60)
    assert number(renew(network, second["refresh_token"])) == (400, "invalid_grant", 700082)
    assert renew(network, third["refresh_token"]).status_code == 200


def test_a_revoked_grant_renews_no_more(network):
    answer = token_of(network)
    network.revoke("nordwerk")
    assert number(renew(network, answer["refresh_token"])) == (400, "invalid_grant", 50173)


def test_without_offline_access_there_is_no_refresh_token_and_who_signs_in_is_told(network):
    answer = token_of(network, scope=f"openid {YAMMER}")
    assert "refresh_token" not in answer
    claims = answer["id_token"].split(".")[1]
    assert b'"preferred_username": "social@nordwerk.example"' in base64.urlsafe_b64decode(claims + "==")


def test_a_token_can_do_only_what_was_asked(network, clock):
    answer = token_of(network, scope="https://graph.microsoft.com/User.Read offline_access")
    reader = Reader(network, clock, {"graph_access_token": answer["access_token"], "access_token": ""})
    assert reader.ask("/v1.0/me").status_code == 200
    for path in ("/v1.0/users", "/v1.0/employeeExperience/communities"):
        refused = reader.ask(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert number(renew(network, answer["refresh_token"], scope=YAMMER)) == (400, "invalid_grant", 65001)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "made-up"}, (400, "invalid_grant", 9002313)),
        ({"redirect_uri": f"{BACK}/"}, (400, "invalid_grant", 500112)),
        ({"code_verifier": "w" * 43}, (400, "invalid_grant", 501481)),
        ({"code_verifier": None}, (400, "invalid_grant", 501481)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
        ({"client_id": "wrong"}, (400, "unauthorized_client", 700016)),
        ({"client_id": None}, (400, "invalid_request", 900144)),
        ({"grant_type": None}, (400, "invalid_request", 900144)),
        ({"grant_type": "client_credentials"}, (400, "unsupported_grant_type", 70003)),
        ({"scope": f"{YAMMER} {GRAPH}"}, (400, "invalid_request", 28000)),
        ({"scope": "https://www.yammer.com/write"}, (400, "invalid_scope", 650053)),
        ({"tenant": "x"}, (400, "invalid_request", 90014)),
    ],
)
def test_a_wrong_redemption_is_refused(network, changes, expected):
    assert number(ask_token(network, **{"code": code_of(network)} | changes)) == expected
    is_malformed = expected[2] in {70003, 90014, 900144}
    assert outcomes(network) == ["served", "served", "invalid" if is_malformed else "served"]


def test_a_code_is_good_once_and_for_ten_minutes(network, clock):
    code = code_of(network)
    assert ask_token(network, code=code).status_code == 200
    assert number(ask_token(network, code=code)) == (400, "invalid_grant", 54005)
    late = code_of(network)
    clock.forward(minutes=11)
    assert number(ask_token(network, code=late)) == (400, "invalid_grant", 70008)


def test_the_secret_may_stand_in_the_header(network):
    app = network.app()
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "code": code_of(network),
    }
    answer = requests.post(app["token_url"], form, auth=(app["client_id"], app["client_secret"]), timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_id": "wrong"}, "AADSTS700016"),
        ({"redirect_uri": "https://elsewhere.example/back"}, "AADSTS50011"),
        ({"redirect_uri": None}, "AADSTS50011"),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(changes, told):
    with Yammer(redirect_uris=[BACK]) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        page = requests.get(address(network, **changes), timeout=10, allow_redirects=False)
        assert (page.status_code, told in page.text) == (400, True)
        wrong = network.app()["authorize_url"].replace(network.app()["tenant"], "elsewhere.example")
        assert "AADSTS90002" in requests.get(wrong, asked(network), timeout=10).text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "https://www.yammer.com/everything"}, "invalid_scope"),
        ({"scope": f"{YAMMER} https://www.yammer.com/access_as_user"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none"}, "interaction_required"),
        ({"prompt": "please"}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_what_else_is_wrong_is_told_on_the_way_back(network, changes, error):
    answer = requests.get(address(network, **changes), timeout=10, allow_redirects=False)
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (answer.status_code, told["error"], told["state"]) == (302, [error], ["s/1 &"])


@pytest.mark.parametrize(("mode", "sign"), [("query", "?"), ("fragment", "#")])
def test_who_declines_is_sent_back_too(network, mode, sign):
    form = asked(network, response_mode=mode) | {"decision": "deny"}
    page = requests.get(address(network), timeout=10).text
    form["account"] = page.split('<option value="')[1].split('"')[0]
    answer = requests.post(network.app()["authorize_url"], form, timeout=10, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"{BACK}{sign}error=access_denied&")
    form["account"] = "somebody"
    assert requests.post(network.app()["authorize_url"], form, timeout=10).status_code == 400


def test_lives_can_be_set():
    with Yammer(access_life=timedelta(minutes=1), refresh_life=timedelta(0)) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        answer = token_of(network)
        assert answer["expires_in"] == 59
        assert number(renew(network, answer["refresh_token"])) == (400, "invalid_grant", 700082)
