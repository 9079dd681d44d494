"""Registering an app, asking for consent, and what a code or a token is good for."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.mastodon import Mastodon

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
VERIFY = "/api/v1/accounts/verify_credentials"


class App:
    """An app registered on the fake, and the clock of both."""

    def __init__(self, network, now):
        self.network, self.now = network, now
        sent = {"client_name": "Timeline", "redirect_uris": [BACK], "scopes": "read profile"}
        self.known = self.post("/api/v1/apps", json=sent).json()

    def post(self, path, **kwargs):
        return requests.post(self.network.base_url + path, timeout=10, allow_redirects=False, **kwargs)

    def asked(self, **changes):
        asked = {
            "client_id": self.known["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "read profile",
            "state": "s1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value}

    def consent(self, **changes):
        url = f"{self.network.base_url}/oauth/authorize"
        return requests.get(url, params=self.asked(**changes), timeout=10)

    def code(self, decision="authorize", **changes):
        form = {**self.asked(**changes), "account": "nordwerk", "decision": decision}
        answer = self.post("/oauth/authorize", data=form)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(BACK)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def token(self, **changes):
        form = {
            "client_id": self.known["client_id"],
            "client_secret": self.known["client_secret"],
            "redirect_uri": BACK,
            "grant_type": "authorization_code",
            "code_verifier": VERIFIER,
        }
        return self.post("/oauth/token", data=form | changes)

    def read(self, token, path=VERIFY):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(self.network.base_url + path, headers=headers, timeout=10)


@pytest.fixture
def app():
    now = [datetime(2026, 11, 1, 8, tzinfo=UTC)]
    with Mastodon(clock=lambda: now[0]) as network:
        for key in ("nordwerk", "femke", "katharina"):
            network.add_account(person(key), at=now[0] - timedelta(days=9))
        yield App(network, now)


def test_a_registered_app_has_id_secret_and_no_expiry(app):
    assert app.known["client_id"]
    assert app.known["client_secret"]
    assert app.known["client_secret_expires_at"] == 0
    assert app.known["redirect_uris"] == [BACK]


@pytest.mark.parametrize("change", [{"redirect_uris": ["nowhere"]}, {"scopes": "read everything"}])
def test_an_app_with_a_wrong_address_or_scope_is_refused(app, change):
    sent = {"client_name": "x", "redirect_uris": [BACK], "scopes": "read"} | change
    answer = app.post("/api/v1/apps", json=sent)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed")


def test_an_app_may_register_by_form_as_well(app):
    answer = app.post(
        "/api/v1/apps", data={"client_name": "x", "redirect_uris": f"{BACK}\nurn:ietf:wg:oauth:2.0:oob"}
    )
    assert answer.json()["redirect_uris"] == [BACK, "urn:ietf:wg:oauth:2.0:oob"]
    assert answer.json()["scopes"] == ["read"]


def test_the_consent_page_offers_our_own_accounts_and_keeps_what_was_asked(app):
    page = app.consent().text
    assert "Timeline would like permission" in page
    assert re.findall(r'<option value="(\w+)"', page) == ["nordwerk", "femke_harms"]
    assert f'name="code_challenge" value="{CHALLENGE}"' in page
    assert 'name="state" value="s1"' in page


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "http://evil.example/"},
        {"response_type": "token"},
        {"scope": "write"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_wrong_request_for_consent_gets_a_page_and_no_redirect(app, change):
    answer = app.consent(**change)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<form" not in answer.text
    form = {**app.asked(**change), "account": "nordwerk", "decision": "authorize"}
    assert app.post("/oauth/authorize", data=form).status_code == 400


def test_a_code_becomes_a_token_that_reads_as_the_account(app):
    back = app.code()
    assert back["state"] == "s1"
    token = app.token(code=back["code"]).json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "read profile")
    assert token["created_at"] == int(app.now[0].timestamp())
    assert "refresh_token" not in token
    assert "expires_in" not in token
    assert app.read(token["access_token"]).json()["username"] == "nordwerk"


def test_a_denied_consent_comes_back_as_an_error_with_the_state(app):
    back = app.code(decision="deny")
    assert (back["error"], back["state"]) == ("access_denied", "s1")


def test_only_our_own_accounts_can_consent(app):
    form = {**app.asked(), "account": "kgross", "decision": "authorize"}
    assert app.post("/oauth/authorize", data=form).status_code == 400


def test_a_code_is_good_once(app):
    code = app.code()["code"]
    assert app.token(code=code).status_code == 200
    again = app.token(code=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("change", [{"code_verifier": "w" * 60}, {"redirect_uri": "http://other.example/"}])
def test_a_code_needs_its_verifier_and_address(app, change):
    answer = app.token(code=app.code()["code"], **change)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_dies_after_ten_minutes(app):
    code = app.code()["code"]
    app.now[0] += timedelta(minutes=10, seconds=1)
    assert app.token(code=code).json()["error"] == "invalid_grant"


def test_without_challenge_no_verifier_is_needed(app):
    code = app.code(code_challenge=None, code_challenge_method=None)["code"]
    assert app.token(code=code, code_verifier="").status_code == 200


def test_a_wrong_secret_and_a_strange_grant_are_refused(app):
    wrong = app.token(code=app.code()["code"], client_secret="guess")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    strange = app.token(grant_type="refresh_token")
    assert (strange.status_code, strange.json()["error"]) == (400, "unsupported_grant_type")


def test_an_apps_own_token_reads_no_account(app):
    token = app.token(grant_type="client_credentials", scope="read").json()["access_token"]
    answer = app.read(token)
    assert (answer.status_code, answer.json()) == (422, {"error": "This method requires an authenticated user"})
    refused = app.token(grant_type="client_credentials", scope="write")
    assert refused.json()["error"] == "invalid_scope"


def test_a_narrow_scope_opens_only_its_own_calls(app):
    token = app.token(code=app.code(scope="read:accounts")["code"]).json()["access_token"]
    assert app.read(token).status_code == 200
    answer = app.read(token, "/api/v1/notifications")
    assert (answer.status_code, answer.json()) == (403, {"error": "This action is outside the authorized scopes"})


def test_a_token_can_be_revoked_by_its_app_alone(app):
    token = app.token(code=app.code()["code"]).json()["access_token"]
    other = App(app.network, app.now).known
    refused = app.post("/oauth/revoke", data={**credentials(other), "token": token})
    assert (refused.status_code, refused.json()["error"]) == (403, "unauthorized_client")
    assert app.read(token).status_code == 200
    assert app.post("/oauth/revoke", data={**credentials(app.known), "token": token}).json() == {}
    assert app.read(token).status_code == 401


def credentials(known):
    return {name: known[name] for name in ("client_id", "client_secret")}


def test_the_metadata_names_the_endpoints(app):
    answer = requests.get(f"{app.network.base_url}/.well-known/oauth-authorization-server", timeout=10).json()
    assert answer["token_endpoint"] == f"{app.network.base_url}/oauth/token"
    assert answer["code_challenge_methods_supported"] == ["S256"]


def test_a_code_may_be_shown_to_be_copied(app):
    sent = {"client_name": "x", "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"]}
    client = app.post("/api/v1/apps", json=sent).json()
    asked = {"client_id": client["client_id"], "redirect_uri": sent["redirect_uris"][0]}
    page = app.post("/oauth/authorize", data={**asked, "account": "nordwerk", "decision": "authorize"}).text
    code = re.search(r"<code>([^<]+)</code>", page)[1]
    answer = app.token(code=code, **credentials(client), redirect_uri=sent["redirect_uris"][0])
    assert answer.json()["scope"] == "read"
