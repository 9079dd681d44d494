"""Versions of the Graph API: which live when, and which one answers a call.

An expired version is silently served by the oldest that lives, no version at all by the app's own setting;
`facebook-api-version` tells which answered (Meta's pages "Changelog", updated 2026-10-29, and "Versioning",
v18, read 2026-11-23).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from scrm.sandbox.ledger import CONTROL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DEFAULT = "v26.0"
# when each ends; the newest have no end yet
ENDS: dict[str, datetime | None] = {
    "v20.0": datetime(2026, 9, 24, tzinfo=UTC),
    "v21.0": datetime(2027, 1, 21, tzinfo=UTC),
    "v22.0": datetime(2027, 5, 20, tzinfo=UTC),
    "v23.0": datetime(2027, 10, 8, tzinfo=UTC),
    "v24.0": datetime(2028, 2, 18, tzinfo=UTC),
    "v25.0": datetime(2028, 7, 29, tzinfo=UTC),
    "v26.0": None,
}
ASKED = "graph.asked_version"
SERVED = "graph.served_version"


class Versions:
    """Puts the version that answers into the path of every call, and into a header of every answer."""

    def __init__(self, *, clock: Callable[[], datetime], default: str = DEFAULT, outside: Iterable[str] = ()) -> None:
        self._clock = clock
        self._default = default
        self._outside = (CONTROL, *outside)  # paths that bear no version

    def attach(self, app: Flask) -> None:
        app.wsgi_app = self._around(app.wsgi_app)  # type: ignore[assignment]
        app.after_request(self._tell)

    def served(self, asked: str | None) -> str:
        """Return the version that answers; one never heard of is returned as asked and is no path."""
        version = asked or self._default
        if version not in ENDS:
            is_ancient = float(version[1:]) < min(float(known[1:]) for known in ENDS)
            return self._oldest() if is_ancient else version
        end = ENDS[version]
        return self._oldest() if end is not None and end <= self._clock() else version

    def _oldest(self) -> str:
        now = self._clock()
        return next(version for version, end in ENDS.items() if end is None or end > now)

    def _around(self, inner: WSGIApplication) -> WSGIApplication:
        def versioned(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            path = environ["PATH_INFO"]
            if not path.startswith(self._outside):
                named = re.match(r"/(v\d+\.\d+)(?=/|$)", path)
                asked = named.group(1) if named else None
                rest = path[named.end() :] if named else path
                served = self.served(asked)
                environ[ASKED], environ[SERVED] = asked, served
                environ["PATH_INFO"] = f"/{served}{rest}"
            return inner(environ, start_response)

        return versioned

    def _tell(self, answer: Response) -> Response:
        if served := request.environ.get(SERVED):
            answer.headers["facebook-api-version"] = served
        return answer
