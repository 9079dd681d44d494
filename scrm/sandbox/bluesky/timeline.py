"""A list ordered by time, read newest first by opaque cursors; costs the same at ten posts and at 100,000."""

from __future__ import annotations

import base64
import bisect
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = TypeVar("Item")
Key = tuple[int, int]  # microseconds, number of the write: no two items share one

LOOKED_AT_MOST = 1000


def pack(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0]}::{key[1]}".encode()).decode().rstrip("=")


def unpack(cursor: str) -> Key:
    """Return the key of a cursor; a ValueError says it is none of ours."""
    text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    time, number = text.split("::")
    return int(time), int(number)


class Timeline(Generic[Item]):
    """Items by (time, number)."""

    __slots__ = ("_items", "_keys")

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._items: dict[Key, Item] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Key, item: Item) -> None:
        bisect.insort(self._keys, key)
        self._items[key] = item

    def remove(self, key: Key) -> None:
        if self._items.pop(key, None) is not None:
            del self._keys[bisect.bisect_left(self._keys, key)]

    def newest(self, before: Key | None = None) -> Iterator[tuple[Key, Item]]:
        """Walk from the newest item, or from the newest before a key."""
        index = len(self._keys) if before is None else bisect.bisect_left(self._keys, before)
        while index > 0:
            index -= 1
            key = self._keys[index]
            yield key, self._items[key]

    def oldest(self) -> Iterator[Item]:
        for key in self._keys:
            yield self._items[key]

    def page(
        self, limit: int, cursor: str | None, keep: Callable[[Item], bool] = lambda _item: True
    ) -> tuple[list[Item], str | None]:
        """Return up to `limit` items that are kept, and a cursor unless nothing was left to look at.

        As on the real servers the last page of items still carries a cursor, and a page on which nothing
        was kept may carry one too: no request looks at more than a thousand items.
        """
        shown: list[Item] = []
        last: Key | None = None
        for looked_at, (key, item) in enumerate(self.newest(unpack(cursor) if cursor else None), start=1):
            last = key
            if keep(item):
                shown.append(item)
            if len(shown) == limit or looked_at == LOOKED_AT_MOST:
                break
        return shown, pack(last) if last is not None else None
