"""The tokens of one app: issued, looked up, expired, revoked, described by `debug_token`, proven by a digest.

`appsecret_proof` and the subcodes of 190 as in Meta's pages "Secure Graph API calls" and "Handling errors"
(v18, read 2026-11-23); the 90 days of data access and the shape of `debug_token` from memory, 2026-11-24.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import request

from scrm.sandbox.graph.errors import TABLE, GraphError
from scrm.sandbox.graph.times import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DATA_ACCESS = timedelta(days=90)


@dataclass(kw_only=True)
class Token:
    """One access token: who granted it, for which account it speaks, and how long."""

    text: str
    type: str  # USER, PAGE or APP
    user_id: str
    profile_id: str
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # accounts granted, by scope
    dead: int | None = None  # the subcode of its 190

    def may(self, scope: str, target: str | None = None) -> bool:
        """Whether a scope was granted, and if it was for chosen accounts only, for this one."""
        if scope not in self.scopes:
            return False
        chosen = self.targets.get(scope)
        return target is None or chosen is None or target in chosen


class Tokens:
    """Every token of one app on one network."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        clock: Callable[[], datetime],
        prefix: str = "EAA",
        is_proof_required: bool = False,
    ) -> None:
        self.app_id = app_id
        self.app_secret = app_secret
        self.is_proof_required = is_proof_required
        self._clock = clock
        self._prefix = prefix
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}

    @property
    def app_token(self) -> str:
        return f"{self.app_id}|{self.app_secret}"

    def issue(
        self,
        type: str,  # noqa: A002 - the network's own word
        user_id: str,
        scopes: Iterable[str],
        *,
        profile_id: str = "",
        lifetime: timedelta | None = None,
        targets: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Token:
        """Issue a token; no lifetime means that it never expires by itself."""
        now = self._clock()
        token = Token(
            text=self._prefix + secrets.token_hex(48),
            type=type,
            user_id=user_id,
            profile_id=profile_id,
            scopes=frozenset(scopes),
            issued_at=now,
            expires_at=now + lifetime if lifetime is not None else None,
            data_access_expires_at=now + DATA_ACCESS,
            targets=targets or {},
        )
        with self._lock:
            self._tokens[token.text] = token
        return token

    def find(self, text: str) -> Token | None:
        with self._lock:
            return self._tokens.get(text)

    def of_user(self, user_id: str) -> list[Token]:
        with self._lock:
            return [token for token in self._tokens.values() if token.user_id == user_id]

    def revoke(self, text: str, *, subcode: int = 460) -> None:
        """Let one token die with a 190 of that subcode."""
        with self._lock:
            self._tokens[text].dead = subcode

    def revoke_user(self, user_id: str, *, subcode: int = 460) -> None:
        """Let everything the person granted die, the tokens derived from it too."""
        for token in self.of_user(user_id):
            token.dead = subcode

    def revoke_profile(self, profile_id: str, *, subcode: int = 460) -> None:
        """Let every token die that speaks for one account."""
        with self._lock:
            for token in self._tokens.values():
                if token.profile_id == profile_id:
                    token.dead = subcode

    def expire(self, text: str) -> None:
        """Let one token's time be over."""
        with self._lock:
            self._tokens[text].expires_at = self._clock()

    def check(self, text: str | None, proof: str | None = None) -> Token:
        """Return the living token of a request, its proof checked if one was sent or is demanded."""
        if not text:
            raise GraphError(104)
        self._check_proof(text, proof)
        if text == self.app_token:
            return self._app()
        token = self.find(text)
        if token is None:
            raise GraphError(190)
        if subcode := self._fault(token):
            raise GraphError(190, subcode)
        return token

    def proof(self, text: str) -> str:
        """Return the `appsecret_proof` that belongs to a token."""
        return hmac.new(self.app_secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def debug(self, text: str) -> dict[str, Any]:
        """Return the `data` of `debug_token`."""
        token = self._app() if text == self.app_token else self.find(text)
        if token is None:
            error = {"code": 190, "message": "Invalid OAuth access token."}
            return {"error": error, "is_valid": False, "scopes": []}
        data: dict[str, Any] = {
            "app_id": self.app_id,
            "type": token.type,
            "application": "Sandbox",
            "data_access_expires_at": _seconds_or_zero(token.data_access_expires_at),
            "expires_at": _seconds_or_zero(token.expires_at),
            "is_valid": True,
            "issued_at": seconds(token.issued_at),
            "scopes": sorted(token.scopes),
            "granular_scopes": [_granular(scope, token) for scope in sorted(token.scopes)],
        }
        if token.user_id:
            data["user_id"] = token.user_id
        if token.profile_id:
            data["profile_id"] = token.profile_id
        if subcode := self._fault(token):
            message = TABLE[190, subcode].message
            data |= {"is_valid": False, "error": {"code": 190, "message": message, "subcode": subcode}}
        return data

    def _app(self) -> Token:
        return Token(
            text=self.app_token,
            type="APP",
            user_id="",
            profile_id="",
            scopes=frozenset(),
            issued_at=self._clock(),
            expires_at=None,
            data_access_expires_at=None,
        )

    def _fault(self, token: Token) -> int | None:
        if token.dead:
            return token.dead
        return 463 if token.expires_at is not None and token.expires_at <= self._clock() else None

    def _check_proof(self, text: str, proof: str | None) -> None:
        if proof is None:
            if self.is_proof_required:
                message = "API calls from the server require an appsecret_proof argument"
                raise GraphError(100, message=message, type="GraphMethodException")
        elif not hmac.compare_digest(proof, self.proof(text)):
            message = "Invalid appsecret_proof provided in the API argument"
            raise GraphError(100, message=message, type="GraphMethodException")


def sent_token() -> str | None:
    """Return the token of the current request: `access_token` in the query or form, or a bearer header."""
    text = request.args.get("access_token") or request.form.get("access_token")
    if text:
        return text
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() or None if scheme.lower() in {"bearer", "oauth"} else None


def sent_proof() -> str | None:
    return request.args.get("appsecret_proof") or request.form.get("appsecret_proof")


def _granular(scope: str, token: Token) -> dict[str, Any]:
    chosen = token.targets.get(scope)
    return {"scope": scope, "target_ids": list(chosen)} if chosen else {"scope": scope}


def _seconds_or_zero(at: datetime | None) -> int:
    return seconds(at) if at else 0
