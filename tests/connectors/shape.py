"""Records as JSON for the expected files, and every way to spoil one key of an item."""

import copy
import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

WRONG = (
    None,
    True,
    7,
    -1.5,
    "",
    "Geheim Persönlich",
    "2026-02-30T25:61:00Z",
    "\ud800\x00",
    [],
    [[{}]],
    {},
    {"x": []},
)
PLAIN_WORD = re.compile(r"[a-z_.:/-]*")


def as_json(record: Any) -> dict[str, Any]:
    """A record with its class, without what stands at its default."""
    found: dict[str, Any] = {"record": type(record).__name__}
    for one in dataclasses.fields(record):
        value = getattr(record, one.name)
        if value not in (one.default, None, ()):
            found[one.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        found = {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return {name: part for name, part in found.items() if part not in (None, "", False)}
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key and of the first element of every list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield (*path, 0)
        yield from places(value[0], (*path, 0))


def spoiled(item: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The item with one key dropped, or its value replaced by one of another type or no sense."""
    for path in places(item):
        yield path, _with(item, path, drop=True, value=None)
        for wrong in WRONG:
            yield path, _with(item, path, drop=False, value=wrong)


def _with(item: dict[str, Any], path: tuple[Any, ...], *, drop: bool, value: Any) -> dict[str, Any]:
    """A copy in which only the containers on the way are new."""
    changed = copy.copy(item)
    at: Any = changed
    for step in path[:-1]:
        at[step] = copy.copy(at[step])
        at = at[step]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


def personal(item: Any) -> Iterator[str]:
    """Texts of an item that may be about somebody: all but short ones and plain words."""
    if isinstance(item, dict):
        for inner in item.values():
            yield from personal(inner)
    elif isinstance(item, list):
        for inner in item:
            yield from personal(inner)
    elif isinstance(item, str) and len(item) > 5 and not PLAIN_WORD.fullmatch(item):
        yield item
