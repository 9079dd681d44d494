"""What a parsed query is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Literal:
    """A value: kind is text, time, date, number, boolean or null."""

    kind: str
    value: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Path:
    """A field, through its parents, and where in the query it stands."""

    names: tuple[str, ...]
    at: int
    aggregate: str | None = None


@dataclass(frozen=True, kw_only=True)
class Compare:
    """A field compared with one value, or with several for IN."""

    path: Path
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Conditions joined by "and" or "or"."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class Negated:
    """A condition that must not hold."""

    part: Condition


Condition: TypeAlias = Compare | Joined | Negated


@dataclass(frozen=True, kw_only=True)
class Order:
    """One field to sort by."""

    path: Path
    is_descending: bool
    is_nulls_first: bool


@dataclass(frozen=True, kw_only=True)
class Select:
    """A parsed query; `fields` is empty for `count()`."""

    text: str
    fields: tuple[Path | Select, ...]
    source: str
    source_at: int
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int
