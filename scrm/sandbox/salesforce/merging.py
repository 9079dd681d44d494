"""Merging records, converting leads, emptying the recycle bin: what people do, and SOAP calls ask for.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm and ..._convertlead.htm,
read 2026-11-24; that lookups of custom objects follow a merge is from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrm.sandbox.salesforce.saving import Saving
    from scrm.sandbox.salesforce.users import Actor

MERGEABLE = frozenset({"Account", "Contact", "Lead", "Case"})
MOST_LOSERS = 2
CARRIED_OVER = ("FirstName", "LastName", "Salutation", "Email", "Phone", "Title", "Description", "LeadSource")


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What a lead became."""

    account_id: str
    contact_id: str


@dataclass(kw_only=True)
class Merging:
    """Changes that touch more than one record; each is done whole or not at all."""

    saving: Saving

    def merge(
        self, actor: Actor, winner_id: str, loser_ids: Sequence[str], fields: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Merge up to two records into one; returns the ids of the records that now belong to the winner."""
        saving = self.saving
        one = saving.schema.by_prefix(winner_id)
        if one is None or one.name not in MERGEABLE or not 1 <= len(loser_ids) <= MOST_LOSERS:
            raise RefusedError("INVALID_OPERATION", "merge takes one winner and one or two losers of the same type")
        moved = []
        with saving.rows.all_or_none():
            winner = saving.found(one, winner_id)
            losers = [saving.found(one, loser_id) for loser_id in loser_ids]
            if winner.id in {loser.id for loser in losers}:
                raise RefusedError("INVALID_OPERATION", "a record cannot be merged into itself")
            for loser in losers:
                moved += self._move_children(actor, loser.id, winner.id)
                # a loser in the bin keeps what it was, and says who won
                saving.bury(actor, one, loser, kind="merge", MasterRecordId=winner.id)
            saving.update(actor, one, winner.id, dict(fields or {}))
        return moved

    def _move_children(self, actor: Actor, loser_id: str, winner_id: str) -> list[str]:
        moved = []
        for child, by in self.saving.children(loser_id):
            kind = self.saving.schema[child.object]
            stamp = self.saving.rows.stamp()
            values = {**child.values, by: winner_id, "SystemModstamp": stamp}
            row = Row(object=child.object, values=values)
            self.saving.rows.put(kind, row)
            self.saving.rows.note("reparent", kind, row, actor, changed={by: winner_id})
            moved.append(child.id)
        return moved

    def convert(self, actor: Actor, lead_id: str, *, account_id: str | None, contact_id: str | None) -> Converted:
        """Make a contact (and an account, where none is named) of a lead."""
        saving = self.saving
        leads = saving.schema["Lead"]
        with saving.rows.all_or_none():
            lead = saving.found(leads, lead_id)
            if lead.values["IsConverted"]:
                raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "lead is converted already")
            known = lead.values
            if account_id is None:
                account_id = saving.create(actor, saving.schema["Account"], {"Name": known["Company"]}).id
            if contact_id is None:
                sent = {name: known[name] for name in CARRIED_OVER if known.get(name) is not None}
                contact = saving.create(actor, saving.schema["Contact"], {**sent, "AccountId": account_id})
                contact_id = contact.id
            stamp = saving.rows.stamp()
            changes = {
                "IsConverted": True,
                "ConvertedDate": stamp[:10],
                "ConvertedAccountId": account_id,
                "ConvertedContactId": contact_id,
                "Status": "Closed - Converted",
                "LastModifiedDate": stamp,
                "LastModifiedById": actor.user.id,
                "SystemModstamp": stamp,
            }
            row = Row(object="Lead", values={**known, **changes})
            saving.rows.put(leads, row)
            saving.rows.note("convert", leads, row, actor, changed=changes)
            for child, by in saving.children(lead.id):
                if child.object in {"Task", "Event"}:
                    kind = saving.schema[child.object]
                    values = {**child.values, by: contact_id, "AccountId": account_id, "SystemModstamp": stamp}
                    saving.rows.put(kind, Row(object=child.object, values=values))
        return Converted(account_id=account_id, contact_id=contact_id)

    def purge(self, actor: Actor, record_ids: Sequence[str]) -> None:
        """Take records out of the recycle bin for good."""
        saving = self.saving
        for record_id in record_ids:
            one = saving.schema.by_prefix(record_id)
            row = saving.rows.get(record_id)
            if one is None or row is None or row.deleted_at is None:
                raise RefusedError("INVALID_ID_FIELD", "Invalid record id; entity is not in the recycle bin")
            saving.rows.remove(one, row)
            saving.rows.graves.setdefault(one.name, {})[row.id] = row.deleted_at
            saving.rows.note("purge", one, row, actor)
