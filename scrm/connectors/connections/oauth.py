"""Signing in at the company's own server, as WebSphere's provider `connectionsProvider` does it.

Addresses and the form's fields as OpenNTF/SocialSDK uses them; a grant ends after six months unless it is given anew
(HCL Connections 5.5, Application Access; both read 2026-11-23). How long an access lives is the server's own choice.
That renewing may give another refresh token is from memory. There are no scopes: the access may read what the person
may read.
"""

from collections.abc import Mapping
from datetime import timedelta

from scrm.connectors.base import Api
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import OAuth, ask_for_token, lifetime
from scrm.connectors.payload import Payload
from scrm.errors import AccessRevokedError

PROVIDER = "/oauth2/endpoint/connectionsProvider/"
RENEW_BEFORE = timedelta(minutes=5)
GRANTED = timedelta(days=180)


class ConnectionsOAuth(OAuth):
    """The provider's addresses follow from the server's, unless they were filled in."""

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        address = app.get("authorize_url") or f"{app['api_url']}{PROVIDER}authorize"
        known = {**app, "authorize_url": address}
        return super().authorize_url(known, scopes, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        del verifier
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "callback_uri": redirect_uri,
        }
        return _token(api, form) | {"ends_at": (api.now() + GRANTED).isoformat()}


def renewed(api: Api) -> dict[str, str]:
    """A new access; raises AccessRevokedError when the grant is over."""
    refresh_token = api.credentials.get("refresh_token")
    if not refresh_token:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    return {"refresh_token": refresh_token} | _token(
        api, {"grant_type": "refresh_token", "refresh_token": refresh_token}
    )


def _token(api: Api, form: dict[str, str]) -> dict[str, str]:
    known = {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}
    address = api.app.get("token_url") or f"{PROVIDER}token"
    return _credentials(api, ask_for_token(api, address, {**form, **known}))


def _credentials(api: Api, token: Payload) -> dict[str, str]:
    found = {"access_token": token.text("access_token")} | lifetime(api, token, renew_before=RENEW_BEFORE)
    refresh_token = token.optional_text("refresh_token")
    return found | ({"refresh_token": refresh_token} if refresh_token else {})
