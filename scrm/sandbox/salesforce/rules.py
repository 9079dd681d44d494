"""What an org's administrators add: validation rules, duplicate rules, and rows that cannot be locked just now.

https://help.salesforce.com/s/articleView?id=sf.fields_about_field_validation.htm and
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm, read 2026-11-24;
that only rules of kind alert yield to the header is from memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.formulas import Saved
from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.salesforce.rows import Row, Rows
    from scrm.sandbox.salesforce.schema import SObject
    from scrm.sandbox.salesforce.users import Actor


@dataclass(frozen=True, kw_only=True)
class ValidationRule:
    """Refuses a record whose field is empty, or matches a pattern, with a sentence of the administrator."""

    object: str
    field: str
    message: str
    pattern: str | None = None

    def refuses(self, values: Mapping[str, Any]) -> bool:
        value = values.get(self.field)
        if self.pattern is None:
            return value is None
        return value is not None and re.search(self.pattern, str(value)) is not None


@dataclass(frozen=True, kw_only=True)
class DuplicateRule:
    """Finds records with the same value in every field; `blocks` is not overridden by any header."""

    object: str
    fields: tuple[str, ...]
    blocks: bool

    def matches(self, one: SObject, rows: Rows, record_id: str | None, values: Mapping[str, Any]) -> list[Row]:
        wanted = [str(values.get(name) or "").lower() for name in self.fields]
        if not all(wanted):
            return []
        return [
            row
            for row in rows.of(one).values()
            if not row.is_deleted
            and row.id != record_id
            and [str(row.values.get(name) or "").lower() for name in self.fields] == wanted
        ]


@dataclass(frozen=True, kw_only=True)
class FormulaRule:
    """A validation rule that was deployed: refuses a record for which its formula holds."""

    object: str
    name: str
    message: str
    field: str | None
    refuses: Callable[[Saved], Any]


@dataclass(kw_only=True)
class Ordered:
    """A refusal a test ordered for the next records of an object (and of a key, when given)."""

    object: str
    code: str
    message: str
    times: int
    value: str | None = None

    def concerns(self, one: SObject, values: Mapping[str, Any]) -> bool:
        if self.times <= 0 or self.object.lower() != one.name.lower():
            return False
        return self.value is None or self.value in {str(value) for value in values.values()}


@dataclass(kw_only=True)
class Rules:
    """All rules of one org."""

    validations: list[ValidationRule] = field(default_factory=list)
    formulas: list[FormulaRule] = field(default_factory=list)
    duplicates: list[DuplicateRule] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    # record id: how many more writes of it, or of a child of it, find it locked
    locks: dict[str, int] = field(default_factory=dict)

    def check(self, one: SObject, rows: Rows, record_id: str | None, values: Mapping[str, Any], actor: Actor) -> None:
        """Refuse what no rule lets pass; `values` are those the record would have."""
        self._check_ordered(one, values)
        self.check_locks(one, record_id, values)
        for rule in self.validations:
            if rule.object.lower() == one.name.lower() and rule.refuses(values):
                raise RefusedError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, (rule.field,))
        before = rows.of(one)[record_id].values if record_id else None
        for formula in self.formulas:
            if formula.object == one.name and formula.refuses(Saved(now=values, before=before)):
                fields = (formula.field,) if formula.field else ()
                raise RefusedError("FIELD_CUSTOM_VALIDATION_EXCEPTION", formula.message, fields)
        for duplicates in self.duplicates:
            if duplicates.object.lower() != one.name.lower():
                continue
            found = duplicates.matches(one, rows, record_id, values)
            if found and (duplicates.blocks or not actor.allows_duplicates):
                raise _duplicates(one, duplicates, found)

    def _check_ordered(self, one: SObject, values: Mapping[str, Any]) -> None:
        for order in self.ordered:
            if order.concerns(one, values):
                order.times -= 1
                raise RefusedError(order.code, order.message)

    def check_locks(self, one: SObject, record_id: str | None, values: Mapping[str, Any]) -> None:
        """Refuse to write a record that is locked, or whose parent is."""
        if not self.locks:
            return
        # a write locks the record's parents, too
        parents = [values.get(each.name) for each in one.fields.values() if each.type == "reference"]
        for locked in [record_id, *parents]:
            if locked and self.locks.get(locked, 0) > 0:
                self.locks[locked] -= 1
                sentence = f"unable to obtain exclusive access to this record or 1 records: {locked}"
                raise RefusedError("UNABLE_TO_LOCK_ROW", sentence)


def _duplicates(one: SObject, rule: DuplicateRule, found: list[Row]) -> RefusedError:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": one.name}, "Id": row.id},
        }
        for row in found
    ]
    result = {
        "allowSave": not rule.blocks,
        "duplicateRule": f"Same_{'_'.join(rule.fields)}",
        "duplicateRuleEntityType": one.name,
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": one.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": records,
                "rule": f"Same_{'_'.join(rule.fields)}",
                "size": len(found),
                "success": True,
            }
        ],
    }
    return RefusedError("DUPLICATES_DETECTED", "Use one of these records?", more={"duplicateResult": result})
