"""What was sent for a record: the fields it names, whether the sender may write them, and what is stored of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.values import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrm.sandbox.salesforce.rows import Rows
    from scrm.sandbox.salesforce.schema import Field, Schema, SObject
    from scrm.sandbox.salesforce.users import Actor

DELETED = "entity is deleted"


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Reads what was sent to one org."""

    schema: Schema
    rows: Rows

    def given(
        self, actor: Actor, one: SObject, sent: Mapping[str, Any], right: str, *, is_csv: bool
    ) -> dict[str, Any]:
        """Return the fields sent as they will be stored."""
        given: dict[str, Any] = {}
        refused = []
        for name, value in sent.items():
            if name.lower() in {"attributes", "id"}:
                continue
            field = one.find(name)
            if field is None and (parent := one.by_relationship(name.partition(".")[0])):
                given[parent.name] = self._parent_id(parent, name, value)
                continue
            if field is None or not actor.user.may_read(one, field):
                raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {one.name}")
            if not field.facts[right] or not actor.user.may_edit(one, field):
                refused.append(field.name)
                continue
            given[field.name] = stored(field, value, is_csv=is_csv)
            if given[field.name] is not None and field.type == "reference":
                self._check_reference(actor, field, given[field.name])
        if refused:
            sentence = (
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set."
            )
            raise RefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", sentence, tuple(refused))
        return given

    def _parent_id(self, by: Field, name: str, value: object) -> str | None:
        """Resolve `Parent__r: {Key__c: value}`, or `Parent__r.Key__c` of a CSV column."""
        if value is None:
            return None
        _, _, column = name.partition(".")
        keys = {column: value} if column else dict(value) if isinstance(value, dict) else {}
        keys.pop("attributes", None)
        for kind in by.refers_to:
            one = self.schema.find(kind)
            for key, wanted in keys.items():
                field = one.find(key) if one else None
                if not one or not field or not field.is_matchable:
                    continue
                found = self.rows.matching(one, field, wanted)
                if len(found) == 1:
                    return found[0].id
                if found:
                    sentence = f"Foreign key external ID: {wanted} matches more than one record"
                    raise RefusedError("DUPLICATE_EXTERNAL_ID", sentence)
                sentence = f"Foreign key external ID: {wanted} not found for field {field.name} in entity {one.name}"
                raise RefusedError("INVALID_FIELD", sentence)
        raise RefusedError("INVALID_FIELD", f"No such column '{name}' to find a parent by")

    def _check_reference(self, actor: Actor, field: Field, record_id: str) -> None:
        kind = self.schema.by_prefix(record_id)
        if kind is None or kind.name not in field.refers_to:
            sentence = f"{field.label}: id value of incorrect type: {record_id}"
            raise RefusedError("FIELD_INTEGRITY_EXCEPTION", sentence, (field.name,))
        row = self.rows.get(record_id)
        if row is None:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.id in actor.user.unshared:
            sentence = "insufficient access rights on cross-reference id"
            raise RefusedError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", sentence)
        if row.is_deleted:
            raise RefusedError("ENTITY_IS_DELETED", DELETED)
