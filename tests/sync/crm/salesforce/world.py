"""A sandbox org with hands, for the contract that every CRM passes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from scrm.models import RecordKind
from scrm.runtime import Core
from scrm.sandbox.salesforce import Salesforce
from scrm.sync.crm.base import Crm
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.mapping import DEFAULT, OBJECT_OF
from tests.sync.crm.salesforce.orgs import connected, plant


@dataclass(frozen=True, kw_only=True)
class Held:
    """A record as the CRM holds it."""

    kind: RecordKind
    contact_native_id: str
    profile_record_id: str | None
    version: int
    fields: Mapping[str, Any]


class Ticking:
    """The true time, and a second more for everything that people did: no two changes have one stamp."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def tick(self) -> None:
        self.ahead += timedelta(seconds=1)


class SalesforceWorld:
    """One org that is connected, empty at first."""

    def __init__(self, core: Core, *, page: int = 200, **org: Any) -> None:
        self.clock = Ticking()
        self.org = Salesforce(tls=False, clock=self.clock, **org)
        self._core, self._page = core, page

    def __enter__(self) -> Self:
        self.org.start()
        settings = replace(self._core.settings, sandbox_urls=(f"salesforce={self.org.base_url}",))
        self.core = replace(self._core, settings=settings)
        plant(self.org)
        connected(self.core, self.org)
        self.opened().look_again()  # once a day, so not part of what a test counts
        self.crm: Crm = self.opened()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.org.__exit__(*exc_info)

    def opened(self, **more: Any) -> SalesforceCrm:
        """The adapter as another process has it."""
        return SalesforceCrm(self.core, **({"page": self._page} | more))

    def add(self, name: str, kind: str = "Contact", **fields: Any) -> str:
        self.clock.tick()
        return self.org.people.add(kind, {"Name" if kind == "Account" else "LastName": name} | fields)

    def rename(self, native_id: str, name: str) -> None:
        self.clock.tick()
        self.org.people.edit(native_id, {"LastName": name})

    def delete(self, native_id: str) -> None:
        self.clock.tick()
        self.org.people.delete(native_id)

    def merge(self, native_id: str, into: str) -> None:
        self.clock.tick()
        row = self.org.rows.get(into)
        if row is not None and row.is_deleted:
            self.org.people.undelete(into)
        self.org.people.merge(into, [native_id])

    def edit(self, key: str, field: str, value: str) -> None:
        """A person changes a field of a record, by our name for it."""
        self.clock.tick()
        (kind, record) = next((kind, row) for kind, row in self._rows() if row["Key__c"] == key)
        (target,) = (rule.target for rule in DEFAULT if (rule.kind, rule.source) == (kind, field))
        self.org.people.edit(record["Id"], {target: value})

    def records(self) -> Mapping[str, Held]:
        return {
            row["Key__c"]: Held(
                kind=kind,
                contact_native_id=row["Contact__c"] or row["Lead__c"] or row["Account__c"] or "",
                profile_record_id=row.get("Profile__c"),
                version=int(row["Version__c"]),
                fields={
                    rule.source: row[rule.target] for rule in DEFAULT if rule.kind is kind and rule.target in row
                },
            )
            for kind, row in self._rows()
            if not row["IsDeleted"]
        }

    def _rows(self) -> Iterator[tuple[RecordKind, Mapping[str, Any]]]:
        found = self.org.snapshot()
        return ((kind, row) for kind, name in OBJECT_OF.items() for row in found.get(name, ()))

    def writes(self) -> list[str]:
        return [str(line["kind"]) for line in self.org.ledger()]
