"""Instagram Login: consent, code, short-lived and long-lived token, and what is refused."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.instagram import Instagram
from tests.sandbox.instagram.conftest import Reader, settle

BACK = "http://127.0.0.1:9/back"
SCOPE = "instagram_business_basic,instagram_business_manage_comments"


class App:
    """An app that logs people in."""

    def __init__(self, network):
        self.network = network
        self.known = network.app()

    def asked(self, **changes):
        asked = {
            "client_id": self.known["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "s1",
        }
        return asked | changes

    def consent(self, **changes):
        return requests.get(self.known["authorize_url"], params=self.asked(**changes), timeout=10)

    def decide(self, decision="allow", account="nordwerk", **changes):
        form = {**self.asked(**changes), "account": account, "decision": decision}
        return requests.post(self.known["authorize_url"], data=form, timeout=10, allow_redirects=False)

    def back(self, decision="allow", **changes):
        answer = self.decide(decision, **changes)
        assert answer.status_code == 302, answer.text
        address = urlsplit(answer.headers["Location"])
        assert address._replace(query="", fragment="").geturl() == BACK
        return {name: values[0] for name, values in parse_qs(address.query).items()}, address.fragment

    def token(self, **changes):
        form = {
            "client_id": self.known["client_id"],
            "client_secret": self.known["client_secret"],
            "grant_type": "authorization_code",
            "redirect_uri": BACK,
        }
        return requests.post(self.known["token_url"], data=form | changes, timeout=10)

    def short(self, **changes):
        return self.token(code=self.back(**changes)[0]["code"]).json()["data"][0]["access_token"]

    def graph(self, path, **query):
        return requests.get(f"{self.known['api_url']}/{path}", params=query, timeout=10)

    def exchange(self, token, **changes):
        query = {"grant_type": "ig_exchange_token", "client_secret": self.known["client_secret"]} | changes
        return self.graph("access_token", access_token=token, **query)

    def refresh(self, token, **changes):
        return self.graph("refresh_access_token", access_token=token, **{"grant_type": "ig_refresh_token"} | changes)


@pytest.fixture
def app(network):
    return App(network)


def test_the_page_says_who_asks_for_what_and_offers_professional_accounts_only(app):
    page = app.consent().text
    assert SCOPE.replace(",", ", ") in page
    assert page.count("<option") == 1
    assert 'value="allow"' in page
    assert 'value="deny"' in page


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "1"},
        {"response_type": "token"},
        {"scope": "business_basic"},
        {"scope": "instagram_business_manage_comments"},
    ],
)
def test_a_wrong_request_for_consent_gets_a_page_and_no_redirect(app, change):
    answer = app.consent(**change)
    assert answer.status_code == 400
    assert "<form" not in answer.text
    assert app.decide(**change).status_code == 400


def test_addresses_entered_in_the_settings_are_the_only_ones(app):
    app.network.allow_redirect("https://else.example/")
    assert app.consent().status_code == 400
    app.network.allow_redirect(BACK)
    assert app.consent().status_code == 200


def test_a_code_comes_with_two_more_signs_and_becomes_a_token_of_an_hour(app, clock):
    query, fragment = app.back()
    assert (query["state"], fragment) == ("s1", "_")
    wrong = app.token(code=query["code"] + "#_")
    assert wrong.status_code == 400
    answer = app.token(code=query["code"]).json()["data"]
    assert answer[0]["permissions"] == SCOPE
    reader = Reader(app.network, answer[0]["access_token"])
    assert reader.json("me")["id"] == answer[0]["user_id"]
    clock.now += timedelta(hours=1)
    assert reader.code("me") == (190, 463)


def test_a_denial_comes_back_with_the_state(app):
    query, _ = app.back("deny")
    assert (query["error"], query["error_reason"], query["state"]) == ("access_denied", "user_denied", "s1")


def test_ordinary_people_cannot_log_in(app):
    assert app.decide(account="jdoe").status_code == 400
    assert app.decide(account="nobody").status_code == 400


def test_a_code_is_good_once_for_an_hour_at_its_address(app, clock):
    code = app.back()[0]["code"]
    other = app.token(code=code, redirect_uri="http://127.0.0.1:9/other").json()
    assert "redirect_uri" in other["error_message"]
    assert app.token(code=code).status_code == 200
    again = app.token(code=code)
    assert again.status_code == 400
    assert again.json() == {
        "error_type": "OAuthException",
        "code": 400,
        "error_message": "Matching code was not found or was already used",
    }
    late = app.back()[0]["code"]
    clock.now += timedelta(hours=1, seconds=1)
    assert app.token(code=late).status_code == 400


@pytest.mark.parametrize("change", [{"client_secret": "guess"}, {"client_id": "1"}, {"grant_type": "password"}])
def test_the_token_endpoint_refuses_in_its_own_shape(app, change):
    answer = app.token(code=app.back()[0]["code"], **change)
    assert (answer.status_code, answer.json()["error_type"]) == (400, "OAuthException")


def test_a_call_outside_the_description_is_refused_in_that_shape_and_recorded(app):
    answer = app.token(code="x", scope="all")
    assert answer.json()["error_type"] == "OAuthException"
    assert app.network.requests()[-1]["outcome"] == "invalid"


def test_the_flat_answer_is_a_choice(clock):
    with Instagram(clock=clock, is_pushing=False, is_token_wrapped=False) as fake:
        app = App(settle(fake))
        answer = app.token(code=app.back()[0]["code"]).json()
        assert answer["permissions"] == SCOPE.split(",")
        assert isinstance(answer["user_id"], int)


def test_a_short_token_is_exchanged_and_the_long_one_is_not(app, clock):
    short = app.short()
    long = app.exchange(short).json()
    assert (long["token_type"], long["expires_in"]) == ("bearer", 60 * 24 * 3600)
    assert app.exchange(long["access_token"]).json()["error"]["code"] == 452
    assert app.exchange(short, client_secret="guess").json()["error"]["code"] == 101
    assert app.exchange(short, grant_type="fb_exchange_token").json()["error"]["code"] == 100
    reader = Reader(app.network, long["access_token"])
    clock.now += timedelta(days=59)
    reader.json("me")
    clock.now += timedelta(days=1)
    assert reader.code("me") == (190, 463)


def test_a_long_token_is_refreshed_after_a_day_and_before_its_end(app, clock):
    first = app.exchange(app.short()).json()["access_token"]
    clock.now += timedelta(hours=23, minutes=59)
    assert app.refresh(first).json()["error"]["code"] == 10
    clock.now += timedelta(minutes=1)
    second = app.refresh(first).json()
    assert second["permissions"] == ",".join(sorted(SCOPE.split(",")))
    Reader(app.network, first).json("me")
    clock.now += timedelta(days=59)
    assert app.refresh(first).json()["error"] | {"fbtrace_id": ""} == {
        "message": "Error validating access token: Session has expired.",
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 463,
        "fbtrace_id": "",
    }
    assert app.refresh(second["access_token"]).status_code == 200
    assert app.refresh(app.short()).json()["error"]["code"] == 452


def test_a_token_without_the_basic_scope_cannot_be_refreshed_nor_read(app, clock):
    token = app.network.token("nordwerk", ["instagram_business_manage_comments"])
    clock.now += timedelta(days=2)
    assert app.refresh(token).json()["error"]["code"] == 10
    assert Reader(app.network, token).code("me") == (10, 0)


def test_revoking_kills_every_token(app):
    reader = Reader(app.network)
    app.network.revoke("nordwerk")
    assert reader.code("me") == (190, 460)
    reader.token = app.network.credentials("nordwerk")["access_token"]
    reader.json("me")
