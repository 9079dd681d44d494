"""The ledger of a Graph-style server: its routes, and faults answered with the network's own errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, g, request

from scrm.sandbox.graph.errors import GraphError, status_body
from scrm.sandbox.graph.versions import ENDS, SERVED
from scrm.sandbox.ledger import SECRET_PARAMETERS, Ledger, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

# every call takes these
ANYWHERE = {
    "access_token": "string",
    "appsecret_proof": "string",
    "fields": "string",
    "locale": "string",
    "pretty": "boolean",
}
PAGED = {"limit": "integer", "after": "string", "before": "string"}
# more names of Graph's own that carry secrets
SECRETS = SECRET_PARAMETERS | {"appsecret_proof", "fb_exchange_token", "input_token", "ig_exchange_token"}


def reads(path: str, source: str, query: Mapping[str, str] | None = None, required: tuple[str, ...] = ()) -> Route:
    """Return a GET route below the version, with the parameters every call takes."""
    return Route(
        method="GET", path="/{version}" + path, source=source, query={**ANYWHERE, **(query or {})}, required=required
    )


class GraphLedger(Ledger):
    """A ledger whose refusals look as the network's own."""

    def __init__(self, routes: Sequence[Route], *, clock: Callable[[], datetime]) -> None:
        super().__init__(routes, error_body=status_body, clock=clock)

    def requests(self) -> list[dict[str, object]]:
        entries = super().requests()
        for entry in entries:
            query = entry["query"]
            if isinstance(query, dict):
                entry["query"] = {name: ["…"] if name in SECRETS else query[name] for name in query}
        return entries

    def fault(self) -> str | None:
        served = request.environ.get(SERVED)
        if served is not None and served not in ENDS:
            return f"unknown path components: /{served}"
        return super().fault()

    def _gate(self) -> Response | None:
        answer = super()._gate()
        if answer is None or g.get("outcome") != "invalid":
            return answer
        fault = str(g.fault)
        if fault.startswith("unknown path"):
            return GraphError(2500, message=fault).response()
        return GraphError(100, message=f"(#100) {fault}").response()
