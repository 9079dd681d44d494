"""Rows to the org by collections of 200: one answer per row, rows that others had locked sent again in small batches.

Rows are sorted by the contact they belong to, because a record locks its parents: two batches with rows of the same
contact block each other, and within one batch such rows should stand together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from scrm.sync.crm.salesforce.org import Org

BATCH = 200  # the most that a collection takes
SMALLER = (50, 10)  # sizes of batches in which locked rows are tried again at once
DUPLICATE_RULES = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}  # rules that only warn do not stop us
COLLECTION = "composite/sobjects"

Answer = Mapping[str, Any]
Send = Callable[[Sequence[Any]], Sequence[Answer]]


def create(org: Org, name: str, records: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Make these records of an object; one whose key is taken comes back as DUPLICATE_VALUE and changes nothing."""
    return _send(lambda part: _collection(org, "POST", COLLECTION, name, part), records, _parent)


def upsert(org: Org, name: str, key: str, records: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Update these records of an object by their key; make those that are gone meanwhile."""
    path = f"{COLLECTION}/{name}/{key}"
    return _send(lambda part: _collection(org, "PATCH", path, name, part), records, _parent)


def remove(org: Org, ids: Sequence[str]) -> list[Answer]:
    """Delete records by id."""

    def send(part: Sequence[str]) -> Sequence[Answer]:
        params = {"ids": ",".join(part), "allOrNone": "false"}
        answers: Sequence[Answer] = org.call("DELETE", COLLECTION, params=params) or []
        return answers

    return _send(send, ids, str)


def _collection(
    org: Org, method: str, path: str, name: str, records: Sequence[Mapping[str, Any]]
) -> Sequence[Answer]:
    body = {"allOrNone": False, "records": [{"attributes": {"type": name}, **one} for one in records]}
    answers: Sequence[Answer] = org.call(method, path, json=body, headers=DUPLICATE_RULES) or []
    return answers


def _send(send: Send, rows: Sequence[Any], order: Callable[[Any], str]) -> list[Answer]:
    """The answers in the order of the rows."""
    answers: dict[int, Answer] = {}
    waiting = sorted(range(len(rows)), key=lambda place: order(rows[place]))
    for size in (BATCH, *SMALLER):
        for part in _parts(waiting, size):
            answers |= dict(zip(part, send([rows[place] for place in part]), strict=True))
        waiting = [place for place in waiting if is_locked(answers[place])]
        if not waiting:
            break
    return [answers[place] for place in range(len(rows))]


def is_locked(answer: Answer) -> bool:
    errors = answer.get("errors") or ()
    return any("UNABLE_TO_LOCK_ROW" in f"{one.get('statusCode')} {one.get('message')}" for one in errors)


def _parent(record: Mapping[str, Any]) -> str:
    return str(record.get("Contact__c") or record.get("Lead__c") or record.get("Account__c") or "")


def _parts(rows: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
