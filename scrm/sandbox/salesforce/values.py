"""One value for one field: what is stored of what was sent, or why it is refused.

Texts are trimmed, empty ones are null, e-mail addresses are lower-cased, times are kept to the second in UTC.
Sentences of the refusals as in the recorded answers where there are any, else from memory, 2026-11-24. That surrogate
pairs count as two says https://help.salesforce.com/s/articleView?id=005166849 of formulas and Apex, read 2026-11-24;
that the length of a field is counted so, too, is from memory.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.ids import normal_id
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.schema import NUMBERS

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.schema import Field

EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()]+")
NULL_IN_CSV = "#N/A"


def stamp_text(at: datetime) -> str:
    """Return a time as the API writes it, to the second: texts sort as the times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def stamp_time(text: str) -> datetime:
    """Read an ISO time; ValueError where it is none or lacks its offset."""
    at = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text))
    if at.tzinfo is None:
        raise ValueError("a time needs its offset")
    return at


def stored(field: Field, value: object, *, is_csv: bool = False) -> Any:
    """Return what the org keeps of a value; raises RefusedError."""
    if value is None or (is_csv and value == NULL_IN_CSV):
        return False if field.type == "boolean" else None
    if is_csv:
        value = _from_csv(field, str(value))
    if field.is_text:
        return _text(field, value)
    if field.type == "boolean":
        if not isinstance(value, bool):
            raise _not_of_type(field, value)
        return value
    if field.type in NUMBERS:
        return _number(field, value)
    if field.type in {"date", "datetime"}:
        return _time(field, value)
    if field.type == "reference":
        return _reference(field, value)
    raise _not_of_type(field, value)


def _from_csv(field: Field, text: str) -> object:
    if field.type == "boolean":
        words = {"true": True, "1": True, "false": False, "0": False}
        return words.get(text.lower(), text)
    if field.type in NUMBERS:
        try:
            return int(text) if field.type == "int" else float(text)
        except ValueError:
            return text
    return text


def _text(field: Field, value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _not_of_type(field, value)
    text = value.replace("\x00", "").strip()
    if not text:
        return None
    # a sign outside of the first plane counts twice, as in formulas and Apex
    if field.length and len(text.encode("utf-16-le")) // 2 > field.length:
        sentence = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise RefusedError("STRING_TOO_LONG", sentence, (field.name,))
    if field.type == "email":
        if not EMAIL.fullmatch(text):
            raise RefusedError(
                "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", (field.name,)
            )
        return text.lower()
    if field.type in {"picklist", "multipicklist"} and field.facts["restrictedPicklist"]:
        chosen = text.split(";") if field.type == "multipicklist" else [text]
        if not set(chosen) <= set(field.choices):
            sentence = f"{field.label}: bad value for restricted picklist field: {text}"
            raise RefusedError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", sentence, (field.name,))
    return text


def _number(field: Field, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _not_of_type(field, value)
    if field.type == "int" and value != int(value):
        raise _not_of_type(field, value)
    precision, scale = field.facts["precision"], field.facts["scale"]
    whole = field.facts["digits"] if field.type == "int" else precision - scale
    if whole and abs(value) >= 10**whole:
        sentence = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise RefusedError("NUMBER_OUTSIDE_VALID_RANGE", sentence, (field.name,))
    return int(value) if field.type == "int" else round(float(value), scale)


def _time(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise _not_of_type(field, value)
    try:
        if field.type == "date":
            return date.fromisoformat(value[:10]).isoformat()
        return stamp_text(stamp_time(value))
    except ValueError:
        raise _not_of_type(field, value) from None


def _reference(field: Field, value: object) -> str | None:
    if value == "":
        return None
    found = normal_id(value) if isinstance(value, str) else None
    if found is None:
        raise RefusedError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,))
    return found


def _not_of_type(field: Field, value: object) -> RefusedError:
    kind = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
    sentence = (
        f"Cannot deserialize instance of {field.type} from {kind.get(type(value), 'START_OBJECT')} value {value} "
        "or request may be missing a required field at [line:1, column:2]"
    )
    return RefusedError("JSON_PARSER_ERROR", sentence)
