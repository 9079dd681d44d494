"""Consent, codes, tokens and their renewal, and how each of them is misused."""

import base64
import hashlib
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.youtube import YouTube
from scrm.sandbox.youtube.routes import FORCE_SSL, READONLY
from tests.sandbox.youtube.conftest import START, Clock, Reader

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BOTH = f"{READONLY} {FORCE_SSL}"


class App:
    """The registered app as a web server uses it."""

    def __init__(self, network, clock):
        self.network, self.clock, self.values = network, clock, network.app()

    def asked(self, **changes):
        asked = {
            "client_id": self.values["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": BOTH,
            "state": "s1",
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value}

    def consent(self, **changes):
        return requests.get(self.values["authorize_url"], params=self.asked(**changes), timeout=10)

    def decide(self, decision="allow", withheld=(), account="nordwerk", **changes):
        form = {**self.asked(**changes), "account": account, "decision": decision, "withheld": list(withheld)}
        return requests.post(self.values["authorize_url"], data=form, timeout=10, allow_redirects=False)

    def back(self, decision="allow", **changes):
        answer = self.decide(decision, **changes)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(f"{BACK}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def token(self, **changes):
        form = {
            "client_id": self.values["client_id"],
            "client_secret": self.values["client_secret"],
            "redirect_uri": BACK,
            "grant_type": "authorization_code",
            "code_verifier": VERIFIER,
        }
        form = {name: value for name, value in (form | changes).items() if value}
        return requests.post(self.values["token_url"], data=form, timeout=10)

    def renew(self, refresh_token):
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, redirect_uri="", code_verifier="")

    def tokens(self, **changes):
        return self.token(code=self.back(**changes)["code"]).json()

    def reads(self, token):
        return Reader(self.network, token=token).answer("channels", part="id,snippet", mine="true")


@pytest.fixture
def app(network, clock):
    return App(network, clock)


def test_the_page_says_which_app_wants_what_and_offers_our_channels(app):
    page = app.consent().text
    assert "Timeline wants access" in page
    assert READONLY in page
    assert FORCE_SSL in page
    assert re.findall(r'<option value="([^"]+)"', page) == ["nordwerk", "femke_harms", "lpetersen"]
    assert 'name="state" value="s1"' in page


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "unknown"}, 401),
        ({"redirect_uri": "http://evil.example/"}, 400),
        ({"response_type": "token"}, 400),
        ({"scope": "https://mail.google.com/"}, 400),
        ({"scope": ""}, 400),
        ({"access_type": "forever"}, 400),
        ({"code_challenge_method": "md5"}, 400),
        ({"invented": "1"}, 400),
    ],
)
def test_a_wrong_request_for_consent_gets_a_page_and_no_redirect(app, change, status):
    for answer in (app.consent(**change), app.decide(**change)):
        assert answer.status_code == status
        assert "Access blocked" in answer.text
        assert "<form" not in answer.text


def test_registered_addresses_are_taken_exactly():
    with YouTube(redirect_uris=[BACK]) as network:
        network.add_account(person("nordwerk"), at=START)
        app = App(network, Clock())
        assert app.consent().status_code == 200
        assert app.consent(redirect_uri=f"{BACK}/").status_code == 400


def test_a_code_becomes_tokens_that_read_as_the_channel(app):
    back = app.back()
    assert (back["state"], set(back["scope"].split())) == ("s1", set(BOTH.split()))
    answer = app.token(code=back["code"]).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    assert set(answer["scope"].split()) == set(BOTH.split())
    [mine] = app.reads(answer["access_token"]).json()["items"]
    assert mine["snippet"]["customUrl"] == "@nordwerk"


def test_a_denied_consent_comes_back_as_an_error_with_the_state(app):
    assert app.back("deny") == {"error": "access_denied", "state": "s1"}
    assert app.back(withheld=BOTH.split())["error"] == "access_denied"


