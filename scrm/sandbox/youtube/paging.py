"""Cut lists into pages: by offset as most lists do, or by a cursor that stays where it was for comments.

`totalResults` is approximate on the real network and so it is here: never a stop. Comments that are not to be
seen are taken out after the cut, so that a page may be short or empty and still have a next one (from memory,
2026-11-24).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scrm.sandbox.youtube import ids
from scrm.sandbox.youtube.problems import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: list[Item]
    size: int
    total: int
    start: int = 0
    next_token: str | None = None
    previous_token: str | None = None

    def envelope(self, kind: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the list's body with its resources, not yet with an etag."""
        body: dict[str, Any] = {"kind": f"youtube#{kind}ListResponse", "etag": ""}
        if self.next_token:
            body["nextPageToken"] = self.next_token
        if self.previous_token:
            body["prevPageToken"] = self.previous_token
        return body | {"pageInfo": {"totalResults": self.total, "resultsPerPage": self.size}, "items": resources}


def by_offset(found: Sequence[Item], size: int, token: str | None, total: int | None = None) -> Page[Item]:
    start = 0
    if token is not None:
        place = ids.read_offset(token)
        if place is None:
            raise ApiError("invalidPageToken")
        start = place
    end = start + size
    return Page(
        items=list(found[start:end]),
        size=size,
        total=len(found) if total is None else total,
        start=start,
        next_token=ids.offset_token(end) if size and end < len(found) else None,
        previous_token=ids.offset_token(max(0, start - size)) if start else None,
    )


def by_cursor(
    found: Sequence[Item],
    size: int,
    token: str | None,
    *,
    walk: str,
    key: Callable[[Item], list[Any]],
    keep: Callable[[Item], bool],
) -> Page[Item]:
    """Cut the page after the token's place out of a list that descends by its key."""
    start = 0
    if token is not None:
        after = ids.read_cursor(walk, token)
        if after is None:
            raise ApiError("invalidPageToken")
        start = next((place for place, one in enumerate(found) if key(one) < after), len(found))
    cut = found[start : start + size]
    items = [one for one in cut if keep(one)]
    is_more = start + size < len(found)
    next_token = ids.cursor_token(walk, key(cut[-1])) if cut and is_more else None
    return Page(items=items, size=size, total=len(items), next_token=next_token)
