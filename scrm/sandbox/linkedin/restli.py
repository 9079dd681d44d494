"""Rest.li 2.0 as it stands in an address: lists, records and texts, each read strictly.

`List(…)` and `(name:value,…)` are structure and stay as they are; inside a text the characters `( ) , : '` must be
percent-encoded, so a URN is sent as `urn%3Ali%3A…` (linkedin.github.io/rest.li/spec/protocol; the refusal of what
is encoded wrongly as in linkedin-developers/linkedin-api-python-client#23 and linkedin/rest.li#527, read 2026-11-24).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union
from urllib.parse import unquote

from scrm.sandbox.linkedin.urns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Mapping

Value: TypeAlias = Union[str, "list[Value]", "dict[str, Value]"]

PLAIN = re.compile(r"[^(),:']*")
MOST_IN_A_PAGE = 100


class SyntaxFault(ValueError):  # noqa: N818 - a fault of the caller's address, not of this program
    """A part of an address that is not written as Rest.li 2.0 wants it."""


def parse(raw: str) -> Value:
    """Read one value as it stands in the address, before any percent-decoding."""
    value, end = _value(raw, 0)
    if end != len(raw):
        raise SyntaxFault("characters left over")
    return value


def _value(raw: str, start: int) -> tuple[Value, int]:
    if raw.startswith("List(", start):
        return _list(raw, start + len("List("))
    if raw.startswith("(", start):
        return _record(raw, start + 1)
    return _text(raw, start)


def _text(raw: str, start: int) -> tuple[str, int]:
    found = PLAIN.match(raw, start)
    if found is None or not found[0]:
        raise SyntaxFault("a text is missing")
    return unquote(found[0]), found.end()


def _list(raw: str, place: int) -> tuple[Value, int]:
    values: list[Value] = []
    if raw.startswith(")", place):
        return values, place + 1
    while True:
        value, place = _value(raw, place)
        values.append(value)
        if raw.startswith(")", place):
            return values, place + 1
        place = _after(raw, place, ",")


def _record(raw: str, place: int) -> tuple[Value, int]:
    values: dict[str, Value] = {}
    while True:
        name, place = _text(raw, place)
        values[name], place = _value(raw, _after(raw, place, ":"))
        if raw.startswith(")", place):
            return values, place + 1
        place = _after(raw, place, ",")


def _after(raw: str, place: int, sign: str) -> int:
    if not raw.startswith(sign, place):
        raise SyntaxFault(f"expected {sign}")
    return place + 1


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a parameter may be; `fits` tells whether a value is."""

    def fits(self, value: Value) -> bool:
        return isinstance(value, str) and bool(value)


@dataclass(frozen=True, kw_only=True)
class Choice(Shape):
    """One of some words."""

    words: frozenset[str]

    def fits(self, value: Value) -> bool:
        return isinstance(value, str) and value in self.words


@dataclass(frozen=True, kw_only=True)
class Number(Shape):
    """A whole number within bounds."""

    least: int = 0
    most: int = 2**63 - 1

    def fits(self, value: Value) -> bool:
        is_number = isinstance(value, str) and re.fullmatch(r"\d{1,19}", value) is not None
        return is_number and self.least <= int(str(value)) <= self.most


@dataclass(frozen=True, kw_only=True)
class Urn(Shape):
    """A URN of some kind; the kinds stand in `urns`."""

    kind: str

    def fits(self, value: Value) -> bool:
        return isinstance(value, str) and PATTERNS[self.kind].fullmatch(value) is not None


@dataclass(frozen=True, kw_only=True)
class ListOf(Shape):
    """At least one value of a shape."""

    shape: Shape

    def fits(self, value: Value) -> bool:
        return isinstance(value, list) and bool(value) and all(self.shape.fits(one) for one in value)


@dataclass(frozen=True, kw_only=True)
class Record(Shape):
    """Values by name; those in `optional` may be absent. A union is a record of which one field is sent."""

    fields: Mapping[str, Shape] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    is_union: bool = False

    def fits(self, value: Value) -> bool:
        if not isinstance(value, dict) or not value.keys() <= self.fields.keys():
            return False
        if self.is_union and len(value) != 1:
            return False
        if not self.is_union and not self.fields.keys() - self.optional <= value.keys():
            return False
        return all(self.fields[name].fits(one) for name, one in value.items())


@dataclass(frozen=True, kw_only=True)
class Projection(Shape):
    """Names of fields with those of their parts, in a grammar of its own."""

    def fits(self, value: Value) -> bool:
        return isinstance(value, str) and re.fullmatch(r"[\w:(),*~%]+", value) is not None


def project(entity: Mapping[str, object], raw: str) -> dict[str, object]:
    """Return the fields of an entity that a projection names, with those of their parts."""
    chosen: dict[str, object] = {}
    for name, inner in _projected(raw):
        if name in entity:
            part = entity[name]
            chosen[name] = project(part, inner) if inner and isinstance(part, dict) else part
    return chosen


def _projected(raw: str) -> list[tuple[str, str]]:
    if raw.startswith("("):
        raw = raw[1:-1]
    parts, depth = [""], 0
    for sign in unquote(raw):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [(name, inner) for name, _, inner in (part.partition(":") for part in parts)]


TEXT = Shape()
BOOLEAN = Choice(words=frozenset({"true", "false"}))
START = Number()
COUNT = Number(most=MOST_IN_A_PAGE)
TIME_RANGE = Record(fields={"start": Number(), "end": Number()}, optional=frozenset({"end"}))
