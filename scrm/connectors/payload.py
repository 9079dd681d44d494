"""Typed reading of JSON that strangers sent.

Errors name the path and the expected type, never the value: values are personal data. NUL and lone surrogates are
replaced here, at the door, because PostgreSQL refuses the one and both drivers the other.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from scrm.errors import PayloadError

LONGEST_TEXT = 100_000
UNCLEAN = re.compile("[\x00\ud800-\udfff]")
EARLIEST, LATEST = 1700, 4000  # years that every CRM date field takes

Word = TypeVar("Word", bound=StrEnum)


def clean(text: str) -> str:
    """Text that both databases take: no NUL, no lone surrogates, at most 100,000 characters."""
    # most texts are plain; asking that costs less than looking at each character
    if not (text.isascii() and "\x00" not in text) and UNCLEAN.search(text):
        text = text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def parse_json(body: bytes | str) -> Any:
    """JSON without NaN, infinities, doubled keys or endless nesting; raises PayloadError."""
    try:
        return json.loads(body, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as why:
        raise PayloadError(f"expected JSON ({type(why).__name__})") from None


def _refuse_constant(_name: str) -> float:
    raise ValueError("not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


class Payload:
    """One JSON object with its path; reads fields by type."""

    def __init__(self, data: Any, path: str = "$") -> None:
        # asking the abstract class costs more than all the rest of this
        if type(data) is not dict and not isinstance(data, Mapping):
            raise PayloadError(f"{path}: expected an object")
        self._data = data
        self._path = path

    def __repr__(self) -> str:
        return f"Payload({self._path})"

    @property
    def path(self) -> str:
        return self._path

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._data.get(name) is not None

    def text(self, name: str) -> str:
        """A non-empty text; whole numbers used as ids are taken as text."""
        value = self.optional_text(name)
        if not value:
            raise self._wrong(name, "a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None when it is missing, null or empty."""
        value = self._data.get(name)
        if isinstance(value, str):
            return clean(value) or None
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._wrong(name, "a text or nothing")

    def flag(self, name: str) -> bool:
        """True or false; missing and null count as false."""
        value = self._data.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def number(self, name: str) -> int | None:
        """A whole number or None."""
        value = self._data.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._wrong(name, "a whole number")
        return value

    def time(self, name: str) -> datetime:
        """A time with zone, as aware UTC."""
        value = self.optional_time(name)
        if value is None:
            raise self._wrong(name, "a time")
        return value

    def optional_time(self, name: str) -> datetime | None:
        """A time with zone as aware UTC, or None."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong(name, "a time")
        found: datetime | None
        try:
            parsed = datetime.fromisoformat(value)
            found = parsed.astimezone(UTC) if parsed.tzinfo else None
        except (ValueError, OverflowError):
            found = None
        if found is None or not EARLIEST <= found.year < LATEST:
            raise self._wrong(name, "a time with a zone, like 2026-01-31T12:00:00Z")
        return found

    def choice(self, name: str, choices: Mapping[str, Word]) -> Word:
        """One of the known words, translated to ours."""
        value = self._data.get(name)
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(name, "one of " + ", ".join(sorted(choices)))
        return choices[value]

    def child(self, name: str) -> "Payload":
        """An object inside this one."""
        return Payload(self._data.get(name), f"{self._path}.{name}")

    def optional_child(self, name: str) -> "Payload | None":
        """An object inside this one, or None."""
        return None if self._data.get(name) is None else self.child(name)

    def children(self, name: str) -> Iterator["Payload"]:
        """The objects of a list; missing and null count as empty."""
        value = self._data.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        for index, item in enumerate(value):
            yield Payload(item, f"{self._path}.{name}[{index}]")

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; missing and null count as empty."""
        value = self._data.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts")
        return tuple(clean(item) for item in value)

    def raw(self) -> dict[str, Any]:
        """The JSON as received, to be stored."""
        return dict(self._data)

    def _wrong(self, name: str, expected: str) -> PayloadError:
        return PayloadError(f"{self._path}.{name}: expected {expected}")