def test_people_may_leave_a_scope_out(app):
    answer = app.tokens(withheld=[FORCE_SSL])
    assert answer["scope"] == READONLY
    reader = Reader(app.network, token=answer["access_token"])
    assert reader.reason("comments", part="id", parentId="x") == (403, "insufficientPermissions")


def test_what_was_granted_before_can_be_taken_along(app):
    app.tokens()
    assert set(app.tokens(scope=READONLY, include_granted_scopes="true")["scope"].split()) == set(BOTH.split())


def test_only_our_own_channels_can_consent(app):
    assert app.decide(account="kgross").status_code == 400


def test_a_code_is_good_once_and_for_ten_minutes(app):
    code = app.back()["code"]
    assert app.token(code=code).status_code == 200
    late = app.back()["code"]
    app.clock.turn(minutes=10, seconds=1)
    for used in (code, late, "invented"):
        again = app.token(code=used)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, 400, "redirect_uri_mismatch"),
        ({"code_verifier": "w" * 60}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"invented": "1"}, 400, "invalid_request"),
    ],
)
def test_an_exchange_that_does_not_fit_is_refused(app, change, status, error):
    answer = app.token(**({"code": app.back()["code"]} | change))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_app_may_show_itself_in_the_header(app):
    code = app.back()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    pair = (app.values["client_id"], app.values["client_secret"])
    assert requests.post(app.values["token_url"], data=form, auth=pair, timeout=10).status_code == 200


def test_a_refresh_token_comes_offline_and_at_the_first_consent_or_on_prompt(app):
    assert "refresh_token" not in app.tokens(access_type="online")
    assert "refresh_token" in app.tokens(prompt="")
    assert "refresh_token" not in app.tokens(prompt="")
    assert "refresh_token" in app.tokens(prompt="consent")


def test_renewal_gives_a_new_access_token_and_keeps_the_refresh_token(app):
    first = app.tokens()
    app.clock.turn(hours=1)
    assert app.reads(first["access_token"]).status_code == 401
    for _ in range(2):
        answer = app.renew(first["refresh_token"]).json()
        assert "refresh_token" not in answer
        assert app.reads(answer["access_token"]).status_code == 200


def test_a_refresh_token_dies_unused_after_half_a_year(app):
    token = app.tokens()["refresh_token"]
    app.clock.turn(days=179)
    assert app.renew(token).status_code == 200
    app.clock.turn(days=181)
    answer = app.renew(token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_an_app_in_testing_loses_its_refresh_token_after_a_week(clock):
    with YouTube(clock=clock, is_testing=True, access_life=timedelta(minutes=5)) as network:
        network.add_account(person("nordwerk"), at=START)
        app = App(network, clock)
        answer = app.tokens()
        assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (299, 7 * 86_400)
        clock.turn(days=7)
        assert app.renew(answer["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_oldest_of_too_many_refresh_tokens_dies_without_a_word(app):
    tokens = [app.network.credentials("nordwerk")["refresh_token"] for _ in range(101)]
    assert app.renew(tokens[0]).json()["error"] == "invalid_grant"
    assert app.renew(tokens[1]).status_code == 200
    assert app.renew(tokens[-1]).status_code == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_grant(app, which):
    answer = app.tokens()
    revoke = app.values["revoke_url"]
    assert requests.post(revoke, data={"token": answer[which]}, timeout=10).status_code == 200
    assert app.reads(answer["access_token"]).status_code == 401
    assert app.renew(answer["refresh_token"]).json()["error"] == "invalid_grant"
    again = requests.post(revoke, data={"token": answer[which]}, timeout=10)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_a_token_can_be_looked_into(app):
    answer = app.tokens()
    asked = {"access_token": answer["access_token"]}
    told = requests.get(app.values["tokeninfo_url"], params=asked, timeout=10).json()
    assert told["aud"] == app.values["client_id"]
    assert (told["scope"], told["expires_in"]) == (answer["scope"], "3600")
    app.network.revoke("nordwerk")
    dead = requests.get(app.values["tokeninfo_url"], params=asked, timeout=10)
    assert (dead.status_code, dead.json()["error"]) == (400, "invalid_token")
