"""What the org works out by itself when a record is saved: names, ends, closings, the account of a contact."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.values import stamp_text, stamp_time

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.rows import Rows
    from scrm.sandbox.salesforce.schema import SObject

PEOPLE = frozenset({"Contact", "Lead", "User"})


def derive(one: SObject, rows: Rows, values: dict[str, Any]) -> None:
    """Set the derived fields in `values`."""
    if one.name in PEOPLE:
        values["Name"] = " ".join(filter(None, (values.get("FirstName"), values.get("LastName"))))
    if one.name == "Task":
        _close(values)
    if one.name == "Event":
        _end(values)
    if one.name in {"Task", "Event"}:
        values["AccountId"] = _account(rows, values)
    for field in one.fields.values():
        if field.facts["autoNumber"] and not values.get(field.name):
            one.last_number += 1
            values[field.name] = re.sub(
                r"\{(0+)\}", lambda match: str(one.last_number).zfill(len(match[1])), one.number_format
            )


def _close(values: dict[str, Any]) -> None:
    values["IsClosed"] = values.get("Status") == "Completed"
    values["IsHighPriority"] = values.get("Priority") == "High"
    if not values["IsClosed"]:
        values["CompletedDateTime"] = None
    elif not values.get("CompletedDateTime"):
        values["CompletedDateTime"] = values["SystemModstamp"]


def _end(values: dict[str, Any]) -> None:
    start = values.get("StartDateTime") or values.get("ActivityDateTime")
    if not start:
        missing = ("DurationInMinutes", "ActivityDateTime")
        raise RefusedError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    begin = stamp_time(start)
    minutes = values.get("DurationInMinutes")
    if minutes is None:
        end = stamp_time(values["EndDateTime"]) if values.get("EndDateTime") else begin
        minutes = int((end - begin).total_seconds() // 60)
    if minutes < 0:
        sentence = "An event can't end before it starts."
        raise RefusedError("FIELD_INTEGRITY_EXCEPTION", sentence, ("EndDateTime",))
    end = begin + timedelta(minutes=minutes)
    values.update(
        StartDateTime=stamp_text(begin),
        ActivityDateTime=stamp_text(begin),
        ActivityDate=begin.date().isoformat(),
        EndDateTime=stamp_text(end),
        EndDate=end.date().isoformat(),
        DurationInMinutes=minutes,
    )


def _account(rows: Rows, values: dict[str, Any]) -> str | None:
    what = values.get("WhatId") or ""
    if what.startswith("001"):
        return str(what)
    who = rows.get(values.get("WhoId") or "")
    account = who.values.get("AccountId") if who else None
    return str(account) if account else None
