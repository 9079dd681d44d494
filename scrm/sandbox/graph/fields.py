"""The `fields` parameter: names, arguments and nesting, as in `posts.limit(5).after(abc){message,from{id}}`.

Grammar as in Meta's page "Field expansion" (v18, read 2026-11-23); the sentence of a syntax error from memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.graph.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 6
NAME_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field asked for, with its arguments (`.limit(5)`) and the fields inside it."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()

    def text(self) -> str:
        """Write the field again as it stands in `fields`."""
        arguments = "".join(f".{name}({value})" for name, value in self.arguments.items())
        inner = f"{{{fields_text(self.fields)}}}" if self.fields else ""
        return f"{self.name}{arguments}{inner}"


def fields_text(fields: tuple[Field, ...]) -> str:
    return ",".join(one.text() for one in fields)


def parse_fields(text: str | None) -> tuple[Field, ...]:
    """Read a `fields` parameter; nothing asked for is an empty tuple."""
    if not text:
        return ()
    reader = _Reader(text)
    fields = reader.fields(0)
    reader.end()
    return fields


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fields(self, depth: int) -> tuple[Field, ...]:
        if depth > DEEPEST:
            raise self._fault("fewer levels")
        found = [self._field(depth)]
        while self._take(","):
            found.append(self._field(depth))
        return tuple(found)

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._fault("end of string")

    def _field(self, depth: int) -> Field:
        name = self._name()
        arguments: dict[str, str] = {}
        inner: tuple[Field, ...] = ()
        while self._take("."):
            argument = self._name()
            arguments[argument] = self._value()
        if self._take("{"):
            inner = self.fields(depth + 1)
            if not self._take("}"):
                raise self._fault("}")
        return Field(name=name, arguments=arguments, fields=inner)

    def _name(self) -> str:
        start = self._at
        while self._peek() in NAME_SIGNS:
            self._at += 1
        if start == self._at:
            raise self._fault("a name")
        return self._text[start : self._at]

    def _value(self) -> str:
        if not self._take("("):
            raise self._fault("(")
        end = self._text.find(")", self._at)
        if end < 0:
            raise self._fault(")")
        value, self._at = self._text[self._at : end], end + 1
        return value

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._at += 1
        return True

    def _fault(self, expected: str) -> BadRequestError:
        found = self._peek() or "end of string"
        message = f'Syntax error "Expected {expected} instead of "{found}"." at character {self._at}: {self._text}'
        return BadRequestError(2500, message=message)
