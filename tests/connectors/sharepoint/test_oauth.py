"""Signing in at the fake's own consent page, choosing a site, renewing both accesses."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.clock import FakeClock
from scrm.connectors.base import Api
from scrm.connectors.sharepoint import connector
from scrm.errors import AccessRevokedError, UnavailableError
from scrm.sandbox.sharepoint import SharePoint
from tests.connectors.sharepoint import reading
from tests.connectors.sharepoint.scenario import app, play

BACK = "http://127.0.0.1:9/connections/sign-in/sharepoint"
VERIFIER = "v" * 43
OAUTH = connector.oauth
assert OAUTH is not None
OURS = "social@nordwerk.example"
TWO = ("access_token", "sharepoint_access_token")


@pytest.fixture
def stranger(network: SharePoint, time: FakeClock) -> Iterator[Api]:
    with reading.stranger(network, time) as api:
        yield api


def consent(network: SharePoint, decision: str = "accept") -> str:
    """What an admin's browser does; the code that comes back, or the error."""
    known = {one.name: one.default for one in connector.manifest.app_fields} | app(network)
    address = OAUTH.authorize_url(known, connector.manifest.scopes, redirect_uri=BACK, state="s", verifier=VERIFIER)
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    number = page.text.partition(f'">{OURS}')[0].rpartition('value="')[2]
    sent = {**asked, "user": number, "decision": decision}
    back = requests.post(address.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s"]
    return answer.get("code", answer.get("error", [""]))[0]


def redeem(api: Api, code: str) -> dict[str, str]:
    return OAUTH.redeem(api, code=code, redirect_uri=BACK, verifier=VERIFIER)


def test_whoever_signs_in_chooses_a_site_and_reads_it(network, stranger):
    ids = play(network)
    stranger.credentials = redeem(stranger, consent(network))
    assert stranger.credentials[TWO[0]] != stranger.credentials[TWO[1]]
    choices = {one.label: one for one in OAUTH.choices(stranger)}
    assert set(choices) == {"Nordwerk", "Nordwerk Partner", "Nordwerk Vertrieb"}
    chosen = choices["Nordwerk Partner"]
    stranger.credentials = dict(chosen.credentials)
    stranger.account, profile = connector.sign_in(stranger)
    assert stranger.account.key.native_id == chosen.native_id == network.site_id()
    assert (profile.display_name, profile.is_organization) == ("Nordwerk Partner", True)
    news = reading.read_list(stranger, "pages").refs[ids["news"]]
    assert ids["question"] in reading.look(stranger, "comments", [news]).interactions


def test_both_accesses_are_renewed_and_the_newest_refresh_token_is_kept(network, stranger, time):
    stranger.credentials = redeem(stranger, consent(network)) | {"site": network.site_id()}
    account, _ = connector.sign_in(stranger)
    before = dict(stranger.credentials)
    assert datetime.fromisoformat(before["renew_at"]) < datetime.fromisoformat(before["expires_at"])
    time.advance(2 * 3600.0)
    connector.renew(stranger)
    for name in (*TWO, "refresh_token"):
        assert stranger.credentials[name] != before[name]
    assert stranger.credentials["renew_at"] > before["renew_at"]
    assert stranger.credentials["site"] == before["site"]
    assert connector.sign_in(stranger)[0] == account


def test_an_access_that_ran_out_is_renewed_in_the_middle_of_a_reading(network, api, time):
    play(network)
    time.advance(3 * 3600.0)
    assert len(reading.read_list(api, "pages").interactions) == 24


def test_a_revoked_access_is_gone_for_good(network, api):
    network.revoke("nordwerk")
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_a_code_is_good_once_and_for_whoever_asked(network, stranger):
    code = consent(network)
    with pytest.raises(AccessRevokedError):
        OAUTH.redeem(stranger, code=code, redirect_uri=BACK, verifier="w" * 43)
    redeem(stranger, code)
    with pytest.raises(AccessRevokedError):
        redeem(stranger, code)
    assert consent(network, decision="cancel") == "access_denied"


def test_a_secret_that_ran_out_is_the_apps_fault_not_the_persons(network, stranger):
    code = consent(network)
    stranger.app = {**stranger.app, "client_secret": "old"}
    with pytest.raises(UnavailableError):
        redeem(stranger, code)


def test_a_site_that_is_not_for_this_account_cannot_be_connected(network, stranger):
    stranger.credentials = {**network.credentials("katharina"), "site": network.site_id("community")}
    network.leave("katharina", network.site_id("community"), at=stranger.now())
    assert "Nordwerk Vertrieb" not in {one.label for one in OAUTH.choices(stranger)}
    with pytest.raises(UnavailableError):
        connector.sign_in(stranger)
