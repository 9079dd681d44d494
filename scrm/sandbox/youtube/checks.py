"""Check a call of the Data API against its description before anything else looks at it.

Sentences of the front end as quoted in public issue threads (read 2026-11-24); a parameter that YouTube knows and
the fake does not serve is refused too, for an answer that ignored it would be a wrong one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrm.sandbox.ledger import is_typed
from scrm.sandbox.youtube.problems import error_body, malformed_body

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from scrm.sandbox.youtube.routes import Call, Parameter

MOST_IDS = 50
KINDS = frozenset({"channel", "playlist", "video"})
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


def words(asked: MultiDict[str, str], name: str) -> list[str]:
    """Return a list parameter, repeated or with commas."""
    return [word for value in asked.getlist(name) for word in value.split(",") if word]


def time(text: str) -> datetime | None:
    """Read an RFC 3339 time with its zone, or return None."""
    if not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)
    except ValueError:
        return None


def fault(call: Call, asked: MultiDict[str, str]) -> tuple[str, bytes] | None:
    """Return what is wrong with a request in our words and in Google's, or None."""
    return _parameter_fault(call, asked) or _part_fault(call, asked) or _filter_fault(call, asked)


def _parameter_fault(call: Call, asked: MultiDict[str, str]) -> tuple[str, bytes] | None:
    for name, values in asked.lists():
        parameter = call.allowed.get(name)
        if parameter is None:
            sentence = (
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message."
            )
            return f"unknown parameter {name} of {call.name}", malformed_body(sentence)
        if name in call.unserved:
            body = error_body("unexpectedParameter", location=name)
            return f"parameter {name} of {call.name} is not served by the sandbox", body
        if parameter.type != "array":
            if len(values) > 1:
                body = malformed_body(f"Invalid value at '{name}', the parameter is not repeated.")
                return f"parameter {name} of {call.name} must be one", body
            if found := _value_fault(name, parameter, values[0]):
                return found
    for name in call.required:
        if not words(asked, name):
            sentence = f"Required parameter: {name}"
            body = error_body("missingRequiredParameter", sentence, location=name)
            return f"missing {name} of {call.name}", body
    return None


def _value_fault(name: str, parameter: Parameter, value: str) -> tuple[str, bytes] | None:
    problem = f"parameter {name} has a value it cannot have"
    if not is_typed(value, parameter.type):
        kind = {"integer": "TYPE_UINT32", "boolean": "TYPE_BOOL"}[parameter.type]
        return problem, malformed_body(f"Invalid value at '{_snake(name)}' ({kind}), \"{value}\"")
    if parameter.enum and value not in parameter.enum:
        return problem, malformed_body(f"Invalid value at '{_snake(name)}' (TYPE_ENUM), \"{value}\"")
    if parameter.type == "integer" and parameter.minimum is not None and parameter.maximum is not None:
        low, high = parameter.minimum, parameter.maximum
        if not low <= int(value) <= high:
            sentence = f"Invalid value '{value}'. Values must be within the range: [{low}, {high}]"
            return problem, error_body("invalidParameter", sentence, location=name)
    if name in {"publishedAfter", "publishedBefore"} and time(value) is None:
        sentence = f"Invalid value at '{_snake(name)}' (type.googleapis.com/google.protobuf.Timestamp), \"{value}\""
        return problem, malformed_body(sentence)
    return None


def _part_fault(call: Call, asked: MultiDict[str, str]) -> tuple[str, bytes] | None:
    unknown = [part for part in words(asked, "part") if part not in call.parts]
    if unknown:
        return f"unknown part {unknown[0]} of {call.name}", error_body("unknownPart", f"'{unknown[0]}'")
    kinds = [kind for kind in words(asked, "type") if kind not in KINDS]
    if kinds:
        body = error_body("invalidParameter", f"Invalid value '{kinds[0]}'.", location="type")
        return f"unknown type {kinds[0]} of {call.name}", body
    return None


def _filter_fault(call: Call, asked: MultiDict[str, str]) -> tuple[str, bytes] | None:
    sent = [name for name in call.filters if name in asked]
    if call.filters and not sent:
        sentence = f"No filter selected. Expected one of: {', '.join(call.filters)}"
        body = error_body("missingRequiredParameter", sentence, location="parameters.")
        return f"no filter of {call.name}", body
    clash = sent if len(sent) > 1 else _clash(call, asked)
    if clash:
        sentence = f"Incompatible parameters specified in the request: {', '.join(clash)}"
        return f"parameters of {call.name} that exclude each other", error_body("incompatibleParameters", sentence)
    if len(words(asked, "id")) > MOST_IDS:
        body = error_body("invalidFilters", f"The request names more than {MOST_IDS} ids.", location="id")
        return f"more than {MOST_IDS} ids for {call.name}", body
    return None


def _clash(call: Call, asked: MultiDict[str, str]) -> list[str]:
    if call.name == "commentThreads" and "id" in asked:
        refused = [name for name in ("moderationStatus", "searchTerms") if name in asked]
        return ["id", *refused] if refused else []
    if call.name == "search" and "forMine" in asked and words(asked, "type") != ["video"]:
        return ["forMine", "type"]
    return []


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
