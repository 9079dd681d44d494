"""Pages by index: `start` and `count`, with a link to the next page while there is one.

(learn.microsoft.com/linkedin, "Pagination", read 2026-11-23; ten are given unless asked for otherwise.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, json

from scrm.sandbox.linkedin.address import raw_path, raw_query
from scrm.sandbox.linkedin.errors import JSON
from scrm.sandbox.linkedin.gate import asked_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COUNT = 10


def answer(entity: object, *, status: int = 200) -> Response:
    return Response(json.dumps(entity), status=status, content_type=JSON)


def page(elements: Sequence[Any], entity: Callable[[Any], object], *, has_total: bool = True) -> Response:
    """Answer with the part of all elements that was asked for."""
    start, count = asked_number("start", 0), asked_number("count", COUNT)
    part = elements[start : start + count]
    paging: dict[str, Any] = {"start": start, "count": count, "links": []}
    if start + count < len(elements) and count:
        paging["links"].append({"rel": "next", "type": JSON, "href": _address(start + count, count)})
    if has_total:
        paging["total"] = len(elements)
    return answer({"elements": [entity(one) for one in part], "paging": paging})


def _address(start: int, count: int) -> str:
    """Return the current address with another place in it, everything else as it was sent."""
    kept = [(name, value) for name, value in raw_query() if name not in {"start", "count"}]
    query = [*kept, ("start", str(start)), ("count", str(count))]
    return f"{raw_path()}?{'&'.join(f'{name}={value}' for name, value in query)}"
