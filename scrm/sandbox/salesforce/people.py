"""What people do in the org, by hand: the verbs with which its life is played. The product never calls them.

Every verb may be called from another process, so arguments and results are as JSON has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.package import read_source
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.rules import DuplicateRule, Ordered, ValidationRule
from scrm.sandbox.salesforce.users import Actor, User

if TYPE_CHECKING:
    import threading

    from scrm.sandbox.salesforce.deploying import Deploying
    from scrm.sandbox.salesforce.merging import Merging
    from scrm.sandbox.salesforce.package import Component
    from scrm.sandbox.salesforce.saving import Saving
    from scrm.sandbox.salesforce.schema import SObject

VERBS = frozenset(
    {
        "add",
        "assign",
        "begin_add",
        "begin_edit",
        "change_owner",
        "commit_edit",
        "convert",
        "delete",
        "deploy_source",
        "demand_unique",
        "edit",
        "empty_recycle_bin",
        "forget_deletions",
        "hide_field",
        "lock",
        "merge",
        "purge",
        "refuse",
        "translate_to",
        "undelete",
        "unshare",
        "validate",
    }
)


@dataclass(kw_only=True)
class People:
    """Administrators and representatives of one org."""

    saving: Saving
    merging: Merging
    deploying: Deploying
    lock_all: threading.RLock
    users: dict[str, User]
    administrator: User
    _begun: dict[int, tuple[str, dict[str, Any], str]] = field(default_factory=dict)
    _last_begun: int = 0

    def add(self, object: str, fields: Mapping[str, Any]) -> str:  # noqa: A002 - Salesforce's word
        """Make a record by hand and return its id."""
        with self.lock_all:
            return self.saving.create(self._actor(), self._object(object), fields).id

    def edit(self, record_id: str, fields: Mapping[str, Any]) -> None:
        with self.lock_all:
            self.saving.update(self._actor(), self._object_of(record_id), record_id, fields)

    def begin_edit(self, record_id: str, fields: Mapping[str, Any]) -> int:
        """Begin a change that gets its stamp now and becomes visible at `commit_edit`, with that old stamp."""
        with self.lock_all:
            self._last_begun += 1
            self._begun[self._last_begun] = (record_id, dict(fields), self.saving.rows.stamp())
            return self._last_begun

    def begin_add(self, object: str, fields: Mapping[str, Any]) -> int:  # noqa: A002 - Salesforce's word
        """Begin to make a record, which becomes visible at `commit_edit`, with the stamp of now."""
        self._object(object)
        return self.begin_edit(object, fields)

    def commit_edit(self, number: int) -> str:
        """Let a change that was begun become visible; returns the id of the record."""
        with self.lock_all:
            target, fields, stamp = self._begun.pop(number)
            if one := self.saving.schema.find(target):
                return self.saving.create(self._actor(), one, fields, stamp=stamp).id
            return self.saving.update(self._actor(), self._object_of(target), target, fields, stamp=stamp).id

    def forget_deletions(self) -> None:
        """Purge the log that `deleted` lists from: a client that asks for earlier times must read everything anew."""
        with self.lock_all:
            self.saving.rows.forget_deletions()

    def change_owner(self, record_id: str, username: str) -> None:
        self.edit(record_id, {"OwnerId": self.users[username.lower()].id})

    def delete(self, record_id: str) -> None:
        with self.lock_all:
            self.saving.delete(self._actor(), self._object_of(record_id), record_id)

    def undelete(self, record_id: str) -> None:
        with self.lock_all:
            self.saving.undelete(self._actor(), self._object_of(record_id), record_id)

    def merge(self, winner_id: str, loser_ids: Sequence[str], fields: Mapping[str, Any] | None = None) -> list[str]:
        """Merge up to two records into one; returns what moved to the winner."""
        with self.lock_all:
            return self.merging.merge(self._actor(), winner_id, loser_ids, fields)

    def convert(self, lead_id: str, account_id: str | None = None, contact_id: str | None = None) -> dict[str, str]:
        """Convert a lead; returns the ids of the account and the contact."""
        with self.lock_all:
            done = self.merging.convert(self._actor(), lead_id, account_id=account_id, contact_id=contact_id)
            return {"account_id": done.account_id, "contact_id": done.contact_id}

    def purge(self, record_ids: Sequence[str]) -> None:
        with self.lock_all:
            self.merging.purge(self._actor(), record_ids)

    def empty_recycle_bin(self) -> int:
        """Purge everything deleted; returns how many records there were."""
        with self.lock_all:
            gone = [row.id for rows in self.saving.rows.by_object.values() for row in rows.values() if row.is_deleted]
            self.merging.purge(self._actor(), gone)
            return len(gone)

    def validate(self, object: str, field: str, message: str, pattern: str | None = None) -> None:  # noqa: A002
        """Add a validation rule: refuse an empty field, or one that matches the pattern."""
        with self.lock_all:
            rule = ValidationRule(object=object, field=field, message=message, pattern=pattern)
            self.saving.rules.validations.append(rule)

    def demand_unique(self, object: str, fields: Sequence[str], *, blocks: bool) -> None:  # noqa: A002
        """Add a duplicate rule; one that does not block only warns, and yields to `allowSave=true`."""
        with self.lock_all:
            self.saving.rules.duplicates.append(DuplicateRule(object=object, fields=tuple(fields), blocks=blocks))

    def lock(self, record_id: str, times: int) -> None:
        """Let the next writes of this record or of a child of it find it locked."""
        with self.lock_all:
            self.saving.rules.locks[record_id] = times

    def refuse(self, object: str, code: str, message: str, times: int, value: str | None = None) -> None:  # noqa: A002
        """Refuse the next records of an object (in which some field has the value) with a code."""
        with self.lock_all:
            order = Ordered(object=object, code=code, message=message, times=times, value=value)
            self.saving.rules.ordered.append(order)

    def hide_field(self, username: str, object: str, field: str, *, is_hidden: bool = True) -> None:  # noqa: A002
        """Take a standard field out of a user's profile, or put it back."""
        with self.lock_all:
            hidden = self.users[username.lower()].hidden
            (hidden.add if is_hidden else hidden.discard)(f"{object}.{field}".lower())

    def deploy_source(self, folder: str) -> list[str]:
        """Deploy a source folder, as the command line would; returns what is wrong, or nothing."""
        return self.deploy(read_source(Path(folder)))

    def deploy(self, components: Sequence[Component]) -> list[str]:
        """Deploy all components or none; returns what is wrong."""
        with self.lock_all:
            faults = self.deploying.deploy(self._actor(), components)
            return [f"{fault.component.name}: {fault.problem}" for fault in faults]

    def assign(self, permission_set: str, username: str) -> str:
        """Give a user a permission set; returns the id of the assignment."""
        given = self.deploying.permission_sets[permission_set]
        fields = {"PermissionSetId": given.id, "AssigneeId": self.users[username.lower()].id}
        return self.add("PermissionSetAssignment", fields)

    def translate_to(self, language: str) -> None:
        """Switch a language on in Setup, Translation Language Settings, such as `de`."""
        with self.lock_all:
            self.deploying.languages.add(language)

    def unshare(self, username: str, record_id: str, *, is_unshared: bool = True) -> None:
        """Let a user no longer see a record, or see it again."""
        with self.lock_all:
            unshared = self.users[username.lower()].unshared
            (unshared.add if is_unshared else unshared.discard)(record_id)

    def _actor(self) -> Actor:
        return Actor(user=self.administrator, client=None, allows_duplicates=True)

    def _object(self, name: str) -> SObject:
        found = self.saving.schema.find(name)
        if found is None:
            raise RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def _object_of(self, record_id: str) -> SObject:
        found = self.saving.schema.by_prefix(record_id)
        if found is None:
            raise RefusedError("MALFORMED_ID", f"malformed id {record_id}")
        return found
