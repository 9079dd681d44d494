"""Signing in at the network: the authorization code flow (RFC 6749, 4.1), with PKCE (RFC 7636) where it is offered.

A connector says how its network differs; everything else, from state to storage, is the same for all. Credentials are
texts by name. Two names have a meaning for everybody: `expires_at` (ISO 8601, UTC) is when the access ends unless
renewed, and `renew_at` when it should be renewed without waiting for that.
"""

import base64
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode

from scrm.connectors.base import Api, raise_for_status
from scrm.connectors.manifest import Scope
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import AccessRevokedError, NetworkError, PayloadError, RetryLaterError, UnavailableError
from scrm.http import Answer

OWN_FAULTS = frozenset({"invalid_client", "unauthorized_client", "invalid_scope", "redirect_uri_mismatch"})


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An account, page or organization that whoever signed in may connect, with the credentials for it."""

    native_id: str
    label: str
    credentials: Mapping[str, str] = field(repr=False)


class OAuth(ABC):
    """How to sign in at one network. Addresses, client id and secret are values of the app."""

    uses_pkce: ClassVar[bool] = False
    separator: ClassVar[str] = " "  # between scopes

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        """Where the admin's browser goes to say yes."""
        query = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": self.separator.join(scope.name for scope in scopes),
        }
        if self.uses_pkce:
            query |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        return f"{app['authorize_url']}?{urlencode(query | self.more_query(app))}"

    def more_query(self, app: Mapping[str, str]) -> dict[str, str]:
        """What this network wants besides."""
        del app
        return {}

    @abstractmethod
    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        """Exchange a code for credentials; raises AccessRevokedError when it is not taken."""

    def choices(self, api: Api) -> tuple[Choice, ...]:
        """What can be connected with these credentials; nothing to choose: the account that signed in."""
        return (Choice(native_id="", label="", credentials=api.credentials),)

    def revoke(self, api: Api) -> None:
        """Tell the network that the access is not needed any more, where it can be told."""
        del api


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def ask_for_token(
    api: Api, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
) -> Payload:
    """POST to a token endpoint; errors as RFC 6749, 5.2 has them.

    Raises AccessRevokedError for a grant that is not (or no longer) good, UnavailableError when the app itself is not
    accepted, RetryLaterError otherwise.
    """
    address = api.url(url)
    try:
        answer = api.session.call("POST", address, data=dict(form), headers=dict(headers or {}))
    except NetworkError as why:
        why.network = api.network
        raise
    return token_of(api, answer)


def token_of(api: Api, answer: Answer) -> Payload:
    """What a token endpoint answered; raises as `ask_for_token`."""
    if answer.status in {400, 401, 403}:
        error = _error(answer)
        if error in OWN_FAULTS:
            raise UnavailableError("the network does not accept the app", network=api.network)
        raise AccessRevokedError("the network does not accept the grant", network=api.network)
    raise_for_status(api, answer)
    try:
        return Payload(parse_json(answer.body), "token")
    except PayloadError as why:
        raise RetryLaterError("expected JSON from the token endpoint", network=api.network) from why


def lifetime(api: Api, token: Payload, *, renew_before: timedelta | None = None) -> dict[str, str]:
    """`expires_at`, and `renew_at` that long before, from the `expires_in` of a token; empty without one."""
    seconds = token.number("expires_in")
    if seconds is None:
        return {}
    ends = api.now() + timedelta(seconds=seconds)
    found = {"expires_at": ends.isoformat()}
    if renew_before is not None:
        found["renew_at"] = (ends - renew_before).isoformat()
    return found


def _error(answer: Answer) -> str:
    try:
        return Payload(parse_json(answer.body), "error").optional_text("error") or ""
    except PayloadError:
        return ""
