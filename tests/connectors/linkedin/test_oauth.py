"""Signing in, choosing a page, renewing, giving back: against the fake's own consent page."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.linkedin import connector
from scrm.errors import AccessExpiredError, AccessRevokedError, UnavailableError
from tests.connectors.linkedin.reading import account_of
from tests.connectors.linkedin.scenario import app

BACK = "https://crm.example/connections/sign-in/linkedin"


def consent(api: Api, *, decision: str = "allow", member: str = "Nordwerk Page Admin") -> dict[str, str]:
    """What a member's browser brings back."""
    url = connector.oauth.authorize_url(
        api.app, connector.manifest.scopes, redirect_uri=BACK, state="s1", verifier="v"
    )
    shown = requests.get(url, timeout=10).text
    number = re.search(rf'value="([^"]+)">{member}<', shown)
    assert number, shown
    sent = dict(parse_qsl(urlsplit(url).query)) | {"member": number[1], "decision": decision}
    answer = requests.post(url.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    assert answer.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def redeem(api: Api) -> dict[str, str]:
    back = consent(api)
    assert back["state"] == "s1"
    return connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")


def test_a_consent_becomes_a_page_with_its_access_and_its_ends(api, time):
    api.credentials = redeem(api)
    choice = connector.oauth.choices(api)[0]
    assert (choice.native_id, choice.label) == (account_of(api).key.native_id, "Nordwerk Antriebstechnik")
    kept = choice.credentials
    assert kept["expires_at"] == (time.now() + timedelta(days=60)).isoformat()
    assert kept["renew_at"] == (time.now() + timedelta(days=50)).isoformat()
    assert kept["ends_at"] == (time.now() + timedelta(days=365)).isoformat()
    api.credentials = dict(kept)
    assert connector.sign_in(api)[0] == account_of(api)
    assert "is_shared" not in kept


def test_a_code_counts_once_and_only_for_our_app(api):
    back = consent(api)
    connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")
    with pytest.raises(AccessRevokedError):
        connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")
    with pytest.raises(UnavailableError):
        connector.oauth.redeem(
            replace(api, app={**api.app, "client_secret": "wrong"}), code="x", redirect_uri=BACK, verifier="v"
        )
    assert consent(api, decision="cancel")["error"] == "user_cancelled_authorize"


def test_an_access_is_renewed_but_the_year_does_not_begin_anew(api, network, time):
    api.credentials = redeem(api) | {"organization": api.credentials["organization"]}
    ends = api.credentials["ends_at"]
    first = api.credentials["access_token"]
    time.advance(timedelta(days=61).total_seconds())
    with pytest.raises(AccessExpiredError):
        connector.sign_in(api)
    api.renew = connector.renew
    connector.sign_in(api)
    assert api.credentials["access_token"] != first
    assert api.credentials["ends_at"] == ends
    assert api.credentials["expires_at"] == (time.now() + timedelta(days=60)).isoformat()
    time.advance(timedelta(days=305).total_seconds())
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)
    assert app(network)["client_id"] == api.app["client_id"]


def test_without_a_right_to_renew_somebody_has_to_sign_in(api, time):
    time.advance(timedelta(days=61).total_seconds())
    api.renew = connector.renew
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_giving_back_ends_the_access_unless_other_pages_live_on_it(api):
    api.credentials["is_shared"] = "yes"
    connector.oauth.revoke(api)
    connector.sign_in(api)
    del api.credentials["is_shared"]
    connector.oauth.revoke(api)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_whoever_lost_the_role_is_told_apart_from_a_dead_access(api, network, time):
    network.set_role("nordwerk", "ANALYST", at=time.now())
    with pytest.raises(UnavailableError):
        connector.sign_in(api)
    assert connector.oauth.choices(api) == ()
    network.revoke("nordwerk")
    network.set_role("nordwerk", "ADMINISTRATOR", at=time.now())
