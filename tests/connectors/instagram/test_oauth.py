"""Signing in with Instagram, and keeping the access alive."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.instagram import connector
from scrm.errors import AccessRevokedError, RetryLaterError, UnavailableError
from scrm.http import GuardedSession
from scrm.sandbox.instagram import Instagram
from tests.connectors.instagram.reading import Clock, unsigned
from tests.connectors.instagram.scenario import fake

REDIRECT = "https://scrm.example/connections/sign-in/instagram"


@pytest.fixture
def opened(network: Instagram) -> Iterator[Api]:
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield unsigned(network, session)


def code_for(network: Instagram, api: Api, *, leaving_out: str = "", redirect: str = REDIRECT) -> str:
    """What comes back in the browser, fragment and all."""
    assert connector.oauth is not None
    scopes = tuple(one for one in connector.manifest.scopes if one.name != leaving_out)
    url = connector.oauth.authorize_url(api.app, scopes, redirect_uri=redirect, state="s", verifier="")
    assert url.startswith(network.app()["authorize_url"])
    assert requests.get(url, timeout=10).status_code == 200
    said = {"account": "nordwerk", "decision": "allow"}
    back = requests.post(url, data=said, allow_redirects=False, timeout=10).headers["Location"]
    assert back.startswith(redirect)
    parts = urlsplit(back)
    return f"{parse_qs(parts.query)['code'][0]}#{parts.fragment}"


def redeem(api: Api, code: str) -> dict[str, str]:
    assert connector.oauth is not None
    return connector.oauth.redeem(api, code=code, redirect_uri=REDIRECT, verifier="")


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_a_code_becomes_an_access_of_sixty_days(is_wrapped: bool) -> None:
    clock = Clock()
    with (
        fake(clock=clock, is_token_wrapped=is_wrapped) as network,
        GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session,
    ):
        api = unsigned(network, session)
        code = code_for(network, api)
        assert code.endswith("#_")
        api.credentials = redeem(api, code)
        assert api.credentials["expires_at"] == (clock.now + timedelta(days=60)).isoformat()
        assert api.credentials["renew_at"] == (clock.now + timedelta(days=30)).isoformat()
        assert api.credentials["permissions"].split(",") == [one.name for one in connector.manifest.scopes]
        account, _ = connector.sign_in(api)
        assert account.handle == "nordwerk"
        with pytest.raises(AccessRevokedError):
            redeem(api, code)


def test_a_code_for_another_address_or_of_nobody_is_not_taken(network: Instagram, opened: Api) -> None:
    for code in (code_for(network, opened, redirect="https://scrm.example/other"), "made up"):
        with pytest.raises(AccessRevokedError):
            redeem(opened, code)


def test_a_token_endpoint_that_is_down_is_tried_again(network: Instagram, opened: Api) -> None:
    code = code_for(network, opened)
    network.fail(status=503, times=1)
    with pytest.raises(RetryLaterError):
        redeem(opened, code)
    assert redeem(opened, code)["access_token"]


def test_a_wrong_secret_is_refused_like_a_wrong_code(network: Instagram, opened: Api) -> None:
    opened.app = {**opened.app, "client_secret": "wrong"}
    with pytest.raises(AccessRevokedError):  # the sentence alone would tell one from the other
        redeem(opened, code_for(network, opened))


def test_an_access_is_renewed_when_it_is_a_day_old_and_as_long_as_it_lives(
    network: Instagram, opened: Api, clock: Clock
) -> None:
    opened.credentials = redeem(opened, code_for(network, opened))
    first = opened.credentials["access_token"]
    with pytest.raises(UnavailableError):
        connector.renew(opened)
    clock.now = datetime.fromisoformat(opened.credentials["renew_at"])
    connector.renew(opened)
    assert opened.credentials["access_token"] != first
    assert opened.credentials["expires_at"] == (clock.now + timedelta(days=60)).isoformat()
    connector.sign_in(opened)
    clock.move(days=61)
    with pytest.raises(AccessRevokedError):
        connector.renew(opened)


def test_an_access_that_was_pasted_is_renewed_as_soon_as_it_can_be(
    network: Instagram, opened: Api, clock: Clock
) -> None:
    opened.credentials = network.credentials("nordwerk")
    connector.sign_in(opened)
    assert opened.credentials["renew_at"] == (clock.now + timedelta(hours=25)).isoformat()
    clock.now = datetime.fromisoformat(opened.credentials["renew_at"])
    connector.renew(opened)
    assert opened.credentials["renew_at"] == (clock.now + timedelta(days=30)).isoformat()


def test_no_secret_stands_in_an_error(network: Instagram, opened: Api) -> None:
    opened.credentials = {"access_token": "made-up-token"}
    for act in (lambda: connector.renew(opened), lambda: connector.sign_in(opened)):
        with pytest.raises(AccessRevokedError) as why:
            act()
        assert "made-up-token" not in f"{why.value!r}{why.value.__cause__!r}{opened!r}"
        assert network.app()["client_secret"] not in f"{why.value!r}{opened!r}"
