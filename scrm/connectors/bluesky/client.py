"""XRPC: sessions from an app password, limits from headers, and what Bluesky's error names mean.

Read in bluesky-social/atproto (lexicons, packages/pds, packages/xrpc-server; 2026-11): an access token lives two
hours and dies with status 400 and ExpiredToken, a refresh token works once, createSession may be called 30 times in
five minutes and 300 times a day per account. Limits are headers with the reset as seconds since 1970.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrm.connectors.base import Api, Client, clamp_retry_after, raise_for_status
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    HostRefusedError,
    InputError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer, check_url
from scrm.i18n import N_

XRPC = "/xrpc/"
MAIN_PASSWORD = "com.atproto.access"  # noqa: S105 - the scope of a token that the account's own password gave
DEAD_TOKEN = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
DEAD_ACCOUNT = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})
NOT_THERE = frozenset({"NotFound", "RecordNotFound", "RepoNotFound", "RepoDeactivated", "RepoTakendown"})
# The servers have no error name of their own for these.
NOT_THERE_TEXTS = ("Profile not found", "Could not locate record", "Could not find repo", "Post not found")


class BlueskyClient(Client):
    """A bearer token that runs out after two hours."""

    def headers(self, api: Api) -> dict[str, str]:
        token = api.credentials.get("access_jwt")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def check(self, api: Api, answer: Answer) -> None:
        self._note_limits(api, answer)
        if answer.status < 300:
            return
        name, message = _named(answer)
        if name in DEAD_ACCOUNT:
            raise AccessRevokedError("the network has closed the account", network=api.network)
        if name in DEAD_TOKEN or answer.status == 401:
            raise AccessExpiredError("the token is no longer accepted", network=api.network)
        if name in NOT_THERE or (answer.status == 400 and message.startswith(NOT_THERE_TEXTS)):
            raise GoneError("the network has no such object", network=api.network)
        if answer.status in {404, 410}:
            # Only the names above speak of an object; a server that lacks a method must not delete what was read.
            raise UnavailableError("the network does not know this call", network=api.network)
        raise_for_status(api, answer, retry_after=_retry_after(answer))

    def query(self, api: Api, nsid: str, params: Mapping[str, Any]) -> Payload:
        """The answer to a query; a list as a parameter is sent once per value."""
        return _object(api, self.json(api, XRPC + nsid, params))

    def log_in(self, api: Api) -> None:
        """Begin a session with the app password and keep its tokens in `api.credentials`."""
        # The did outlives a change of the handle that the admin filled in.
        who = api.credentials.get("did") or api.credentials["identifier"].strip().removeprefix("@")
        body = {"identifier": who, "password": api.credentials["app_password"]}
        try:
            session = self._session(api, "com.atproto.server.createSession", json=body)
        except AccessExpiredError as why:
            raise AccessRevokedError("the network does not accept the app password", network=api.network) from why
        if _scope(session.text("accessJwt")) == MAIN_PASSWORD:
            raise InputError(N_("This is the password of the account itself. Create an app password for scrm."))
        self._keep(api, session)

    def refresh(self, api: Api) -> None:
        """Exchange the refresh token, which dies by this, for a new pair."""
        token = api.credentials.get("refresh_jwt")
        if not token:
            raise AccessExpiredError("there is no refresh token", network=api.network)
        self._keep(api, self._session(api, "com.atproto.server.refreshSession", token=token))

    def _session(self, api: Api, nsid: str, *, json: Any = None, token: str = "") -> Payload:
        api.requests += 1
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = api.session.call("POST", api.url(XRPC + nsid), headers=headers, json=json)
        self.check(api, answer)
        try:
            return Payload(parse_json(answer.body), "session")
        except PayloadError as why:
            raise RetryLaterError("expected JSON from the network", network=api.network) from why

    def _keep(self, api: Api, session: Payload) -> None:
        did = session.text("did")
        if api.credentials.get("did", did) != did:
            raise AccessRevokedError("the session belongs to another account", network=api.network)
        api.credentials |= {
            "did": did,
            "access_jwt": session.text("accessJwt"),
            "refresh_jwt": session.text("refreshJwt"),
        }
        api.base_url = _own_server(session) or api.base_url

    def _note_limits(self, api: Api, answer: Answer) -> None:
        remaining, reset = answer.headers.get("RateLimit-Remaining", ""), _reset(answer)
        if remaining.isascii() and remaining.isdigit() and reset is not None:
            api.remaining, api.resets_at = int(remaining), reset


CLIENT = BlueskyClient()


def _object(api: Api, data: Any) -> Payload:
    if not isinstance(data, dict):
        raise RetryLaterError("expected an object from the network", network=api.network)
    return Payload(data, "answer")


def _named(answer: Answer) -> tuple[str, str]:
    """Name and text of an error; empty when the body is none of XRPC's."""
    try:
        body = Payload(parse_json(answer.body))
        return body.optional_text("error") or "", body.optional_text("message") or ""
    except PayloadError:
        return "", ""


def _reset(answer: Answer) -> datetime | None:
    text = answer.headers.get("RateLimit-Reset", "")
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _retry_after(answer: Answer) -> float | None:
    """Seconds to wait; the reset is compared with the server's own clock."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return clamp_retry_after(int(text))
    reset = _reset(answer) if answer.status == 429 else None
    if reset is None:
        return None
    try:
        now = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        now = datetime.now(UTC)
    return clamp_retry_after((reset - now.astimezone(UTC)).total_seconds())


def _scope(token: str) -> str:
    """What an access token of a Bluesky PDS is for; empty when the token is of another make."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return ""
    return str(claims.get("scope", "")) if isinstance(claims, dict) else ""


def _own_server(session: Payload) -> str | None:
    """The host that keeps this account, as its did document says; only a public https address counts.

    bsky.social signs everybody in, but an account lives on a host of its own, and tokens go there and nowhere else.
    """
    document = session.optional_child("didDoc")
    for service in document.children("service") if document else ():
        if (service.optional_text("id") or "").endswith("#atproto_pds"):
            try:
                return check_url(service.text("serviceEndpoint"))
            except HostRefusedError:
                return None
    return None
