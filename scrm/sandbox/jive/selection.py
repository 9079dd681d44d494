"""What a request selects: filters, pages, and the fields of what is returned.

A page is cut before it is known what the asker may see, so it may be shorter than asked although more follows; the
end is where `links.next` is missing. `fields` takes names, dotted ones reach into objects, `@all` and `@summary`
stand for sets, a minus leaves out (introduction and SearchService on developers.jivesoftware.com, read 2026-11-24;
dots, minus and the cutting before the filtering from memory).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from flask import request

from scrm.sandbox.jive import routes
from scrm.sandbox.jive.problems import malformed
from scrm.sandbox.jive.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.jive.routes import Call

FILTER = re.compile(r"([A-Za-z-]+)\((.*)\)", re.DOTALL)
CHOICES = {
    routes.KINDS: frozenset(routes.CONTENT_TYPES),
    routes.PLACES: frozenset(routes.PLACE_TYPES),
    routes.STREAMS: frozenset(routes.STREAM_TYPES),
}
LENGTHS = {
    routes.TIME: {1},
    routes.SINCE: {1, 2},
    routes.BETWEEN: {2},
    routes.PERSON: {1},
    routes.ONE: {1},
    routes.FLAG: {1},
}
Found = TypeVar("Found")


def values_of(text: str) -> list[str]:
    r"""Split at commas; a backslash before , \ ( ) makes the sign part of the value."""
    values, is_escaped = [""], False
    for sign in text:
        if is_escaped or sign not in "\\,()":
            values[-1] += sign
            is_escaped = False
        elif sign == "\\":
            is_escaped = True
        elif sign == ",":
            values.append("")
        else:
            raise malformed("a filter's special signs must be escaped")
    return values


def filters_of(call: Call, api: str) -> dict[str, list[Any]]:
    """Read the request's filters; each may stand once."""
    read: dict[str, list[Any]] = {}
    for text in request.args.getlist("filter"):
        found = FILTER.fullmatch(text)
        if found is None or found[1] not in call.filters or found[1] in read:
            raise malformed("filter")
        name, kind = found[1], call.filters[found[1]]
        values = values_of(found[2])
        if len(values) not in LENGTHS.get(kind, {len(values)}) or not all(values):
            raise malformed(f"filter {name}")
        read[name] = [_value(name, kind, value, api) for value in values]
    return read


def _value(name: str, kind: str, value: str, api: str) -> Any:
    if kind in CHOICES and value not in CHOICES[kind]:
        raise malformed(f"filter {name} knows no {value}")
    if kind in {routes.TIME, routes.SINCE, routes.BETWEEN}:
        if kind == routes.BETWEEN and value == "null":
            return None
        at = moment(value)
        if at is None:
            raise malformed(f"filter {name} takes a time")
        return at
    if kind in {routes.PERSON, routes.PLACE_URIS}:
        return _id_in(name, "people" if kind == routes.PERSON else "places", value, api)
    if kind == routes.FLAG:
        if value not in {"true", "false"}:
            raise malformed(f"filter {name} is true or false")
        return value == "true"
    return value


def _id_in(name: str, folder: str, value: str, api: str) -> int:
    """Return the id of a full or partial address."""
    found = re.fullmatch(rf"(?:{re.escape(api)})?/?{folder}/(\d+)", value)
    if found is None:
        raise malformed(f"filter {name} takes an address")
    return int(found[1])


def sort_of(call: Call) -> str:
    sort = request.args.get("sort", call.sorts[0])
    if sort not in call.sorts:
        raise malformed("sort")
    return sort


def number_asked(name: str, default: int, least: int, most: int | None = None) -> int:
    number = int(request.args.get(name, default))
    if number < least or (most is not None and number > most):
        raise malformed(name)
    return number


def is_asked(name: str, *, default: bool = False) -> bool:
    return request.args[name] in {"true", "1"} if name in request.args else default


def page_of(
    call: Call,
    items: Sequence[Found],
    show: Callable[[Found], dict[str, Any]],
    keep: Callable[[Found], bool] = lambda _: True,
    *,
    start: int | None = None,
) -> dict[str, Any]:
    """Cut a page out of all there is, leave out what the asker may not see, and say where more is."""
    count = number_asked("count", routes.DEFAULT_COUNT, 1, call.most)
    start = number_asked("startIndex", 0, 0) if start is None else start
    shown = [show(one) for one in items[start : start + count] if keep(one)]
    links = {}
    if start + count < len(items):
        links["next"] = _link(start + count, count)
    if start > 0:
        links["previous"] = _link(max(0, start - count), count)
    envelope: dict[str, Any] = {"itemsPerPage": count, "startIndex": start, "list": shown}
    return envelope | ({"links": links} if links else {})


def _link(start: int, count: int) -> str:
    query = {name: values for name, values in request.args.lists() if name not in {"anchor", "startIndex", "count"}}
    return f"{request.base_url}?{urlencode({**query, 'startIndex': start, 'count': count}, doseq=True)}"


def with_fields(entity: dict[str, Any], summary: Sequence[str] = (), *, is_summary: bool = False) -> dict[str, Any]:
    """Return the fields asked for; without asking all, or the summary where lists have one."""
    asked = [name for name in request.args.get("fields", "@summary" if is_summary else "@all").split(",") if name]
    wanted = [name for name in asked if not name.startswith("-")] or ["@all"]
    if "@all" in wanted or ("@summary" in wanted and not summary):
        chosen = entity
    else:
        names = [one for name in wanted for one in (summary if name == "@summary" else (name,))]
        chosen = _chosen(entity, names)
    without = {name[1:] for name in asked if name.startswith("-")}
    return {name: value for name, value in chosen.items() if name not in without}


def _chosen(entity: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for name in names:
        first, _, rest = name.partition(".")
        if first not in entity:
            continue
        value = entity[first]
        if rest and isinstance(value, dict):
            chosen[first] = {**chosen.get(first, {}), **_chosen(value, [rest])}
        else:
            chosen[first] = value
    return chosen
