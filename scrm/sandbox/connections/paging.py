"""Pages of feeds: cut, counted, and linked to the next one, on whatever host the server believes itself to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlencode

from scrm.sandbox.connections.xml import link, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrm.sandbox.connections.asking import Asking

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """What of all entries stands on the page asked for."""

    items: Sequence[T]
    total: int
    number: int
    size: int
    first: int  # the number of the first page

    @property
    def start(self) -> int:
        """Tell the place of its first entry; an empty feed says 0."""
        return (self.number - self.first) * self.size + self.first if self.total else 0

    @property
    def last(self) -> int:
        return self.first + max(0, self.total - 1) // self.size


def cut(items: Sequence[T], asked: Mapping[str, str], *, usual: int, most: int, first: int = 1) -> Page[T]:
    size = min(int(asked.get("ps", usual)), most)
    number = int(asked.get("page", first))
    begin = (number - first) * size
    return Page(items=items[begin : begin + size], total=len(items), number=number, size=size, first=first)


def counts(page: Page[T]) -> str:
    """Return the three elements of OpenSearch."""
    return (
        tag("opensearch:totalResults", str(page.total))
        + tag("opensearch:startIndex", str(page.start))
        + tag("opensearch:itemsPerPage", str(page.size))
    )


def links(page: Page[T], asking: Asking, *, kind: str = "application/atom+xml") -> str:
    """Return the links to this page and to those around it; the last page has none to a next one."""
    found = link("self", asking.address(), kind)
    if page.last > page.first:
        found += link("first", _to(asking, page.first), kind) + link("last", _to(asking, page.last), kind)
    if page.number > page.first:
        found += link("previous", _to(asking, page.number - 1), kind)
    if page.number < page.last:
        found += link("next", _to(asking, page.number + 1), kind)
    return found


def _to(asking: Asking, number: int) -> str:
    query = urlencode({**asking.query, "page": number})
    return f"{asking.address(with_query=False)}?{query}"
