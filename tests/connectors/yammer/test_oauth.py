"""Signing in at the fake's own consent page of Entra, renewing, and how that ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.yammer import connector
from scrm.errors import AccessRevokedError, RetryLaterError, UnavailableError
from scrm.http import GuardedSession
from scrm.sandbox.yammer import Yammer
from tests.connectors.yammer.scenario import Clock, app, fake

BACK = "http://127.0.0.1:9/connections/sign-in/yammer"
VERIFIER = "v" * 43
OAUTH = connector.oauth
assert OAUTH is not None


@pytest.fixture
def stranger(network: Yammer, clock: Clock) -> Iterator[Api]:
    """HTTP before anybody signed in."""
    with GuardedSession(allowed=[urlsplit(network.base_url).netloc]) as session:
        yield Api(
            network="yammer", base_url=network.base_url, session=session, credentials={}, app=app(network), now=clock
        )


def consent(network: Yammer, *, name: str = "Nordwerk", decision: str = "allow", tenant: str | None = None) -> str:
    """What an admin's browser does; the code that comes back, or the error."""
    values = app(network) | ({"tenant": tenant} if tenant else {})
    address = OAUTH.authorize_url(values, connector.manifest.scopes, redirect_uri=BACK, state="s", verifier=VERIFIER)
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    account = next(part.partition('"')[0] for part in page.text.split('<option value="')[1:] if name in part)
    asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    sent = {**asked, "account": account, "decision": decision}
    back = requests.post(address.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s"]
    return answer.get("code", answer.get("error", [""]))[0]


def redeem(api: Api, code: str) -> dict[str, str]:
    return OAUTH.redeem(api, code=code, redirect_uri=BACK, verifier=VERIFIER)


def test_whoever_consents_is_signed_in_and_each_renewal_gives_a_new_refresh_token(network, stranger, clock):
    stranger.credentials = redeem(stranger, consent(network))
    account, profile = connector.sign_in(stranger)
    assert (account.handle, profile.display_name) == ("nordwerk", "Nordwerk Antriebstechnik")
    assert account.key.native_id == profile.key.native_id
    assert profile.email_verified
    ends = datetime.fromisoformat(stranger.credentials["expires_at"])
    assert ends - datetime.fromisoformat(stranger.credentials["renew_at"]) == timedelta(minutes=5)
    before = dict(stranger.credentials)
    clock.turn(hours=2)
    connector.renew(stranger)
    assert stranger.credentials["refresh_token"] != before["refresh_token"]
    assert stranger.credentials["access_token"] != before["access_token"]
    assert stranger.credentials["renew_at"] > before["renew_at"]
    assert connector.sign_in(stranger)[0] == account


def test_an_access_that_ran_out_is_renewed_once_and_the_call_made_again(network, stranger, clock):
    stranger.credentials = redeem(stranger, consent(network))
    stranger.renew = connector.renew
    clock.turn(hours=2)
    assert connector.sign_in(stranger)[0].handle == "nordwerk"


def test_without_a_directory_any_work_account_is_taken(network, stranger):
    assert redeem(replace(stranger, app={**stranger.app, "tenant": "organizations"}), consent(network))
    assert next(one.default for one in connector.manifest.app_fields if one.name == "tenant") == "organizations"


def test_somebody_else_of_the_company_may_be_chosen(network, stranger):
    stranger.credentials = redeem(stranger, consent(network, name="Femke"))
    assert connector.sign_in(stranger)[0].handle == "femke-harms"


def test_a_no_and_a_code_that_is_not_one_give_nothing(network, stranger):
    assert consent(network, decision="deny") == "access_denied"
    with pytest.raises(AccessRevokedError):
        redeem(stranger, "1.abcdef")


def test_a_code_is_good_once_and_only_with_its_verifier(network, stranger):
    code = consent(network)
    with pytest.raises(AccessRevokedError):
        OAUTH.redeem(stranger, code=code, redirect_uri=BACK, verifier="w" * 43)
    code = consent(network)
    redeem(stranger, code)
    with pytest.raises(AccessRevokedError):
        redeem(stranger, code)


@pytest.mark.parametrize(
    ("name", "value"),
    [("client_secret", "wrong"), ("client_id", "wrong"), ("tenant", "nowhere.example")],
)
def test_a_wrong_app_is_the_apps_fault_not_the_accesss(network, stranger, name, value):
    code = consent(network)
    with pytest.raises(UnavailableError):
        redeem(replace(stranger, app={**stranger.app, name: value}), code)


def test_a_revoked_consent_ends_the_access_and_its_renewal(network, stranger):
    stranger.credentials = redeem(stranger, consent(network))
    stranger.renew = connector.renew
    network.revoke("nordwerk")
    with pytest.raises(AccessRevokedError):
        connector.sign_in(stranger)


def test_an_access_that_is_refused_although_it_was_just_renewed_is_none_any_more(network, stranger):
    stranger.credentials = redeem(stranger, consent(network))
    stranger.renew = connector.renew
    network.fail(status=401, times=2, path="/api/v1/users/current.json")
    with pytest.raises(AccessRevokedError):
        connector.sign_in(stranger)


def test_after_ninety_days_without_reading_somebody_has_to_sign_in_again(network, stranger, clock):
    stranger.credentials = redeem(stranger, consent(network))
    clock.turn(days=89)
    connector.renew(stranger)
    clock.turn(days=89)
    connector.renew(stranger)
    clock.turn(days=91)
    with pytest.raises(AccessRevokedError):
        connector.renew(stranger)


def test_an_outage_of_microsoft_is_not_a_revocation(network, stranger):
    stranger.credentials = redeem(stranger, consent(network))
    network.fail(status=503, times=1)
    with pytest.raises(RetryLaterError):
        connector.renew(stranger)


def test_the_address_to_return_to_is_the_registered_one(clock):
    with fake(clock, redirect_uris={BACK}) as network:
        assert consent(network)
        assert not [entry for entry in network.requests() if entry.get("invalid")]


def test_every_right_asked_for_says_why():
    assert [scope.name for scope in connector.manifest.scopes] == [
        "https://www.yammer.com/.default",
        "offline_access",
    ]
    assert all(scope.reason for scope in connector.manifest.scopes)
