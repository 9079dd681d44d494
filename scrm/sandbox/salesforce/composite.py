"""Several calls in one: up to 25, later ones built from the answers of earlier ones.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm, read
2026-11-24; that only five may be queries or lists of records is from memory.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from scrm.sandbox.salesforce.calls import NO_RESOURCE, Answer, Call, Route, Table, UnknownError
from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.rows import Rows

MOST = 25
MOST_HEAVY = 5
HEAVY = re.compile(r"query|composite/sobjects", re.IGNORECASE)
REFERENCE = re.compile(r"@\{(\w+)\.([^}]+)\}")
HALTED = RefusedError(
    "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed."
)


class _UndoneError(Exception):
    """Ends a block of all or none."""


class Composite:
    """The resource `composite`."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self._table = table
        self._rows = rows

    def add_to(self, table: Table) -> None:
        table.add(Route(method="POST", path="composite", handler=self.run))

    def run(self, call: Call) -> Answer:
        body = call.json()
        asked = body.get("compositeRequest")
        if not isinstance(asked, list) or not asked or len(asked) > MOST:
            sentence = f"compositeRequest must be a list of 1 to {MOST} calls"
            raise RefusedError("JSON_PARSER_ERROR" if not isinstance(asked, list) else "LIMIT_EXCEEDED", sentence)
        if sum(bool(HEAVY.search(str(one.get("url", "")).split("?")[0])) for one in asked) > MOST_HEAVY:
            raise RefusedError("LIMIT_EXCEEDED", f"at most {MOST_HEAVY} queries or lists of records")
        if body.get("allOrNone"):
            return Answer(body={"compositeResponse": self.together(call, asked)})
        known: dict[str, Any] = {}
        return Answer(body={"compositeResponse": [self._one(call, one, known) for one in asked]})

    def together(self, call: Call, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Make all calls, or take back what they did and answer for the innocent, too, that they were stopped."""
        known: dict[str, Any] = {}
        answers: list[dict[str, Any]] = []
        with contextlib.suppress(_UndoneError), self._rows.all_or_none():
            answers += [self._one(call, one, known) for one in asked]
            if any(each["httpStatusCode"] >= 400 for each in answers):
                raise _UndoneError
            return answers
        for each in answers:
            if each["httpStatusCode"] < 400:
                each.update(body=HALTED.rest(), httpHeaders={}, httpStatusCode=400)
        return answers

    def _one(self, call: Call, asked: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        reference = str(asked.get("referenceId"))
        try:
            inner = self._inner(call, asked, known)
            answer = self._table.call(inner)
        except RefusedError as exc:
            answer = Answer(status=exc.status, body=exc.rest())
        except UnknownError:
            answer = Answer(status=404, body=[{"errorCode": "NOT_FOUND", "message": NO_RESOURCE}])
        if answer.status < 400:
            known[reference] = answer.body
        return {
            "body": answer.body,
            "httpHeaders": answer.headers,
            "httpStatusCode": answer.status,
            "referenceId": reference,
        }

    def _inner(self, call: Call, asked: dict[str, Any], known: dict[str, Any]) -> Call:
        url = urlsplit(str(_filled(asked.get("url", ""), known)))
        path = url.path
        if not path.startswith(f"{call.base}/"):
            raise RefusedError("NOT_FOUND", NO_RESOURCE)
        return Call(
            method=str(asked.get("method", "")).upper(),
            path=path.removeprefix(f"{call.base}/"),
            base=call.base,
            actor=call.actor,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            body=_filled(asked.get("body"), known),
            headers={name.lower(): str(value) for name, value in (asked.get("httpHeaders") or {}).items()},
        )


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """Replace every `@{reference.path}` by what that call answered."""
    if isinstance(value, dict):
        return {name: _filled(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, known) for inner in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return _looked_up(whole, known)
    return REFERENCE.sub(lambda match: str(_looked_up(match, known)), value)


def _looked_up(match: re.Match[str], known: dict[str, Any]) -> Any:
    if match[1] not in known:
        raise RefusedError("PROCESSING_HALTED", f"Invalid reference specified. No value for {match[1]} found")
    found = known[match[1]]
    for part in re.findall(r"\w+", match[2]):
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, TypeError, ValueError):
            sentence = f"Invalid reference specified. No value for {match[1]}.{match[2]} found"
            raise RefusedError("PROCESSING_HALTED", sentence) from None
    return found
