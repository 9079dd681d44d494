"""Formulas of validation rules: the few functions that rules of packages use, parsed when they are deployed.

https://help.salesforce.com/s/articleView?id=sf.customize_functions.htm, read 2026-11-24; how blanks compare is from
memory: a comparison with a blank number or time does not hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<sign><=|>=|<>|!=|==|&&|\|\||[=<>!(),]))"""
)
COMPARING = ("=", "==", "<>", "!=", "<", ">", "<=", ">=")


class FormulaError(ValueError):
    """The formula cannot be understood."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A record while it is saved: what it would be, and what it was; `before` is None for a new one."""

    now: Mapping[str, Any]
    before: Mapping[str, Any] | None


def parse(text: str, fields: set[str]) -> Callable[[Saved], Any]:
    """Return what computes the formula; `fields` are the names it may use. Raises FormulaError."""
    parser = _Parser(text, fields)
    value = parser.either()
    if parser.at < len(parser.tokens):
        raise FormulaError(f"Error: Syntax error. Extra {parser.tokens[parser.at][1]}")
    return value


class _Parser:
    def __init__(self, text: str, fields: set[str]) -> None:
        self.fields = {name.lower(): name for name in fields}
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        place, end = 0, len(text.rstrip())
        while place < end:
            match = TOKEN.match(text, place)
            if not match or not match.lastgroup:
                raise FormulaError(f"Error: Syntax error. Found '{text[place : place + 10].strip()}'")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def _took(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def either(self) -> Callable[[Saved], Any]:
        left = self._both()
        while self._took("||"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Callable[[Saved], Any]:
        left = self._comparison()
        while self._took("&&"):
            left = _and(left, self._comparison())
        return left

    def _comparison(self) -> Callable[[Saved], Any]:
        left = self._value()
        if sign := self._took(*COMPARING):
            return _compared(sign, left, self._value())
        return left

    def _value(self) -> Callable[[Saved], Any]:
        if self._took("!"):
            return _not(self._value())
        if self._took("("):
            inner = self.either()
            self._close()
            return inner
        if self.at >= len(self.tokens):
            raise FormulaError("Error: Syntax error. Missing value")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            body = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda _: body
        if kind == "number":
            return lambda _: float(text)
        if kind == "word" and self._took("("):
            return self._call(text.upper())
        if kind == "word":
            return self._field(text)
        raise FormulaError(f"Error: Syntax error. Found '{text}'")

    def _close(self) -> None:
        if not self._took(")"):
            raise FormulaError("Error: Syntax error. Missing ')'")

    def _field(self, text: str) -> Callable[[Saved], Any]:
        if text.lower() in {"true", "false"}:
            return lambda _: text.lower() == "true"
        name = self.fields.get(text.lower())
        if name is None:
            raise FormulaError(f"Error: Field {text} does not exist. Check spelling.")
        return lambda saved: saved.now.get(name)

    def _call(self, name: str) -> Callable[[Saved], Any]:
        if name in {"PRIORVALUE", "ISCHANGED"}:
            kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
            field = self.fields.get(text.lower()) if kind == "word" else None
            self.at += 1
            self._close()
            if field is None:
                raise FormulaError(f"Error: Field {text} does not exist. Check spelling.")
            return _prior(field) if name == "PRIORVALUE" else _changed(field)
        arguments = []
        while not self._took(")"):
            arguments.append(self.either())
            if not self._took(","):
                self._close()
                break
        function = FUNCTIONS.get(name)
        if function is None:
            raise FormulaError(f"Error: Unknown function {name}. Check spelling.")
        return lambda saved: function(saved, [argument(saved) for argument in arguments])


def _or(left: Callable[[Saved], Any], right: Callable[[Saved], Any]) -> Callable[[Saved], Any]:
    return lambda saved: bool(left(saved)) or bool(right(saved))


def _and(left: Callable[[Saved], Any], right: Callable[[Saved], Any]) -> Callable[[Saved], Any]:
    return lambda saved: bool(left(saved)) and bool(right(saved))


def _not(inner: Callable[[Saved], Any]) -> Callable[[Saved], Any]:
    return lambda saved: not inner(saved)


def _prior(field: str) -> Callable[[Saved], Any]:
    # a new record has no earlier value: the present one stands in
    return lambda saved: (saved.now if saved.before is None else saved.before).get(field)


def _changed(field: str) -> Callable[[Saved], Any]:
    return lambda saved: saved.before is not None and saved.before.get(field) != saved.now.get(field)


def _compared(sign: str, left: Callable[[Saved], Any], right: Callable[[Saved], Any]) -> Callable[[Saved], Any]:
    def compare(saved: Saved) -> bool:
        mine, other = left(saved), right(saved)
        if sign in {"=", "=="}:
            return bool(mine == other)
        if sign in {"<>", "!="}:
            return bool(mine != other)
        if mine is None or other is None:
            return False
        return bool({"<": mine < other, ">": mine > other, "<=": mine <= other, ">=": mine >= other}[sign])

    return compare


FUNCTIONS: dict[str, Callable[[Saved, list[Any]], Any]] = {
    "AND": lambda _, values: all(values),
    "OR": lambda _, values: any(values),
    "NOT": lambda _, values: not values[0],
    "ISNEW": lambda saved, _: saved.before is None,
    "ISBLANK": lambda _, values: values[0] in {None, ""},
    "ISNULL": lambda _, values: values[0] is None,
    "ISPICKVAL": lambda _, values: values[0] == values[1],
    "LEN": lambda _, values: len(str(values[0] or "")),
    "TEXT": lambda _, values: "" if values[0] is None else str(values[0]),
    "CONTAINS": lambda _, values: str(values[1] or "") in str(values[0] or ""),
    "BEGINS": lambda _, values: str(values[0] or "").startswith(str(values[1] or "")),
    "BLANKVALUE": lambda _, values: values[1] if values[0] in {None, ""} else values[0],
    "IF": lambda _, values: values[1] if values[0] else values[2],
    "REGEX": lambda _, values: re.fullmatch(str(values[1]), str(values[0] or "")) is not None,
}
