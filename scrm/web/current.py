"""What a view may ask for at any time: the core, the time, and who is signed in."""

from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, g, request

from scrm.models import User
from scrm.runtime import Core


def core() -> Core:
    """The core this application was built over."""
    return cast("Core", current_app.extensions["scrm"])


def now() -> datetime:
    return core().db.clock.now()


def user() -> User:
    """Who is signed in; only in views that need a role."""
    found = maybe_user()
    if found is None:
        raise RuntimeError("nobody is signed in: the route lacks a role")
    return found


def maybe_user() -> User | None:
    return cast("User | None", g.get("user"))


def session_mark() -> str:
    """What names the session in use on pages; empty when nobody is signed in."""
    return cast("str", g.get("session_mark", ""))


def wake(kind: str, subject: int | None = None) -> None:
    """Wake a worker after a commit; a failure costs delay and nothing else, because the sweeper finds the row."""
    try:
        core().wake(kind, subject)
    except Exception:  # noqa: BLE001 - whatever the queue says, the work is stored
        current_app.logger.info("wake_failed")


def inside(path: str | None) -> str:
    """A path of ours to go on to, or the home page; never an address elsewhere."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path:
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


def wants_part() -> bool:
    """Whether our own script asks, which swaps the main part of a page in place."""
    return request.headers.get("X-Scrm-Part") == "main"
