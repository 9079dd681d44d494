"""What a parameter may be, and the faults the API tells when it is not that.

Bounds as in openapi.json of xdevplatform/docs, 2.166 and 2.167, read 2026-11-24; sentences from memory, same day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x.errors import invalid
from scrm.sandbox.x.ids import time

if TYPE_CHECKING:
    from collections.abc import Mapping

ID = r"[0-9]{1,19}"
CONVERSATION = r"([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})"
USERNAME = r"[A-Za-z0-9_]{1,15}"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter; a list is sent as one value with commas."""

    kind: str = "string"  # or integer, time, list
    is_required: bool = False
    lowest: int | None = None
    highest: int | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    choices: frozenset[str] | None = None
    most: int | None = None
    default: Any = None

    @property
    def sent_as(self) -> str:
        """The type in which the ledger's route table knows it."""
        return "integer" if self.kind == "integer" else "string"


def read(parameters: Mapping[str, Parameter], sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a request, checked, with defaults; an XError names the first that does not fit."""
    values = {name: one.default for name, one in parameters.items() if one.default is not None}
    for name, one in parameters.items():
        if name in sent:
            values[name] = _value(name, one, sent[name])
    return values


def _value(name: str, parameter: Parameter, text: str) -> Any:
    if parameter.kind == "integer":
        return _integer(name, parameter, text)
    if parameter.kind == "time":
        at = time(text)
        if at is None:
            raise invalid(name, text, f"Invalid '{name}':'{text}'. '{name}' must be a valid RFC3339 timestamp.")
        return at
    if parameter.kind == "list":
        return _list(name, parameter, text)
    _check_text(name, parameter, text)
    return text


def _integer(name: str, parameter: Parameter, text: str) -> int:
    number = int(text)
    low, high = parameter.lowest, parameter.highest
    if (low is not None and number < low) or (high is not None and number > high):
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] is not between {low} and {high}")
    return number


def _list(name: str, parameter: Parameter, text: str) -> tuple[str, ...]:
    items = tuple(text.split(","))
    if parameter.most is not None and len(items) > parameter.most:
        sentence = f"The number of values in the `{name}` query parameter list [{len(items)}]"
        raise invalid(name, text, f"{sentence} is not between 1 and {parameter.most}")
    for item in items:
        _check_text(name, parameter, item)
    return items


def _check_text(name: str, parameter: Parameter, text: str) -> None:
    size = len(text)
    if size < (parameter.shortest or 1) or (parameter.longest is not None and size > parameter.longest):
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] has an invalid length")
    if parameter.choices is not None and text not in parameter.choices:
        allowed = ",".join(sorted(parameter.choices))
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] is not one of [{allowed}]")
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, text):
        raise invalid(name, text, f"The `{name}` query parameter value [{text}] does not match ^{parameter.pattern}$")
