"""The consent page and the codes it gives: single use, a lifetime, the exact address they were asked for."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, render_template_string

from scrm.sandbox.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1>
{% if error %}<p>{{ error }}</p>
{% else %}<p>{{ app }} asks for: {{ scopes }}</p>
<form method="post">
{% for name, value in kept.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<label>Account <select name="account">
{% for value, name in accounts %}<option value="{{ value }}">{{ name }}</option>
{% endfor %}</select></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{% endif %}</body></html>"""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person allowed, waiting behind a code to become a token."""

    person_key: str
    scopes: tuple[str, ...]
    redirect_uri: str
    granted_at: datetime
    challenge: str | None = None  # of PKCE, S256
    account_ids: tuple[str, ...] = ()  # chosen; none means all


class Codes:
    """The codes of one app; a used or late one is told apart from one never given."""

    def __init__(self, *, clock: Callable[[], datetime], lifetime: timedelta, prefix: str = "AQ") -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._prefix = prefix
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._used: set[str] = set()

    def give(
        self,
        person_key: str,
        scopes: Iterable[str],
        redirect_uri: str,
        *,
        challenge: str | None = None,
        account_ids: Iterable[str] = (),
    ) -> str:
        code = self._prefix + secrets.token_urlsafe(64)
        grant = Grant(
            person_key=person_key,
            scopes=tuple(scopes),
            redirect_uri=redirect_uri,
            granted_at=self._clock(),
            challenge=challenge,
            account_ids=tuple(account_ids),
        )
        with self._lock:
            self._grants[code] = grant
        return code

    def take(self, code: str, redirect_uri: str, verifier: str | None = None) -> Grant:
        """Use a code up and return what it stands for."""
        with self._lock:
            if code in self._used:
                raise GraphError(100, 36009)
            grant = self._grants.get(code)
            if grant is None:
                raise GraphError(100, message="Invalid verification code format.")
            if grant.redirect_uri != redirect_uri:
                raise GraphError(100, 36008)
            if grant.challenge is not None and grant.challenge != _digest(verifier or ""):
                raise GraphError(100, message="Invalid code_verifier parameter.")
            del self._grants[code]
            self._used.add(code)
        if self._clock() - grant.granted_at > self._lifetime:
            raise GraphError(100, 36007)
        return grant


def _digest(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def page(status: int, title: str, **shown: object) -> Response:
    """Return the consent page, or with `error` the page that says why there is none."""
    body = render_template_string(PAGE, title=title, **shown)
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def split_scopes(text: str) -> tuple[str, ...]:
    """Read a `scope` parameter: names separated by commas or blanks."""
    return tuple(text.replace(",", " ").split())


def with_query(address: str, query: Mapping[str, str], fragment: str = "") -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}{fragment}"
