"""Who works in an org, and what permission sets let them see and write.

People are administrators and see everything. The integration user sees standard objects and of custom ones what its
permission sets give, field by field: what it may not see is as if it did not exist.
https://developer.salesforce.com/docs/atlas.en-us.securityImplGuide.meta/, from memory, 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.salesforce.schema import Field, SObject


@dataclass(kw_only=True)
class PermissionSet:
    """What one permission set gives; objects and fields (`Object.Field`) by lower-case name."""

    id: str
    name: str
    label: str
    readable_objects: set[str] = field(default_factory=set)
    # by right: createable, updateable, deletable
    writable_objects: dict[str, set[str]] = field(default_factory=dict)
    readable_fields: set[str] = field(default_factory=set)
    editable_fields: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class User:
    """One user; `hidden` are standard fields its profile hides."""

    id: str
    username: str
    is_administrator: bool
    # the permission sets assigned to it just now
    granted: Callable[[str], list[PermissionSet]]
    is_active: bool = True
    hidden: set[str] = field(default_factory=set)
    # records that are not shared with it, by id
    unshared: set[str] = field(default_factory=set)

    def may_read_object(self, one: SObject) -> bool:
        name = one.name.lower()
        if self.is_administrator or not one.is_custom:
            return True
        return any(name in given.readable_objects for given in self.granted(self.id))

    def may_write_object(self, one: SObject, right: str) -> bool:
        """Whether it has one of the rights createable, updateable or deletable."""
        name = one.name.lower()
        if self.is_administrator or not one.is_custom:
            return True
        return any(name in given.writable_objects.get(right, ()) for given in self.granted(self.id))

    def may_read(self, one: SObject, field: Field) -> bool:
        return self._may(one, field, editing=False)

    def may_edit(self, one: SObject, field: Field) -> bool:
        return self._may(one, field, editing=True)

    def _may(self, one: SObject, field: Field, *, editing: bool) -> bool:
        path = f"{one.name}.{field.name}".lower()
        if self.is_administrator:
            return True
        if path in self.hidden:
            return False
        if not field.facts["custom"] or not field.facts["permissionable"]:
            return True
        return any(
            path in (given.editable_fields if editing else given.readable_fields) for given in self.granted(self.id)
        )


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who changes something and by which request; `client` is what Sforce-Call-Options named."""

    user: User
    client: str | None = None
    request: int | None = None
    allows_duplicates: bool = False
