"""The mark of a browser that signed in before: strangers who try an account's password cannot keep its owner out.

It signs nobody in. It says which account this browser was let in to, sealed by a key of ours, for ninety days.
"""

import hashlib
import hmac
import secrets
from typing import Final

from flask import Response

from scrm.runtime import Core

LASTS_SECONDS: Final = 90 * 24 * 3600


def cookie_name(*, is_https: bool) -> str:
    """As for the session: browsers accept __Host- only over https."""
    return "__Host-scrm-known" if is_https else "scrm-known"


def read(core: Core, value: str, email: str) -> str | None:
    """The browser's own name when it signed in to this account before."""
    name, _, given = value.partition(".")
    keys = core.vault.derive("web.known")
    fits = [hmac.compare_digest(given.encode("utf-8", "replace"), _mark(key, name, email)) for key in keys]
    return name if name and any(fits) else None


def remember(core: Core, response: Response, email: str, *, is_https: bool) -> None:
    """Leave the mark in the browser."""
    name = secrets.token_urlsafe(16)
    response.set_cookie(
        cookie_name(is_https=is_https),
        f"{name}.{_mark(core.vault.derive('web.known')[0], name, email).decode()}",
        max_age=LASTS_SECONDS,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="Lax",
    )


def _mark(key: bytes, name: str, email: str) -> bytes:
    marked = f"{name}|{email.strip().lower()}".encode("utf-8", "replace")
    return hmac.digest(key, marked, hashlib.sha256).hex().encode()
