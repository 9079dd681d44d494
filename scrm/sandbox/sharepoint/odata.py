"""OData as Graph speaks it: which properties, which entries, in which order, how many, and where the rest is.

Only what Graph documents for these resources: comparisons joined by `and`, `startswith`, one or more sort keys,
`$expand` with options in brackets. Links to a next page are opaque and carry the other options on
(learn.microsoft.com/graph/query-parameters and /graph/paging, from memory, 2026-11-24).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request

from scrm.sandbox.sharepoint.errors import OutOfSpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

Entity = dict[str, Any]
CONDITION = re.compile(r"([\w/]+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|[\w:.+-]+)")
STARTS = re.compile(r"startswith\(\s*([\w/]+)\s*,\s*('(?:[^']|'')*')\s*\)", re.IGNORECASE)
EXPANDED = re.compile(r"(\w+)(?:\((?:\$?select=)?([\w,]+)\))?$")
HONOR = "HonorNonIndexedQueriesWarningMayFailRandomly"


def asked(name: str) -> str:
    return request.args.get(name, "")


def unknown_property(name: str, kind: str) -> OutOfSpecError:
    return OutOfSpecError("badRequest", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")


def invalid(option: str) -> OutOfSpecError:
    return OutOfSpecError("badRequest", f"Invalid value for query option '{option}'.")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One type: its properties, those shown unasked (all when None), and what may be expanded."""

    name: str
    properties: frozenset[str]
    shown: frozenset[str] | None = None
    expandable: frozenset[str] = frozenset()
    indexed: frozenset[str] = frozenset()  # properties by which SharePoint finds items quickly

    def check(self) -> None:
        """Refuse a selection or expansion that the type does not have."""
        for name in self.selected() or ():
            if name not in self.properties | self.expandable:
                raise unknown_property(name, self.name)
        for name in expansions():
            if name not in self.expandable:
                raise unknown_property(name, self.name)

    def selected(self) -> list[str] | None:
        text = asked("$select")
        return [name.strip() for name in text.split(",")] if text else None

    def shape(self, entity: Entity) -> Entity:
        """Keep what is selected, or what is shown unasked; annotations, ids and expansions always."""
        chosen = set(self.selected() or self.shown or self.properties)
        kept = chosen | expansions().keys()
        return {name: value for name, value in entity.items() if name in kept or "@" in name or name == "id"}


def expansions() -> dict[str, list[str]]:
    """Return what is expanded, and which fields of it are selected (all when none are named)."""
    found: dict[str, list[str]] = {}
    for part in re.split(r",(?![^(]*\))", asked("$expand")) if asked("$expand") else ():
        named = EXPANDED.match(part.strip())
        if named is None:
            raise invalid("$expand")
        found[named[1]] = named[2].split(",") if named[2] else []
    return found


def top(default: int, most: int, *, is_strict: bool = False) -> int:
    """Return how many entries a page has; where Graph is not strict, more than possible means as many as possible."""
    wanted = int(asked("$top") or default)
    if wanted < 1 or (is_strict and wanted > most):
        message = f"Invalid page size specified: '{wanted}'. Must be between 1 and {most} inclusive."
        raise OutOfSpecError("badRequest", message)
    return min(wanted, most)


def chosen(entries: Sequence[Entity], resource: Resource) -> list[Entity]:
    """Return the entries that pass the filter, in the order asked for."""
    found = [entry for entry in entries if all(test(entry) for test in _tests(resource))]
    for part in reversed(asked("$orderby").split(",")) if asked("$orderby") else ():
        name, _, direction = part.strip().partition(" ")
        _check_path(name, resource)
        if direction not in {"", "asc", "desc"}:
            raise invalid("$orderby")
        found.sort(key=lambda entry, name=name: str(_value(entry, name) or ""), reverse=direction == "desc")  # type: ignore[misc]
    return found


def _tests(resource: Resource) -> list[Callable[[Entity], bool]]:
    tests: list[Callable[[Entity], bool]] = []
    for part in re.split(r"\s+and\s+", asked("$filter")) if asked("$filter") else ():
        if starts := STARTS.fullmatch(part.strip()):
            _check_path(starts[1], resource)
            tests.append(_starts_with(starts[1], _literal(starts[2])))
        elif compared := CONDITION.fullmatch(part.strip()):
            _check_path(compared[1], resource)
            tests.append(_compares(compared[1], compared[2], _literal(compared[3])))
        else:
            raise invalid("$filter")
    return tests


def _check_path(path: str, resource: Resource) -> None:
    head = path.partition("/")[0]
    if head not in resource.properties | resource.expandable:
        raise unknown_property(head, resource.name)
    if head == "fields" and path not in resource.indexed and HONOR not in request.headers.get("Prefer", ""):
        message = (
            f"Field '{path.partition('/')[2]}' cannot be referenced in filter or orderby as it is not indexed. "
            f"Provide the 'Prefer: {HONOR}' header to allow this, but such queries may fail on large lists."
        )
        raise OutOfSpecError("invalidRequest", message)


def _literal(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _value(entry: Entity, path: str) -> object:
    value: object = entry
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return str(value).lower() if isinstance(value, bool) else value


def _starts_with(path: str, start: str) -> Callable[[Entity], bool]:
    return lambda entry: str(_value(entry, path) or "").lower().startswith(start.lower())


def _compares(path: str, operator: str, literal: str) -> Callable[[Entity], bool]:
    def test(entry: Entity) -> bool:
        value = str(_value(entry, path) or "").lower()
        wanted = literal.lower()
        return {
            "eq": value == wanted,
            "ne": value != wanted,
            "gt": value > wanted,
            "ge": value >= wanted,
            "lt": value < wanted,
            "le": value <= wanted,
        }[operator]

    return test


def link(**changed: str) -> str:
    """Return the current address with these options; those of paging are left out unless given."""
    kept = {name: value for name, value in request.args.items() if name not in {"$skiptoken", "$skip", "token"}}
    return f"{request.base_url}?{urlencode(kept | {f'${name}': value for name, value in changed.items()})}"


def cut(entries: Sequence[Entity], size: int) -> tuple[list[Entity], str | None]:
    """Return one page, and the link to the next, which goes on after the last entry shown."""
    start = int(asked("$skip") or 0)
    if text := asked("$skiptoken"):
        offset, _, last = decoded(text).partition(":")
        places = [place for place, entry in enumerate(entries, start=1) if str(entry["id"]) == last]
        if not offset.isdigit():
            raise invalid("$skiptoken")
        start = places[0] if places else int(offset)
    found = list(entries[start : start + size])
    if start + size >= len(entries):
        return found, None
    return found, link(skiptoken=encoded(f"{start + size}:{found[-1]['id']}"))


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise OutOfSpecError("invalidRequest", "The provided skip token is not valid.") from None


def collection(
    entries: Sequence[Entity], resource: Resource, *, size: int, extra: Mapping[str, object] | None = None
) -> Entity:
    """Return a page of a collection: filtered, ordered, cut, and each entry in the shape asked for."""
    resource.check()
    found = chosen(entries, resource)
    page, next_link = cut(found, size)
    body: Entity = {"@odata.context": f"{request.url_root}v1.0/$metadata#{resource.name}", **(extra or {})}
    if asked("$count") == "true":
        body["@odata.count"] = len(found)
    if next_link:
        body["@odata.nextLink"] = next_link
    return {**body, "value": [resource.shape(entry) for entry in page]}


def narrowed(fields: Entity, names: Collection[str]) -> Entity:
    """Return the selected fields of an expansion; without a selection all of them."""
    return {name: value for name, value in fields.items() if not names or name in names or "@" in name}
