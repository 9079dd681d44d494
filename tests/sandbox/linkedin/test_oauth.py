"""Consent, tokens and what they are good for."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.linkedin import LinkedIn
from tests.sandbox.linkedin.conftest import Reader, minute

BACK = "http://127.0.0.1:9/back"
SCOPE = "r_basicprofile rw_organization_admin"
BASIC = frozenset({"client_id", "client_secret"})


class Application:
    """The registered application, asking members for consent."""

    def __init__(self, network, clock):
        self.network, self.clock = network, clock
        self.known = network.app()
        self.own = {name: self.known[name] for name in BASIC}

    def asked(self, **changes):
        asked = {
            "client_id": self.known["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "s1",
        }
        return {name: value for name, value in (asked | changes).items() if value}

    def consent(self, **changes):
        return requests.get(
            self.known["authorize_url"], params=self.asked(**changes), timeout=10, allow_redirects=False
        )

    def decide(self, who="Femke Harms", decision="allow", **changes):
        members = {
            name: number for number, name in re.findall(r'<option value="([^"]+)">([^<]+)', self.consent().text)
        }
        form = {**self.asked(**changes), "member": members.get(who, ""), "decision": decision}
        return requests.post(self.known["authorize_url"], data=form, timeout=10, allow_redirects=False)

    def back(self, **changes):
        answer = self.decide(**changes)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def post(self, name, **form):
        return requests.post(self.known[f"{name}_url"], data=self.own | form, timeout=10)

    def redeem(self, code, **changes):
        return self.post(
            "token", **({"grant_type": "authorization_code", "code": code, "redirect_uri": BACK} | changes)
        )

    def renew(self, refresh_token):
        return self.post("token", grant_type="refresh_token", refresh_token=refresh_token)

    def tokens(self, **changes):
        answer = self.redeem(self.back(**changes)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, token, version="202608"):
        answer = Reader(self.network, token, {"Linkedin-Version": version}).ask("/rest/me")
        return answer.json()["code"] if answer.status_code == 401 else answer.status_code


@pytest.fixture
def application(network, clock):
    return Application(network, clock)


def test_the_page_shows_who_may_allow_what(application):
    page = application.consent()
    assert page.status_code == 200
    assert re.findall(r"<li>(.*?)</li>", page.text) == SCOPE.split()
    assert re.findall(r"<option[^>]*>([^<]+)", page.text) == ["Nordwerk Page Admin", "Femke Harms", "Lars Petersen"]
    assert re.findall(r"<button[^>]*>([^<]+)", page.text) == ["Allow", "Deny"]


def test_a_code_becomes_tokens_of_the_member(application):
    back = application.back()
    assert back["state"] == "s1"
    tokens = application.redeem(back["code"]).json()
    assert (tokens["expires_in"], tokens["refresh_token_expires_in"]) == (60 * 86_400, 365 * 86_400)
    assert tokens["scope"] == "r_basicprofile,rw_organization_admin"
    me = Reader(application.network, tokens["access_token"]).json("/rest/me")
    assert me["localizedFirstName"] == "Femke"
    denied = Reader(application.network, tokens["access_token"]).ask(
        "/rest/posts", "q=author&author=urn%3Ali%3Aorganization%3A1"
    )
    assert denied.status_code == 403


def test_a_member_who_denies_is_sent_back_with_the_state(application):
    assert application.back(decision="cancel") == {
        "error": "user_cancelled_authorize",
        "error_description": "The user denied your request",
        "state": "s1",
    }


@pytest.mark.parametrize("change", [{"client_id": "other"}, {"redirect_uri": "/back"}, {"redirect_uri": f"{BACK}#x"}])
def test_a_wrong_application_or_address_gets_a_page_and_no_way_back(application, change):
    answer = application.consent(**change)
    assert (answer.status_code, "<form" in answer.text) == (400, False)
    assert application.decide(**change).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "r_basicprofile r_everything"}, "unauthorized_scope_error"),
        ({"scope": ""}, "unauthorized_scope_error"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_what_the_application_may_not_ask_for_comes_back_as_an_error(application, change, error):
    answer = application.consent(**change)
    assert answer.status_code == 302
    assert f"error={error}" in answer.headers["Location"]
    assert "state=s1" in answer.headers["Location"]


def test_only_registered_addresses_are_sent_back_to(clock):
    with LinkedIn(clock=clock, redirect_uris=["http://127.0.0.1:9/other"]) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        assert Application(network, clock).consent().status_code == 400


def test_a_code_is_good_once_for_thirty_minutes_at_its_address(application, clock):
    code = application.back()["code"]
    assert application.redeem(code).status_code == 200
    again = application.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    assert application.redeem(application.back()["code"], redirect_uri=f"{BACK}2").status_code == 400
    code = application.back()["code"]
    clock.forward(minutes=30)
    assert application.redeem(code).status_code == 200
    code = application.back()["code"]
    clock.forward(minutes=30, seconds=1)
    assert application.redeem(code).status_code == 400


def test_the_application_must_prove_itself(application):
    code = application.back()["code"]
    wrong = application.redeem(code, client_secret="guess")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert application.redeem(code).status_code == 200, "a wrong secret does not use the code up"
    assert application.post("token", grant_type="client_credentials").json()["error"] == "access_denied"
    assert application.post("token", grant_type="password").json()["error"] == "unsupported_grant_type"
    assert application.post("revoke", token="x", client_secret="guess").status_code == 401
    assert application.post("introspect", token="x", client_secret="guess").status_code == 401


def test_what_the_endpoints_do_not_know_is_refused_and_recorded(application, network):
    for wrong in ({"grant_type": "refresh_token", "code_verifier": "x"}, {"code": "x"}):
        answer = application.post("token", **wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert network.requests()[-1]["outcome"] == "invalid"


def test_an_access_ends_after_sixty_days_and_renewing_does_not_prolong_the_right_to(application, clock):
    tokens = application.tokens()
    clock.forward(days=60)
    assert application.read(tokens["access_token"]) == "EXPIRED_ACCESS_TOKEN"
    renewed = application.renew(tokens["refresh_token"]).json()
    assert renewed["refresh_token"] == tokens["refresh_token"]
    assert renewed["refresh_token_expires_in"] == 305 * 86_400
    assert application.read(renewed["access_token"]) == 200
    clock.forward(days=305)
    gone = application.renew(tokens["refresh_token"])
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")
    assert application.renew("guess").status_code == 400


def test_other_scopes_kill_what_was_granted_before(application):
    first = application.tokens()
    same = application.tokens()
    of_another = application.tokens(who="Lars Petersen")
    assert application.read(first["access_token"]) == 200
    more = application.tokens(scope=f"{SCOPE} r_organization_social")
    assert application.read(first["access_token"]) == "REVOKED_ACCESS_TOKEN"
    assert application.renew(same["refresh_token"]).status_code == 400
    assert [application.read(one["access_token"]) for one in (more, of_another)] == [200, 200]


def test_tokens_are_introspected_and_revoked(application, network):
    tokens = application.tokens()
    told = application.post("introspect", token=tokens["access_token"]).json()
    assert (told["active"], told["status"]) == (True, "active")
    assert told["expires_at"] - told["created_at"] == 60 * 86_400
    assert application.post("revoke", token=tokens["access_token"]).status_code == 200
    assert application.post("introspect", token=tokens["access_token"]).json()["status"] == "revoked"
    assert application.read(tokens["access_token"]) == "REVOKED_ACCESS_TOKEN"
    assert application.post("introspect", token="guess").json() == {"active": False}
    again = application.tokens()
    network.revoke("femke")
    assert application.read(again["access_token"]) == "REVOKED_ACCESS_TOKEN"
    pasted = [network.credentials(key)["access_token"] for key in ("nordwerk", "lars")]
    network.revoke("nordwerk")
    assert [application.read(token) for token in pasted] == ["REVOKED_ACCESS_TOKEN"] * 2


def test_lifetimes_can_be_set(clock):
    with LinkedIn(clock=clock, access_life=timedelta(seconds=5), refresh_life=timedelta(seconds=9)) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        application, token = Application(network, clock), network.credentials("nordwerk")
        clock.forward(seconds=5)
        assert application.read(token["access_token"]) == "EXPIRED_ACCESS_TOKEN"
        assert application.renew(token["refresh_token"]).status_code == 200
        clock.forward(seconds=4)
        assert application.renew(token["refresh_token"]).status_code == 400


def test_no_token_stands_in_the_ledger(application, network):
    tokens = application.tokens()
    application.post("introspect", token=tokens["access_token"])
    kept = str(network.requests())
    assert not [
        value
        for value in (*tokens.values(), application.own["client_secret"])
        if str(value) in kept and len(str(value)) > 20
    ]
