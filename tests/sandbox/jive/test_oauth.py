"""The add-on's sign-in: consent, codes, tokens, refresh, and what goes wrong."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.jive import Jive
from scrm.sandbox.visitor import allow
from tests.sandbox.jive.conftest import Reader, minute

BACK = "http://127.0.0.1:9/back"


class Application:
    def __init__(self, network):
        self.network = network
        self.app = network.app()

    def query(self, **changes):
        asked = {
            "client_id": self.app["client_id"],
            "response_type": "code",
            "state": "s 1",
            "redirect_uri": BACK,
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    def consent(self, **changes):
        url = self.app["authorize_url"]
        return requests.get(url, params=self.query(**changes), timeout=10, allow_redirects=False)

    def decide(self, decision="allow", account="nordwerk", **changes):
        form = self.query(**changes) | {"decision": decision, "account": account}
        return requests.post(self.app["authorize_url"], data=form, timeout=10, allow_redirects=False)

    def code(self, **changes):
        return parse_qs(urlsplit(self.decide(**changes).headers["Location"]).query)["code"][0]

    def token(self, secret=None, **sent):
        auth = (self.app["client_id"], secret or self.app["client_secret"])
        return requests.post(
            self.app["token_url"], data={"client_id": self.app["client_id"], **sent}, auth=auth, timeout=10
        )

    def redeem(self, code, **more):
        return self.token(grant_type="authorization_code", code=code, **more)


@pytest.fixture
def application(network):
    return Application(network)


def test_a_visitor_says_yes_and_the_tokens_open_the_api(network, application):
    address = requests.Request("GET", application.app["authorize_url"], params=application.query()).prepare().url
    state, code = allow(address)
    assert state == "s 1"
    told = application.redeem(code).json()
    assert (told["token_type"], told["expires_in"]) == ("bearer", "172799")
    reader = Reader(network)
    reader.headers["Authorization"] = f"Bearer {told['access_token']}"
    assert reader.json("/people/@me")["displayName"] == "Nordwerk Antriebstechnik"
    assert {one["outcome"] for one in network.requests()} == {"served"}
    assert code not in repr(network.requests())


def test_the_page_names_the_add_on_and_our_own_people_only(application):
    page = application.consent(scope="uri:/api").text
    assert "Nordwerk Social CRM" in page
    assert "uri:/api" in page
    assert "Femke Harms" in page
    assert person("sabine").full_name not in page
    assert application.decide(account=person("sabine").handle).status_code == 403


def test_no_is_told_to_the_address_with_the_state(application):
    back = parse_qs(urlsplit(application.decide("deny").headers["Location"]).query)
    assert back == {"error": ["access_denied"], "state": ["s 1"]}


@pytest.mark.parametrize(
    "change",
    [{"client_id": "other"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}, {"client_id": None}],
)
def test_a_wrong_client_or_address_gets_a_page_and_no_way_back(application, change):
    answer = application.consent(**change)
    assert (answer.status_code, "<form" in answer.text) == (400, False)


def test_only_the_code_flow_is_there(application):
    answer = application.consent(response_type="token")
    assert "error=unsupported_response_type" in answer.headers["Location"]


def test_a_registered_address_may_be_left_out_and_no_other_is_taken(clock):
    with Jive(clock=clock, redirect_uris=["https://crm.example/back"]) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        application = Application(network)
        assert application.consent().status_code == 400
        location = application.decide(redirect_uri=None).headers["Location"]
        assert location.startswith("https://crm.example/back?code=")


def test_a_code_is_good_once_for_a_while_and_at_its_address(application, clock):
    code = application.code()
    assert application.redeem(code).status_code == 200
    again = application.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert application.redeem(application.code(), redirect_uri=f"{BACK}2").status_code == 400
    code = application.code()
    clock.forward(minutes=10)
    assert application.redeem(code).status_code == 400


def test_the_client_signs_in_with_basic(network, application):
    wrong = application.token("guess.s", grant_type="refresh_token", refresh_token="x")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    bare = requests.post(application.app["token_url"], data={"grant_type": "refresh_token"}, timeout=10)
    assert bare.status_code == 401
    for sent, error in (
        ({}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_id": "other"}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_secret": "x"}, "invalid_request"),
    ):
        assert application.token(**sent).json()["error"] == error
    assert network.requests()[-1]["outcome"] == "invalid", "the secret belongs in the header"


def test_a_refresh_gives_a_new_token_until_it_is_revoked_or_old(network, application, clock):
    first = application.redeem(application.code()).json()
    clock.forward(days=3)
    again = application.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert again["access_token"] != first["access_token"]
    assert again["refresh_token"] == first["refresh_token"]
    network.revoke("nordwerk")
    dead = application.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_grant")
    fresh = network.credentials("nordwerk")["refresh_token"]
    clock.forward(days=3650)
    assert application.token(grant_type="refresh_token", refresh_token=fresh).status_code == 400


def test_a_password_buys_tokens_too(network, application):
    known = network.credentials("lars")
    told = application.token(grant_type="password", username=known["username"], password=known["password"])
    assert told.json()["expires_in"] == "172799"
    wrong = application.token(grant_type="password", username=known["username"], password="guess")
    assert wrong.json()["error"] == "invalid_grant"
