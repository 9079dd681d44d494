"""Signing in at the fake's own consent page, renewing, giving back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.youtube import connector
from scrm.connectors.youtube.oauth import SCOPES
from scrm.errors import AccessRevokedError, RetryLaterError, UnavailableError
from scrm.http import GuardedSession
from scrm.sandbox.youtube import YouTube
from tests.connectors.replay import Reply, serving
from tests.connectors.youtube.scenario import Clock, app, fake

BACK = "http://127.0.0.1:9/connections/sign-in/youtube"
VERIFIER = "v" * 43
OAUTH = connector.oauth
assert OAUTH is not None


@pytest.fixture
def stranger(network: YouTube, clock: Clock) -> Iterator[Api]:
    """HTTP before anybody signed in."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield Api(
            network="youtube", base_url=network.base_url, session=session, credentials={}, app=app(network), now=clock
        )


def consent(network: YouTube, *, handle: str = "nordwerk", withheld: str = "", decision: str = "allow") -> str:
    """What an admin's browser does; the code that comes back, or the error."""
    address = OAUTH.authorize_url(app(network), SCOPES, redirect_uri=BACK, state="s", verifier=VERIFIER)
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    sent = {**asked, "account": handle, "decision": decision, "withheld": withheld}
    back = requests.post(address.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s"]
    return answer.get("code", answer.get("error", [""]))[0]


def redeem(api: Api, code: str) -> dict[str, str]:
    return OAUTH.redeem(api, code=code, redirect_uri=BACK, verifier=VERIFIER)


def test_whoever_consents_is_signed_in_and_the_access_renews_itself(network, stranger, clock):
    stranger.credentials = redeem(stranger, consent(network))
    account, profile = connector.sign_in(stranger)
    assert (account.handle, profile.display_name) == ("nordwerk", "Nordwerk Antriebstechnik")
    ends = datetime.fromisoformat(stranger.credentials["expires_at"])
    assert ends - datetime.fromisoformat(stranger.credentials["renew_at"]) == timedelta(minutes=5)
    assert timedelta(minutes=59) < ends - clock() < timedelta(hours=1)
    assert "ends_at" not in stranger.credentials
    before = dict(stranger.credentials)
    clock.turn(hours=2)
    connector.renew(stranger)
    assert stranger.credentials["refresh_token"] == before["refresh_token"]
    assert stranger.credentials["uploads_id"] == before["uploads_id"]
    assert stranger.credentials["access_token"] != before["access_token"]
    assert stranger.credentials["renew_at"] > before["renew_at"]
    assert connector.sign_in(stranger)[0] == account


def test_consenting_again_gives_a_lasting_access_again(network, stranger):
    assert redeem(stranger, consent(network))["refresh_token"] != redeem(stranger, consent(network))["refresh_token"]


def test_the_only_choice_is_the_channel_that_was_chosen_at_google(network, stranger):
    stranger.credentials = redeem(stranger, consent(network, handle="femke_harms"))
    assert [(one.native_id, one.credentials) for one in OAUTH.choices(stranger)] == [("", stranger.credentials)]
    assert connector.sign_in(stranger)[0].handle == "femke_harms"


def test_an_account_without_a_channel_has_nothing_to_connect():
    with serving(lambda _: Reply(body=b'{"kind": "youtube#channelListResponse"}')) as server:
        api = Api(
            network="youtube",
            base_url=server.base_url,
            session=GuardedSession(allowed=[server.host]),
            credentials={"access_token": "t"},
        )
        with api.session:
            assert OAUTH.choices(api) == ()


@pytest.mark.parametrize("scope", [scope.name for scope in SCOPES])
def test_an_access_without_one_of_the_rights_is_not_taken(network, stranger, scope):
    with pytest.raises(AccessRevokedError, match="right"):
        redeem(stranger, consent(network, withheld=scope))


def test_a_no_and_a_code_that_is_not_one_give_nothing(network, stranger):
    assert consent(network, decision="deny") == "access_denied"
    with pytest.raises(AccessRevokedError):
        redeem(stranger, "4/0Aabcdef")


def test_a_code_is_good_once_and_only_with_its_verifier(network, stranger):
    code = consent(network)
    with pytest.raises(AccessRevokedError):
        OAUTH.redeem(stranger, code=code, redirect_uri=BACK, verifier="w" * 43)
    code = consent(network)
    redeem(stranger, code)
    with pytest.raises(AccessRevokedError):
        redeem(stranger, code)


def test_a_wrong_secret_is_the_apps_fault_not_the_accesss(network, stranger):
    wrong = replace(stranger, app={**stranger.app, "client_secret": "GOCSPX-wrong"})
    with pytest.raises(UnavailableError):
        redeem(wrong, consent(network))


def test_in_testing_somebody_has_to_sign_in_again_after_a_week(clock):
    with (
        fake(clock, is_testing=True) as network,
        GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session,
    ):
        api = Api(
            network="youtube", base_url=network.base_url, session=session, credentials={}, app=app(network), now=clock
        )
        api.credentials = redeem(api, consent(network))
        assert datetime.fromisoformat(api.credentials["ends_at"]) == clock() + timedelta(days=7)
        clock.turn(days=6)
        connector.renew(api)
        assert datetime.fromisoformat(api.credentials["ends_at"]) == clock() + timedelta(days=1)
        clock.turn(days=1)
        with pytest.raises(AccessRevokedError):
            connector.renew(api)


def test_giving_the_access_back_ends_it_and_may_be_repeated(network, stranger):
    stranger.credentials = redeem(stranger, consent(network))
    OAUTH.revoke(stranger)
    with pytest.raises(AccessRevokedError):
        connector.renew(stranger)
    OAUTH.revoke(stranger)


def test_an_outage_of_google_is_not_a_revocation(network, stranger):
    stranger.credentials = redeem(stranger, consent(network))
    network.fail(status=503, times=2)
    with pytest.raises(RetryLaterError):
        connector.renew(stranger)
    with pytest.raises(RetryLaterError):
        OAUTH.revoke(stranger)


def test_an_access_without_a_refresh_token_ends_when_it_ends(stranger):
    stranger.credentials = {"access_token": "ya29.only"}
    with pytest.raises(AccessRevokedError):
        connector.renew(stranger)


def test_every_right_asked_for_says_why():
    assert [scope.name.rpartition("/")[2] for scope in SCOPES] == ["youtube.readonly", "youtube.force-ssl"]
    assert all(scope.reason for scope in connector.manifest.scopes)
