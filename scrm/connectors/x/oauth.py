"""Signing in with X: authorization code with PKCE, a confidential app, refresh tokens that are used once.

docs.x.com, authorization-code and user-access-token, read 2026-11-23: a code lives 30 seconds, an access token two
hours, and `offline.access` brings a refresh token. That each refresh token is replaced by the next is from memory.
"""

from collections.abc import Mapping
from datetime import timedelta

from scrm.connectors.base import Api
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import OAuth, ask_for_token, lifetime
from scrm.connectors.payload import Payload
from scrm.connectors.x.basic import basic
from scrm.connectors.x.messages import SCOPE as MESSAGES_SCOPE
from scrm.errors import AccessRevokedError

RENEW_BEFORE = timedelta(minutes=10)


class XOAuth(OAuth):
    """Asks for direct messages only when the admin wants them."""

    uses_pkce = True

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        wanted = tuple(one for one in scopes if one.name != MESSAGES_SCOPE or app.get("direct_messages") == "yes")
        return super().authorize_url(app, wanted, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return _credentials(api, _ask(api, "token_url", form))

    def revoke(self, api: Api) -> None:
        for name in ("refresh_token", "access_token"):
            if token := api.credentials.get(name):
                _ask(api, "revoke_url", {"token": token, "token_type_hint": name})


def renew(api: Api) -> None:
    """Use up the refresh token; what comes back replaces it."""
    again = api.credentials.get("refresh_token")
    if not again:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    api.credentials |= _credentials(
        api, _ask(api, "token_url", {"grant_type": "refresh_token", "refresh_token": again})
    )


def _ask(api: Api, address: str, form: dict[str, str]) -> Payload:
    """A confidential app names itself by HTTP Basic, a public one in the form."""
    name, secret = api.app["client_id"], api.app.get("client_secret", "")
    if secret:
        return ask_for_token(api, api.app[address], form, headers=basic(name, secret))
    return ask_for_token(api, api.app[address], {**form, "client_id": name})


def _credentials(api: Api, token: Payload) -> dict[str, str]:
    found = {"access_token": token.text("access_token"), **lifetime(api, token, renew_before=RENEW_BEFORE)}
    for name in ("refresh_token", "scope"):
        if value := token.optional_text(name):
            found[name] = value
    return found
