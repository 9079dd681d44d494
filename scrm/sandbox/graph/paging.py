"""Cursor paging: `{"data": […], "paging": {"cursors": {…}, "next": …, "previous": …}}`.

`next` holds the whole address, access token included, and is missing on the last page (Meta's page "Paged
results", v18, read 2026-11-23). A cursor names a place in the order, not an offset: what is deleted meanwhile
moves nothing. Cursors are opaque; that they are base64 is the fake's own business.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scrm.sandbox.graph.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DEFAULT_LIMIT = 25
MOST = 100


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of rows, and the parameters of its neighbors (None where there are none)."""

    rows: Sequence[Any]
    before: str | None
    after: str | None
    has_next: bool
    has_previous: bool

    def paging(self, address: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the `paging` part; `query` is everything of the request except its cursors."""
        if self.before is None or self.after is None:
            return None
        kept = {name: value for name, value in query.items() if name not in {"after", "before"}}
        paging: dict[str, Any] = {"cursors": {"before": self.before, "after": self.after}}
        if self.has_next:
            paging["next"] = f"{address}?{urlencode({**kept, 'after': self.after})}"
        if self.has_previous:
            paging["previous"] = f"{address}?{urlencode({**kept, 'before': self.before})}"
        return paging


def cut(
    rows: Sequence[Any],
    asked: Mapping[str, str],
    key: Callable[[Any], Sequence[int | str]],
    *,
    is_falling: bool = True,
    default: int = DEFAULT_LIMIT,
    most: int = MOST,
) -> Page:
    """Cut the page that `limit`, `after` and `before` ask for; the rows are sorted by `key` already."""
    count = limit(asked, default=default, most=most)
    keys = [list(key(row)) for row in rows]
    start, end = 0, len(rows)
    if after := asked.get("after"):
        place = _place(after)
        start = next((n for n, one in enumerate(keys) if _is_past(one, place, is_falling=is_falling)), len(rows))
    elif before := asked.get("before"):
        place = _place(before)
        end = sum(1 for one in keys if _is_past(place, one, is_falling=is_falling))
        start = max(0, end - count)
    end = min(end, start + count)
    chosen = rows[start:end]
    return Page(
        rows=chosen,
        before=_cursor(keys[start]) if chosen else None,
        after=_cursor(keys[end - 1]) if chosen else None,
        has_next=end < len(rows),
        has_previous=start > 0,
    )


def limit(asked: Mapping[str, str], *, default: int = DEFAULT_LIMIT, most: int = MOST) -> int:
    text = asked.get("limit")
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise BadRequestError(100, message="(#100) Param limit must be a positive integer")
    if int(text) > most:
        raise BadRequestError(100, message=f"(#100) The 'limit' parameter should not exceed {most}")
    return int(text)


def _is_past(one: list[Any], place: list[Any], *, is_falling: bool) -> bool:
    return bool(one < place) if is_falling else bool(one > place)


def _cursor(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _place(cursor: str) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error) as exc:
        raise BadRequestError(100, message="(#100) Invalid cursors values: after or before is not a cursor") from exc
    if not isinstance(place, list):
        raise BadRequestError(100, message="(#100) Invalid cursors values: after or before is not a cursor")
    return place
