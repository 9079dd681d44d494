"""Sign-in with the X fake: the page, codes of thirty seconds, refresh tokens of one use."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.sandbox.x import X
from tests.sandbox.x.conftest import Reader, populate

CALLBACK = "https://crm.example/oauth/x"
VERIFIER = "a-verifier-of-at-least-forty-three-signs-as-told"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Client:
    """An app that signs somebody in."""

    def __init__(self, network):
        self.app = network.app()
        self.basic = (self.app["client_id"], self.app["client_secret"])

    def asked(self, **other):
        asked = {
            "response_type": "code",
            "client_id": self.app["client_id"],
            "redirect_uri": CALLBACK,
            "scope": "tweet.read users.read offline.access",
            "state": "some-state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return asked | other

    def page(self, **other):
        return requests.get(self.app["authorize_url"], params=self.asked(**other), timeout=10)

    def decide(self, decision="allow", account="nordwerk", **other):
        form = {**self.asked(**other), "account": account, "decision": decision}
        answer = requests.post(self.app["authorize_url"], data=form, timeout=10, allow_redirects=False)
        if answer.status_code != 302:
            return answer
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def token(self, *, is_proven=True, auth=None, **form):
        auth = self.basic if is_proven and auth is None else auth
        return requests.post(self.app["token_url"], data=form, auth=auth, timeout=10)

    def redeem(self, code, **other):
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.token(code=code, **{**form, **other})

    def refresh(self, token):
        return self.token(grant_type="refresh_token", refresh_token=token)


@pytest.fixture
def client(network):
    return Client(network)


def test_the_page_says_who_asks_for_what_and_the_tokens_do_it(network, client):
    page = client.page().text
    assert "Nordwerk Social CRM wants to access your account" in page
    assert re.findall(r"<li>(.+?)</li>", page) == ["tweet.read", "users.read", "offline.access"]
    assert "(@femke_harms)" in page
    assert "(@kgross)" not in page, "only our own people sign in here"
    sent_back = client.decide()
    assert sent_back["state"] == "some-state"
    answer = client.redeem(sent_back["code"])
    assert answer.status_code == 200
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 7200)
    assert token["scope"] == "offline.access tweet.read users.read"
    me = Reader(network, token["access_token"]).json("/2/users/me")
    assert me["data"]["username"] == "nordwerk"


def test_who_denies_is_sent_back_with_the_error(client):
    assert client.decide("deny") == {"error": "access_denied", "state": "some-state"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "somebody"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"scope": ""},
        {"state": ""},
        {"state": "s" * 501},
        {"code_challenge": ""},
        {"code_challenge_method": "S512"},
        {"redirect_uri": "/relative"},
    ],
)
def test_a_wrong_question_is_answered_on_the_page_itself(client, wrong):
    for answer in (client.page(**wrong), client.decide(**wrong)):
        assert answer.status_code == 400
        assert "Something went wrong" in answer.text


def test_a_registered_address_must_be_met_exactly(clock):
    with X(clock=clock, redirect_uris=[CALLBACK]) as network:
        populate(network)
        client = Client(network)
        assert client.page().status_code == 200
        assert client.page(redirect_uri=f"{CALLBACK}/").status_code == 400


def test_a_code_lives_thirty_seconds_and_once(client, clock):
    code = client.decide()["code"]
    clock.move(seconds=30)
    assert client.redeem(code).status_code == 200
    again = client.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    late = client.decide()["code"]
    clock.move(seconds=31)
    assert client.redeem(late).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"redirect_uri": "https://crm.example/"}, {"code_verifier": "another"}, {"code": "x"}]
)
def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(client, wrong):
    answer = client.redeem(**{"code": client.decide()["code"], **wrong})
    assert answer.status_code == 400
    assert answer.json()["error_description"].startswith("Value passed for the ")


def test_a_confidential_client_proves_itself_with_its_secret(client):
    code = client.decide()["code"]
    for auth in (None, (client.app["client_id"], "wrong"), ("wrong", client.app["client_secret"])):
        refused = client.token(is_proven=False, auth=auth, grant_type="authorization_code", code=code)
        assert refused.status_code == 401
        assert refused.json()["error"] == "unauthorized_client"
    assert client.redeem(code).status_code == 200


def test_a_public_client_names_itself_instead(clock):
    with X(clock=clock, is_confidential=False) as network:
        populate(network)
        client = Client(network)
        code = client.decide()["code"]
        assert client.redeem(code, is_proven=False).status_code == 400
        assert client.redeem(code, is_proven=False, client_id=client.app["client_id"]).status_code == 200


def test_a_refresh_token_is_used_once_and_replaced(network, client, clock):
    first = client.redeem(client.decide()["code"]).json()
    clock.move(hours=3)
    second = client.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert Reader(network, second.json()["access_token"]).answer("/2/users/me").status_code == 200
    assert Reader(network, first["access_token"]).answer("/2/users/me").status_code == 401
    twice = client.refresh(first["refresh_token"])
    assert twice.status_code == 400
    assert twice.json()["error_description"] == "Value passed for the token was invalid."
    assert client.refresh(second.json()["refresh_token"]).status_code == 200


def test_without_its_scope_there_is_no_refresh_token(client):
    code = client.decide(scope="tweet.read users.read")["code"]
    assert "refresh_token" not in client.redeem(code).json()


def test_tokens_are_revoked_by_the_app_or_all_at_once(network, client):
    token = client.redeem(client.decide()["code"]).json()
    revoked = requests.post(
        client.app["revoke_url"], data={"token": token["access_token"]}, auth=client.basic, timeout=10
    )
    assert revoked.json() == {"revoked": True}
    assert Reader(network, token["access_token"]).answer("/2/users/me").status_code == 401
    network.revoke("nordwerk")
    assert client.refresh(token["refresh_token"]).status_code == 400


def test_a_pasted_refresh_token_works_like_one_signed_in_for(network, client):
    pasted = network.credentials("nordwerk")
    assert client.refresh(pasted["refresh_token"]).status_code == 200


def test_unknown_grants_are_refused(client):
    assert client.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_an_apps_own_token_is_given_for_key_and_secret(network, client):
    url = f"{network.base_url}/oauth2/token"
    key = (client.app["consumer_key"], client.app["consumer_secret"])
    form = {"grant_type": "client_credentials"}
    token = requests.post(url, data=form, auth=key, timeout=10).json()
    assert token == {"token_type": "bearer", "access_token": client.app["bearer_token"]}
    assert requests.post(url, data=form, auth=client.basic, timeout=10).status_code == 403
