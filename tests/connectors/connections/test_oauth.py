"""Signing in at the company's own server, against the fake's consent page."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.connections import connector
from scrm.errors import AccessExpiredError, AccessRevokedError, PayloadError, UnavailableError

BACK = "https://crm.example/connections/sign-in/connections"


def address_of(api: Api, **values: str) -> str:
    return connector.oauth.authorize_url(
        {**api.app, **values}, connector.manifest.scopes, redirect_uri=BACK, state="s1", verifier="v"
    )


def consent(api: Api, *, decision: str = "allow") -> dict[str, str]:
    """What the administrator's browser brings back."""
    url = address_of(api)
    shown = requests.get(url, timeout=10).text
    number = re.search(r'value="([^"]+)">Nordwerk Antriebstechnik<', shown)
    assert number, shown
    sent = dict(parse_qsl(urlsplit(url).query)) | {"account": number[1], "decision": decision}
    answer = requests.post(url.partition("?")[0], data=sent, timeout=10, allow_redirects=False)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def redeem(api: Api) -> dict[str, str]:
    back = consent(api)
    assert back["state"] == "s1"
    return connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")


def test_a_consent_becomes_an_access_that_says_when_it_ends(api, clock):
    account = api.account
    api.credentials = redeem(api)
    assert api.credentials["expires_at"] == (clock() + timedelta(hours=12)).isoformat()
    assert api.credentials["renew_at"] == (clock() + timedelta(hours=12, minutes=-5)).isoformat()
    assert api.credentials["ends_at"] == (clock() + timedelta(days=180)).isoformat()
    assert connector.sign_in(api)[0] == account
    assert "access_token" in connector.oauth.choices(api)[0].credentials


def test_the_addresses_follow_from_the_servers_own(api, network):
    known = address_of(api, authorize_url="")
    assert known.startswith(f"{network.base_url}/oauth2/endpoint/connectionsProvider/authorize?")
    api.app = {**api.app, "token_url": ""}
    assert redeem(api)["access_token"]


def test_a_code_counts_once_and_only_for_our_app(api):
    back = consent(api)
    connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")
    with pytest.raises(AccessRevokedError):
        connector.oauth.redeem(api, code=back["code"], redirect_uri=BACK, verifier="v")
    with pytest.raises(UnavailableError):
        wrong = replace(api, app={**api.app, "client_secret": "wrong"})
        connector.oauth.redeem(wrong, code="x", redirect_uri=BACK, verifier="v")
    assert consent(api, decision="deny")["error"] == "access_denied"


def test_an_access_is_renewed_with_the_token_it_came_with_until_the_grant_ends(api, clock):
    api.credentials = redeem(api)
    first, ends = api.credentials["refresh_token"], api.credentials["ends_at"]
    clock.turn(hours=13)
    with pytest.raises(AccessExpiredError):
        replaced = replace(api, renew=lambda _: None)
        connector.client.get(replaced, "/connections/opensocial/oauth/rest/people/@me/")
    connector.sign_in(api)
    assert api.credentials["refresh_token"] != first
    assert api.credentials["ends_at"] == ends
    clock.turn(days=200)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_a_token_never_goes_to_another_host(api):
    api.app = {**api.app, "token_url": "", "api_url": ""}
    with pytest.raises(PayloadError):
        api.url("https://elsewhere.example/oauth2/endpoint/connectionsProvider/token")
    with pytest.raises(AccessRevokedError):
        connector.renew(api)  # a password has nothing to be renewed with
