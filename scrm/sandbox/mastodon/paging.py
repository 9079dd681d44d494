"""Paging as Mastodon does it: by id, newest first, with Link headers.

`max_id` and `since_id` cut a window from the newest down, so `since_id` alone leaves a gap when more than a
page has come; `min_id` gives the items immediately above it, still newest first in the page
(app/models/concerns/paginable.rb and Api::Pagination, read 2026-11-24).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PLACES = frozenset({"max_id", "min_id", "since_id"})


def limit(default: int) -> int:
    """Read `limit` as the server does: silently at most twice the default, never refused."""
    return min(abs(int(request.args.get("limit", default))), default * 2)


def window(ids: Sequence[int], count: int, keep: Callable[[int], bool], *, both_ways: bool = True) -> list[int]:
    """Return at most `count` of the ascending ids that the request's max_id, min_id and since_id ask for."""
    below, above, since = _place("max_id"), _place("min_id"), _place("since_id")
    end = len(ids) if below is None else bisect_left(ids, below)
    if above is not None and both_ways:
        upward = _take(ids, range(bisect_right(ids, above), end), count, keep)
        return upward[::-1]
    start = 0 if since is None else bisect_right(ids, since)
    return _take(ids, range(end - 1, start - 1, -1), count, keep)


def merged_window(lists: Iterable[Sequence[int]], count: int, keep: Callable[[int], bool]) -> list[int]:
    """Return the window of several ascending lists as if they were one, without ever joining them."""
    pages = (window(ids, count, keep) for ids in lists)
    found = sorted((number for page in pages for number in page), reverse=True)
    if _place("min_id") is None:
        return found[:count]
    return found[max(0, len(found) - count) :]


def _take(ids: Sequence[int], places: range, count: int, keep: Callable[[int], bool]) -> list[int]:
    taken: list[int] = []
    for place in places:
        if len(taken) == count:
            break
        if keep(ids[place]):
            taken.append(ids[place])
    return taken


def _place(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    # the server casts to a number: what is not one counts as 0
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def link_header(page: Sequence[int], *, has_next: bool, back_by: str = "min_id") -> str | None:
    """Return the Link header of a page, or None for an empty one."""
    if not page:
        return None
    links = []
    if has_next:
        links.append(f'<{_address("max_id", page[-1])}>; rel="next"')
    links.append(f'<{_address(back_by, page[0])}>; rel="prev"')
    return ", ".join(links)


def _address(name: str, number: int) -> str:
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in PLACES]
    query = urlencode([*kept, (name, str(number))])
    return f"{request.host_url.rstrip('/')}{request.path}?{query}"
