"""What the org looks like to our user: objects and fields by describe, kept so that it is asked once a day.

Field-level security takes fields out of a describe, so a field that is missing here may exist and be closed to us.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrm.errors import CrmAuthError
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError
from scrm.sync.crm.salesforce.org import Org

PROFILE = "Social_Profile__c"
INTERACTION = "Social_Interaction__c"
READ = ("Account", "Contact", "Lead")
OBJECTS = (*READ, PROFILE, INTERACTION)
KEPT = ("type", "length", "createable", "updateable", "externalId", "unique", "caseSensitive", "nillable")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Objects by name, each with its fields by name; an object that is missing is not there or not open to us."""

    objects: Mapping[str, Mapping[str, Any]]

    @classmethod
    def ask(cls, org: Org) -> "Shape":
        """Describe every object we use, one call each."""
        found = {}
        for name in OBJECTS:
            try:
                answer = org.call("GET", f"sobjects/{name}/describe/")
            except SalesforceRefusedError as why:
                if why.status != 404 and why.code != "NOT_FOUND":
                    raise
                continue
            found[name] = {
                "may": {
                    verb: bool(answer.get(verb)) for verb in ("queryable", "createable", "updateable", "deletable")
                },
                "fields": {one["name"]: {key: one.get(key) for key in KEPT} for one in answer["fields"]},
            }
        return cls(objects=found)

    def fields(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """The fields of an object that are open to us; none when the object is not."""
        described: Mapping[str, Mapping[str, Any]] = self.objects.get(name, {}).get("fields", {})
        return described

    def may(self, name: str, verb: str) -> bool:
        return bool(self.objects.get(name, {}).get("may", {}).get(verb))

    def length(self, name: str, field: str) -> int | None:
        """How many characters a text field takes; None when it is not open to us or has no length."""
        length = self.fields(name).get(field, {}).get("length")
        return int(length) if length else None

    def require(self, name: str) -> None:
        """Raise CrmAuthError when an object we cannot do without is not open to us."""
        if name not in self.objects:
            raise CrmAuthError(f"Salesforce: {name} is not there or not open to us; run `scrm crm check`")
