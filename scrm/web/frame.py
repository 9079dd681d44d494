"""What every answer has: security headers, trusted hosts, a language, a time zone, and static files by content.

The policy follows OWASP ASVS 5.0, 3.4.3 (read 2026-11): nothing but our own script, style and pictures.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import LOCALTZ
from flask import Flask, Response, g, request, session, url_for

from scrm import i18n
from scrm.config import Settings
from scrm.web import current

ALLOWED: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)
POLICY: Final = "; ".join(ALLOWED)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
STATIC: Final = Path(__file__).parent / "static"
ZONE_COOKIE: Final = "scrm-zone"  # set by our script: the browser alone knows where it is


def trusted_hosts(settings: Settings) -> list[str]:
    """Host headers we answer to: the public address, the listening one, and this machine."""
    named = urlsplit(settings.base_url).hostname or ""
    listening = settings.host if settings.host not in {"0.0.0.0", "::"} else ""  # noqa: S104 - compared, not bound
    return [host for host in (named, listening, *LOOPBACK) if host]


def install(app: Flask) -> None:
    """Choose the language before each request, put the headers on each answer."""
    app.before_request(_choose_language)
    app.after_request(_harden)
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["languages"] = {"en": "English", "de": "Deutsch"}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it for good."""
    return url_for("static", filename=name, v=_digest(name))


def choose_language() -> str:
    """The person's choice, else the browser's, else the installation's."""
    who = current.maybe_user()
    chosen = (who.locale if who else None) or session.get("language")
    if chosen in i18n.LANGUAGES:
        return str(chosen)
    wanted = request.accept_languages.best_match(i18n.LANGUAGES) if request.accept_languages else None
    return wanted or current.core().settings.locale


def locale() -> Locale:
    """How numbers and dates are written; English the way of most of the world."""
    return Locale("de") if i18n.language.get() == "de" else Locale("en", "GB")


def zone() -> ZoneInfo:
    """The browser's time zone, else the server's."""
    if "zone" not in g:
        named = request.cookies.get(ZONE_COOKIE, "")
        g.zone = ZoneInfo(named) if named in _zones() else LOCALTZ
    found: ZoneInfo = g.zone
    return found


def known_zone(name: str) -> bool:
    """Whether there is such a time zone."""
    return name in _zones()


def origins_of(settings: Settings, name: str) -> list[str]:
    """Who may show this embed in a frame."""
    pairs = (pair.partition("=") for pair in settings.embed_origins)
    return [origin for embed, _, origin in pairs if embed == name]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _choose_language() -> None:
    i18n.language.set(choose_language())


def _harden(response: Response) -> Response:
    framed = g.get("frame_ancestors")
    if framed:
        policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {framed}")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "no-referrer"  # the address holds a token
    for name, value in HEADERS.items():
        if framed and name == "X-Frame-Options":
            continue  # it knows no list of origins
        response.headers.setdefault(name, value)
    if current.core().settings.base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
