"""One call of the REST API inside the org, its answer, and the table of what there is to call.

A composite request makes calls that never were HTTP, so the handlers know nothing of HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.salesforce.users import Actor

NO_RESOURCE = "The requested resource does not exist"


@dataclass(frozen=True, kw_only=True)
class Call:
    """`path` is what follows the version, without slashes around it; `body` is parsed JSON, or text of a CSV."""

    method: str
    path: str
    base: str
    actor: Actor
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Whole number of the API version in the path."""
        return int(self.base.rsplit("/v", 1)[-1].split(".")[0])

    def json(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise RefusedError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]: expected an object")
        return self.body


@dataclass(kw_only=True)
class Answer:
    """`body` None is an empty answer; text is CSV."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path; `{name}` is a part of the path, `query` the parameters it knows."""

    method: str
    path: str
    handler: Callable[..., Answer]
    query: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)), re.IGNORECASE)


class UnknownError(Exception):
    """A path, method or parameter the API does not have: a client's invention, which must fail its test."""


class Table:
    """All routes of the API."""

    def __init__(self) -> None:
        self._routes: list[tuple[Route, re.Pattern[str]]] = []

    def add(self, *routes: Route) -> None:
        self._routes += [(route, route.pattern()) for route in routes]
        # a literal path stands before a template
        self._routes.sort(key=lambda pair: pair[0].path.count("{"))

    def call(self, call: Call) -> Answer:
        """Raises RefusedError as the API would, UnknownError for what no API has."""
        path = call.path.strip("/")
        at_path = [(route, match) for route, pattern in self._routes if (match := pattern.fullmatch(path))]
        if not at_path:
            raise UnknownError(f"unknown path {call.path}")
        found = next((pair for pair in at_path if pair[0].method == call.method), None)
        if found is None:
            allowed = ",".join(sorted({route.method for route, _ in at_path}))
            sentence = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
            raise RefusedError("METHOD_NOT_ALLOWED", sentence)
        route, match = found
        if unknown := set(call.query) - set(route.query):
            raise UnknownError(f"unknown parameter {min(unknown)} for {route.method} {route.path}")
        return route.handler(call, **{name: unquote(text) for name, text in match.groupdict().items()})
