"""Signing in at the community through an add-on that is installed there.

community.jivesoftware.com DOC-97348, DOC-175308 and DOC-224715 (read 2026-11-23): the add-on's id and
secret go in HTTP's Basic scheme, the id in the body as well; `expires_in` comes as a text. An access lives two days
and is renewed for ten years unless the add-on says otherwise. There is no call to give an access back. That a renewal
may bring another refresh token is from memory.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from scrm.connectors.base import Api
from scrm.connectors.jive.client import basic
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import OAuth, ask_for_token
from scrm.connectors.payload import Payload
from scrm.errors import AccessRevokedError

RENEW_BEFORE = timedelta(hours=1)


class JiveOAuth(OAuth):
    """The authorization code flow; the addresses are those of the community."""

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        del scopes, verifier  # whoever signs in lends all their rights
        query = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{community(app)}/oauth2/authorize?{urlencode(query)}"

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        del verifier
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        token = _token(api, form)
        return _credentials(api, token) | {"refresh_token": token.text("refresh_token")}


def community(app: Mapping[str, str]) -> str:
    """Where the community is, without what may stand behind its host in what was filled in."""
    parts = urlsplit(app["api_url"])
    return f"{parts.scheme}://{parts.netloc}"


def renew(api: Api) -> None:
    """A new access from the refresh token. Raises AccessRevokedError when there is none or it is dead."""
    refresh_token = api.credentials.get("refresh_token")
    if not refresh_token:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    token = _token(api, {"grant_type": "refresh_token", "refresh_token": refresh_token})
    again = token.optional_text("refresh_token")
    api.credentials |= _credentials(api, token) | ({"refresh_token": again} if again else {})


def _token(api: Api, form: dict[str, str]) -> Payload:
    client_id = api.app["client_id"]
    url = f"{community(api.app)}/oauth2/token"
    return ask_for_token(
        api, url, {**form, "client_id": client_id}, headers=basic(client_id, api.app["client_secret"])
    )


def _credentials(api: Api, token: Payload) -> dict[str, str]:
    found = {"access_token": token.text("access_token")}
    seconds = token.optional_text("expires_in") or ""
    if seconds.isascii() and seconds.isdigit():
        ends = api.now() + timedelta(seconds=int(seconds[:9]))
        found |= {"expires_at": ends.isoformat(), "renew_at": (ends - RENEW_BEFORE).isoformat()}
    return found
