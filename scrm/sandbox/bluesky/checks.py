"""Check a call's parameters beyond their types: ranges, lengths and the lexicons' string formats.

Messages as packages/lexicon of bluesky-social/atproto words them (read 2026-11-23).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.xrpc import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrm.sandbox.bluesky.methods import Method, Parameter

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DID = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
_HANDLE = rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?"
_NSID = rf"[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}})(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}"
_RKEY = r"(?!\.\.?$)[a-zA-Z0-9_~.:-]{1,512}"
FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "did": (re.compile(_DID), "a valid did"),
    "handle": (re.compile(_HANDLE), "a valid handle"),
    "at-identifier": (re.compile(rf"{_DID}|{_HANDLE}"), "a valid did or a handle"),
    "nsid": (re.compile(_NSID), "a valid nsid"),
    "record-key": (re.compile(_RKEY), "a valid Record Key"),
    "at-uri": (re.compile(rf"at://(?:{_DID}|{_HANDLE})(?:/{_NSID}(?:/{_RKEY})?)?"), "a valid at-uri"),
    "cid": (re.compile(r"b[a-z2-7]{58}"), "a cid string"),
    "tid": (re.compile(r"[2-7a-j][2-7a-z]{12}"), "a valid TID"),
    "uri": (re.compile(r"\w+:(?://)?[^\s/][^\s]*"), "a uri"),
    "language": (re.compile(r"[a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*"), "a well-formed BCP 47 language tag"),
}


def read(method: Method, query: Iterable[tuple[str, list[str]]], body: Mapping[str, object]) -> dict[str, object]:
    """Return the call's values, checked and with defaults; an XrpcError names what does not fit."""
    place = "Input/" if method.is_procedure else ""
    values: dict[str, object] = {
        parameter.name: parameter.default for parameter in method.parameters if parameter.default is not None
    }
    sent = dict(body) if method.is_procedure else dict(query)
    for parameter in method.parameters:
        value = sent.get(parameter.name)
        # the real servers take an empty parameter for none
        if value in (None, [""]):
            if parameter.is_required:
                raise invalid(f'Error: Params must have the property "{parameter.name}"')
            continue
        values[parameter.name] = _value(parameter, value, place)
    return values


def _value(parameter: Parameter, value: object, place: str) -> object:
    name = place + parameter.name
    if parameter.type == "array":
        items = [str(item) for item in value] if isinstance(value, list) else []
        if parameter.max_length is not None and len(items) > parameter.max_length:
            raise invalid(f"Error: {name} must not have more than {parameter.max_length} elements")
        for item in items:
            _check_format(parameter, item, name)
        return items
    single = value[0] if isinstance(value, list) else value
    if parameter.type == "integer":
        return _integer(parameter, str(single), name)
    if parameter.type == "boolean":
        return single in (True, "true")
    _check_format(parameter, str(single), name)
    return single


def _integer(parameter: Parameter, text: str, name: str) -> int:
    number = int(text)
    if parameter.maximum is not None and number > parameter.maximum:
        raise invalid(f"Error: {name} can not be greater than {parameter.maximum}")
    if parameter.minimum is not None and number < parameter.minimum:
        raise invalid(f"Error: {name} can not be less than {parameter.minimum}")
    return number


def _check_format(parameter: Parameter, text: str, name: str) -> None:
    if parameter.format is None:
        return
    if parameter.format == "datetime":
        if time(text) is None:
            raise invalid(f"Error: {name} must be an valid atproto datetime (both RFC-3339 and ISO-8601)")
        return
    pattern, wanted = FORMATS[parameter.format]
    if not pattern.fullmatch(text):
        raise invalid(f"Error: {name} must be {wanted}")


def time(text: str) -> datetime | None:
    """Read an RFC 3339 time with its zone, or return None."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,20})?(?:Z|[+-]\d\d:\d\d)", text):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
