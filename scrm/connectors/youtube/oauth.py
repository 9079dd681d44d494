"""Signing in with a Google account that owns a channel.

developers.google.com/identity/protocols/oauth2/web-server, from memory (2026-11-23): `access_type=offline` with
`prompt=consent` gives a refresh token, which stays the same; people may leave rights out. While the app's consent
screen is in testing a refresh token lives seven days and the answer says so.
"""

from collections.abc import Mapping
from datetime import timedelta

from scrm.connectors.base import Api, raise_for_status
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import Choice, OAuth, ask_for_token, lifetime
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import own_item
from scrm.errors import AccessRevokedError, NetworkError
from scrm.i18n import N_

AUTH = "https://www.googleapis.com/auth/"
SCOPES = (
    Scope(
        name=f"{AUTH}youtube.readonly",
        reason=N_("To see your channel, its videos and who subscribes to it"),
    ),
    Scope(
        name=f"{AUTH}youtube.force-ssl",
        reason=N_(
            "To read comments: YouTube asks for this right even for reading. It would also allow writing, which scrm"
            " never does."
        ),
    ),
)
RENEW_BEFORE = timedelta(minutes=5)


class GoogleOAuth(OAuth):
    """The authorization code flow with PKCE."""

    uses_pkce = True

    def more_query(self, app: Mapping[str, str]) -> dict[str, str]:
        del app
        return {"access_type": "offline", "prompt": "consent"}

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        token = _token(
            api,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            },
        )
        granted = frozenset((token.optional_text("scope") or "").split())
        if not {scope.name for scope in SCOPES} <= granted:
            raise AccessRevokedError("not every right was granted", network=api.network)
        return _credentials(api, token) | {"refresh_token": token.text("refresh_token")} | _ends(api, token)

    def choices(self, api: Api) -> tuple[Choice, ...]:
        """The one channel that was chosen at Google; a Google account need not have one."""
        return super().choices(api) if own_item(api) else ()

    def revoke(self, api: Api) -> None:
        """Google ends the whole consent, whichever of its tokens is named; one that is dead already is no fault."""
        token = api.credentials.get("refresh_token") or api.credentials.get("access_token", "")
        address = api.url(api.app["revoke_url"])
        try:
            answer = api.session.call("POST", address, data={"token": token})
        except NetworkError as why:
            why.network = api.network
            raise
        if answer.status != 400:
            raise_for_status(api, answer)


def renew(api: Api) -> None:
    """A new access from the refresh token, which stays. Raises AccessRevokedError when it is dead."""
    refresh_token = api.credentials.get("refresh_token")
    if not refresh_token:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    token = _token(api, {"grant_type": "refresh_token", "refresh_token": refresh_token})
    api.credentials |= _credentials(api, token)


def _token(api: Api, form: dict[str, str]) -> Payload:
    known = {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}
    return ask_for_token(api, api.app["token_url"], {**form, **known})


def _credentials(api: Api, token: Payload) -> dict[str, str]:
    return {"access_token": token.text("access_token"), **lifetime(api, token, renew_before=RENEW_BEFORE)}


def _ends(api: Api, token: Payload) -> dict[str, str]:
    """When somebody has to sign in again, where the answer says so."""
    seconds = token.number("refresh_token_expires_in")
    return {"ends_at": (api.now() + timedelta(seconds=seconds)).isoformat()} if seconds else {}
