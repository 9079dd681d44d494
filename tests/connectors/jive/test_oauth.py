"""Signing in at the fake's own consent page through the add-on, and renewing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.jive import connector
from scrm.errors import AccessExpiredError, AccessRevokedError, RetryLaterError, UnavailableError
from scrm.http import GuardedSession
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import Clock, app, fake
from tests.connectors.replay import Reply, serving

BACK = "http://127.0.0.1:9/connections/sign-in/jive"
OAUTH = connector.oauth
assert OAUTH is not None


def opened(network: Jive, clock: Clock, session: GuardedSession) -> Api:
    return Api(
        network="jive",
        base_url=network.base_url,
        session=session,
        app=app(network),
        now=clock,
    )


@pytest.fixture
def stranger(network: Jive, clock: Clock) -> Iterator[Api]:
    """HTTP before anybody signed in."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield opened(network, clock, session)


def consent(network: Jive, *, account: str = "nordwerk", decision: str = "allow") -> str:
    """What an admin's browser does; the code that comes back, or the error."""
    address = OAUTH.authorize_url(app(network), (), redirect_uri=BACK, state="s", verifier="v" * 43)
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    sent = {**asked, "account": account, "decision": decision}
    back = requests.post(address.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s"]
    return answer.get("code", answer.get("error", [""]))[0]


def redeem(api: Api, code: str) -> dict[str, str]:
    return OAUTH.redeem(api, code=code, redirect_uri=BACK, verifier="v" * 43)


def test_whoever_consents_is_signed_in_and_the_access_renews_itself(network, stranger, clock):
    stranger.credentials = redeem(stranger, consent(network))
    account, profile = connector.sign_in(stranger)
    assert (account.handle, account.key.scope) == ("nordwerk", "127.0.0.1")
    assert (profile.display_name, profile.email_verified) == ("Nordwerk Antriebstechnik", True)
    # Jive says how long it lives in a text
    assert stranger.credentials["expires_at"] == (clock() + timedelta(seconds=172_799)).isoformat()
    before = dict(stranger.credentials)
    clock.turn(hours=49)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(stranger)
    stranger.renew = connector.renew
    assert connector.sign_in(stranger)[0] == account
    assert stranger.credentials["access_token"] != before["access_token"]
    assert stranger.credentials["refresh_token"] == before["refresh_token"]
    assert datetime.fromisoformat(stranger.credentials["renew_at"]) > clock()


def test_what_stands_behind_the_host_does_not_matter():
    for address in ("https://c.example:8443", "https://c.example:8443/welcome", "https://c.example:8443/api/core/v3"):
        app_given = {"client_id": "i", "api_url": address}
        found = OAUTH.authorize_url(app_given, (), redirect_uri=BACK, state="s", verifier="")
        assert found.startswith("https://c.example:8443/oauth2/authorize?response_type=code&client_id=i&")


def test_a_refresh_token_that_ran_out_is_the_end(clock):
    with (
        fake(clock, refresh_life=timedelta(days=3)) as network,
        GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session,
    ):
        api = opened(network, clock, session)
        api.credentials = redeem(api, consent(network))
        api.renew = connector.renew
        clock.turn(days=4)
        with pytest.raises(AccessRevokedError):
            connector.sign_in(api)


def test_a_no_and_a_code_that_is_not_one_give_nothing(network, stranger):
    assert consent(network, decision="deny") == "access_denied"
    with pytest.raises(AccessRevokedError):
        redeem(stranger, "abc.c")


def test_a_code_is_good_once(network, stranger):
    code = consent(network)
    redeem(stranger, code)
    with pytest.raises(AccessRevokedError):
        redeem(stranger, code)


def test_a_wrong_secret_is_the_add_ons_fault_not_the_accesss(network, stranger):
    wrong = replace(stranger, app={**stranger.app, "client_secret": "AAAA.s"})
    with pytest.raises(UnavailableError):
        redeem(wrong, consent(network))


def test_a_password_cannot_be_renewed(api):
    with pytest.raises(AccessRevokedError):
        connector.renew(api)


def test_a_dead_token_is_renewed_once_and_then_given_up(network, stranger):
    stranger.credentials = {"access_token": "dead.t", "refresh_token": "r"}
    stranger.renew = lambda api: api.credentials.update(access_token="dead_too.t")
    with pytest.raises(AccessExpiredError):
        connector.sign_in(stranger)
    assert [one["status"] for one in network.requests()] == [401, 401]


@pytest.mark.parametrize("lives", ['"x"', "null", '""', "-5"])
def test_an_odd_lifetime_is_no_lifetime(lives):
    body = f'{{"access_token": "a", "refresh_token": "r", "expires_in": {lives}}}'
    with serving(lambda _: Reply(body=body.encode())) as server:
        given = {"client_id": "i", "client_secret": "s", "api_url": server.base_url}
        api = Api(network="jive", base_url=server.base_url, session=GuardedSession(allowed=[server.host]), app=given)
        with api.session:
            assert redeem(api, "c") == {"access_token": "a", "refresh_token": "r"}


def test_a_page_in_place_of_a_token_is_asked_for_later():
    with serving(lambda _: Reply(body=b"<html>")) as server:
        given = {"client_id": "i", "client_secret": "s", "api_url": server.base_url}
        api = Api(network="jive", base_url=server.base_url, session=GuardedSession(allowed=[server.host]), app=given)
        with api.session, pytest.raises(RetryLaterError):
            redeem(api, "c")
