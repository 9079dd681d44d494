"""Signing in with X against the fake: PKCE, HTTP Basic, refresh tokens of one use, giving the access back."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.x import connector
from scrm.errors import AccessRevokedError, UnavailableError
from scrm.http import GuardedSession
from scrm.sandbox.x import X
from tests.connectors.x.reading import Clock
from tests.connectors.x.scenario import fake, settings

BACK = "https://crm.nordwerk.example/connections/sign-in/x"
VERIFIER = "v" * 43


@pytest.fixture
def fresh(network: X, clock: Clock) -> Iterator[Api]:
    """Nobody signed in yet."""
    yield from opened(network, clock)


def opened(network: X, clock: Clock, **app: str) -> Iterator[Api]:
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield Api(network="x", base_url=network.base_url, session=session, app=settings(network) | app, now=clock)


def consent(api: Api, state: str = "state") -> str:
    """Say yes on X's page; returns the code."""
    address = connector.oauth.authorize_url(
        api.app, connector.manifest.scopes, redirect_uri=BACK, state=state, verifier=VERIFIER
    )
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    form = dict(parse_qsl(urlsplit(address).query)) | {"account": "nordwerk", "decision": "allow"}
    answer = requests.post(address.split("?")[0], data=form, timeout=10, allow_redirects=False)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == [state]
    return back["code"][0]


def redeem(api: Api, code: str, verifier: str = VERIFIER) -> dict[str, str]:
    return connector.oauth.redeem(api, code=code, redirect_uri=BACK, verifier=verifier)


def test_a_code_buys_an_access_that_renews_itself(fresh: Api, clock: Clock) -> None:
    fresh.credentials = redeem(fresh, consent(fresh))
    account, profile = connector.sign_in(fresh)
    assert (account.handle, profile.display_name) == ("nordwerk", "Nordwerk Antriebstechnik")
    assert set(fresh.credentials["scope"].split()) == {one.name for one in connector.manifest.scopes}
    assert fresh.credentials["expires_at"] == (clock() + timedelta(hours=2)).isoformat()
    assert fresh.credentials["renew_at"] < fresh.credentials["expires_at"]
    assert [one.credentials for one in connector.oauth.choices(fresh)] == [fresh.credentials]


def test_messages_are_asked_for_only_when_wanted(network: X, clock: Clock) -> None:
    for wish, is_asked in (("yes", True), ("no", False)):
        for api in opened(network, clock, direct_messages=wish):
            assert ("dm.read" in redeem(api, consent(api))["scope"]) == is_asked


def test_a_code_is_good_once_for_its_verifier_and_for_30_seconds(fresh: Api, clock: Clock) -> None:
    code = consent(fresh)
    with pytest.raises(AccessRevokedError):
        redeem(fresh, code, "w" * 43)
    with pytest.raises(AccessRevokedError):
        redeem(fresh, code)
    late = consent(fresh)
    clock.move(seconds=31)
    with pytest.raises(AccessRevokedError):
        redeem(fresh, late)


def test_a_refresh_token_is_replaced_by_the_next(fresh: Api, clock: Clock) -> None:
    fresh.credentials = redeem(fresh, consent(fresh))
    before = dict(fresh.credentials)
    clock.move(hours=3)
    fresh.renew = connector.renew
    assert connector.sign_in(fresh)[0].handle == "nordwerk"
    assert not {before[name] for name in ("access_token", "refresh_token")} & set(fresh.credentials.values())
    assert fresh.credentials["expires_at"] == (clock() + timedelta(hours=2)).isoformat()
    fresh.credentials = before
    with pytest.raises(AccessRevokedError):
        connector.renew(fresh)


def test_an_access_without_a_refresh_token_cannot_be_renewed(fresh: Api) -> None:
    with pytest.raises(AccessRevokedError):
        connector.renew(fresh)


def test_a_wrong_secret_is_the_apps_fault(network: X, clock: Clock) -> None:
    for api in opened(network, clock, client_secret="nonsense"):
        code = consent(api)
        with pytest.raises(UnavailableError):
            redeem(api, code)


def test_an_app_without_a_secret_names_itself_in_the_form(clock: Clock) -> None:
    with fake(clock=clock, is_confidential=False) as network:
        for api in opened(network, clock, client_secret=""):
            api.credentials = redeem(api, consent(api))
            connector.renew(api)
            assert connector.sign_in(api)[0].handle == "nordwerk"


def test_an_access_that_is_given_back_is_gone(fresh: Api) -> None:
    fresh.credentials = redeem(fresh, consent(fresh))
    connector.oauth.revoke(fresh)
    with pytest.raises(AccessRevokedError):
        connector.renew(fresh)
    del fresh.credentials["refresh_token"]
    with pytest.raises(AccessRevokedError):
        connector.sign_in(fresh)
