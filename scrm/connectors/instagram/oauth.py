"""Signing in with Instagram: a code for a token of an hour, that for one of 60 days, and its renewal.

Meta's page "Business Login for Instagram" (2026, read 2026-11-23): the code comes back with `#_` behind it, a token
can be renewed once it is a day old and as long as it lives. That a token comes without the list around it is seen in
the wild (from memory).
"""

from datetime import timedelta

from scrm.connectors.base import Api
from scrm.connectors.instagram.client import CLIENT
from scrm.connectors.oauth import OAuth, ask_for_token, lifetime
from scrm.connectors.payload import Payload

RENEW_BEFORE = timedelta(days=30)  # of 60, so that a month of standing still costs nobody a sign-in
YOUNGEST = timedelta(hours=25)  # younger than a day it is not renewed
LONGEST = timedelta(days=60)


class InstagramOAuth(OAuth):
    """Scopes are separated by commas; there is neither PKCE nor a way to give an access back."""

    separator = ","

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        del verifier
        form = {
            "client_id": api.app["client_id"],
            "client_secret": api.app["client_secret"],
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code.removesuffix("#_"),
        }
        answered = ask_for_token(api, api.app["token_url"], form)
        short = next(answered.children("data"), answered)
        query = {
            "grant_type": "ig_exchange_token",
            "client_secret": api.app["client_secret"],
            "access_token": short.text("access_token"),
        }
        return credentials(api, CLIENT.token(api, "/access_token", query)) | permissions(short)


def renewed(api: Api) -> dict[str, str]:
    """The same access for another 60 days; raises AccessRevokedError when it is over."""
    query = {"grant_type": "ig_refresh_token", "access_token": api.credentials["access_token"]}
    token = CLIENT.token(api, "/refresh_access_token", query)
    return credentials(api, token) | permissions(token)


def credentials(api: Api, token: Payload) -> dict[str, str]:
    """What is kept of a token."""
    found = {"access_token": token.text("access_token")} | lifetime(api, token, renew_before=RENEW_BEFORE)
    earliest = (api.now() + YOUNGEST).isoformat()
    if "renew_at" in found:
        found["renew_at"] = max(found["renew_at"], earliest)
    return found


def times_of_pasted(api: Api) -> dict[str, str]:
    """Nobody says how old an access is that was pasted: it is renewed as soon as it must be old enough."""
    now = api.now()
    return {"renew_at": (now + YOUNGEST).isoformat(), "expires_at": (now + LONGEST).isoformat()}


def permissions(token: Payload) -> dict[str, str]:
    """What was allowed, where it is said: a text with commas, or a list."""
    given = token.raw().get("permissions")
    if isinstance(given, list):
        return {"permissions": ",".join(token.texts("permissions"))}
    return {"permissions": given} if isinstance(given, str) and given else {}
