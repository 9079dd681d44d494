"""Ids and handles as X makes them.

An id is a snowflake: milliseconds since 4 November 2010 and 22 bits below them, so that ids sort by time (from
memory, 2026-11-24). Ids match `[0-9]{1,19}`, handles `[A-Za-z0-9_]{1,15}` (openapi.json 2.167, read 2026-11-24).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrm.sandbox.network import Person

EPOCH_MILLISECONDS = 1288834974657
SHIFT = 22
LONGEST_HANDLE = 15


class Snowflakes:
    """Gives each thing that happens an id of its own, the same under the same clock."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def make(self, at: datetime) -> int:
        first = first_id_at(at)
        number = self._next.get(first, 0)
        self._next[first] = number + 1
        return first + number


def first_id_at(at: datetime) -> int:
    """Return the lowest id of that millisecond."""
    return max(0, round(at.timestamp() * 1000) - EPOCH_MILLISECONDS) << SHIFT


def time_of(number: int) -> datetime:
    return datetime.fromtimestamp(((number >> SHIFT) + EPOCH_MILLISECONDS) / 1000, UTC)


def handle_of(person: Person) -> str:
    """Return the person's handle in the letters and the length X allows."""
    return re.sub(r"[^A-Za-z0-9_]", "_", person.handle)[:LONGEST_HANDLE]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def time(text: str) -> datetime | None:
    """Read an ISO 8601 time with its zone, or return None."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
