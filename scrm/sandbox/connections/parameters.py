"""What the values of a request's parameters must look like, and how they are read.

`since` counts milliseconds in Forums and in the feed of all communities, and is a time of RFC 3339 elsewhere, in the
feed of one's own communities too (IBM Connections 3.0 documentation, "Common parameters", "Getting the All
Communities feed" and "Getting the My Communities feed", read 2026-11-24). How many entries a page may have differs by
application, the bounds are from memory; a larger wish is cut, not refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter: its type for the table of routes, and whether a value fits."""

    word: str
    fits: Callable[[str], bool]


def _is_number(least: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdecimal() and int(value) >= least


def number(least: int) -> Parameter:
    return Parameter(word="integer", fits=_is_number(least))


def one_of(*values: str) -> Parameter:
    return Parameter(word="string", fits=lambda value: value in values)


def when(value: str) -> datetime | None:
    """Read a time of RFC 3339, with upper-case T and Z."""
    if not RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def after_epoch(value: str) -> datetime:
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _is_filters(value: str) -> bool:
    try:
        found = json.loads(value)
    except ValueError:
        return False
    return isinstance(found, list) and all(isinstance(one, dict) and {"type", "values"} <= set(one) for one in found)


MOST_MILLIS = 10**14  # beyond what a date can be
WORDS = Parameter(word="string", fits=lambda value: bool(value.strip()))
TIME = Parameter(word="string", fits=lambda value: when(value) is not None)
MILLIS = Parameter(word="integer", fits=lambda value: _is_number(0)(value) and int(value) < MOST_MILLIS)
ID = Parameter(word="string", fits=lambda value: UUID.fullmatch(value) is not None)
TRUTH = one_of("true", "false")
FILTERS = Parameter(word="string", fits=_is_filters)
