"""Contacts, leads and accounts: which fields are read, and what a row says about a person or company.

Standard fields after the describes recorded from orgs (read 2026-11-24). Organizations keep handles, addresses of
profiles and further e-mail addresses in fields of their own; `Extra` says which and is configuration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scrm.models import ContactKind, Relation
from scrm.sync.crm.base import ContactRecord
from scrm.sync.crm.salesforce.shape import Shape

KINDS = {"Account": ContactKind.ACCOUNT, "Contact": ContactKind.CONTACT, "Lead": ContactKind.LEAD}
ALWAYS = ("Id", "IsDeleted", "MasterRecordId", "SystemModstamp", "Name", "Owner.Name", "Owner.Email")
FIELDS = {
    "Account": ("Type", "Phone", "Website", "BillingCity", "BillingCountry"),
    "Contact": (
        *("FirstName", "LastName", "Email", "Phone", "MobilePhone", "HomePhone", "OtherPhone", "Title"),
        *("MailingCity", "MailingCountry", "Account.Name", "Account.Type"),
    ),
    "Lead": (
        *("FirstName", "LastName", "Company", "Email", "Phone", "MobilePhone", "Title", "City", "Country", "Website"),
        *("IsConverted", "ConvertedContactId", "ConvertedAccountId"),
    ),
}
READS = ("handle", "url", "email", "language")  # what a field of an organization's own may hold
PHONES = ("Phone", "MobilePhone", "HomePhone", "OtherPhone")
PARENTS = {"Account": "AccountId", "Owner": "OwnerId"}  # the field that must be open to read one of the parent
RELATIONS = {
    "customer": Relation.CUSTOMER,
    "prospect": Relation.PROSPECT,
    "partner": Relation.PARTNER,
    "supplier": Relation.SUPPLIER,
    "vendor": Relation.SUPPLIER,
}


@dataclass(frozen=True, kw_only=True)
class Extra:
    """Fields of an organization's own on one object: handles by network, addresses of profiles, e-mail addresses."""

    handles: Mapping[str, str] = field(default_factory=dict)  # field: network
    urls: Sequence[str] = ()
    emails: Sequence[str] = ()
    language: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.handles, *self.urls, *self.emails, *((self.language,) if self.language else ()))

    @property
    def listed(self) -> tuple[tuple[str, str, str], ...]:
        """Field, what it holds, and for a handle at which network."""
        return (
            *((name, "handle", network) for name, network in self.handles.items()),
            *((name, "url", "") for name in self.urls),
            *((name, "email", "") for name in self.emails),
            *(((self.language, "language", ""),) if self.language else ()),
        )

    def changed(self, name: str, kind: str, network: str = "", *, no_longer: bool = False) -> "Extra":
        """With this field read as one of READS, or with it read no longer."""

        def listed(names: Sequence[str]) -> tuple[str, ...]:
            others = tuple(one for one in names if one != name)
            return others if no_longer else (*others, name)

        match kind:
            case "handle":
                handles = {one: value for one, value in self.handles.items() if one != name}
                return replace(self, handles=handles if no_longer else handles | {name: network})
            case "url":
                return replace(self, urls=listed(self.urls))
            case "email":
                return replace(self, emails=listed(self.emails))
            case _:
                return replace(self, language=None if no_longer else name)


def selected(name: str, shape: Shape, extra: Extra) -> tuple[str, ...]:
    """The fields of an object to ask for: those we use that are open to us."""
    known = shape.fields(name)

    def is_open(wanted: str) -> bool:
        parent, dot, _rest = wanted.partition(".")
        return (PARENTS[parent] if dot else wanted) in known

    return tuple(dict.fromkeys(one for one in (*ALWAYS, *FIELDS[name], *extra.names) if is_open(one)))


def when(text: str) -> datetime:
    """A time as Salesforce writes it, such as 2026-11-23T10:00:00.000+0000 or ending in Z."""
    return datetime.fromisoformat(text).astimezone(UTC)


def record(name: str, row: Mapping[str, Any], extra: Extra) -> ContactRecord:
    """What a row says; nested rows for parents, as REST gives them, or flat ones, as CSV does."""
    is_lead = name == "Lead"
    is_deleted = _true(row, "IsDeleted")
    master = _text(row, "MasterRecordId") if is_deleted else None  # it may stay behind after an undelete
    merged_into = master or (_text(row, "ConvertedContactId") if is_lead and _true(row, "IsConverted") else None)
    city, country = {
        "Account": ("BillingCity", "BillingCountry"),
        "Contact": ("MailingCity", "MailingCountry"),
        "Lead": ("City", "Country"),
    }[name]
    return ContactRecord(
        native_id=row["Id"],
        kind=KINDS[name].value,
        relation=(
            Relation.PROSPECT if is_lead else _relation(row, "Type" if name == "Account" else "Account.Type")
        ).value,
        full_name=_text(row, "Name") or "",
        first_name=_text(row, "FirstName"),
        last_name=_text(row, "LastName"),
        company=_text(row, {"Account": "Name", "Contact": "Account.Name", "Lead": "Company"}[name]),
        title=_text(row, "Title"),
        city=_text(row, city),
        country=_text(row, country),
        language=_text(row, extra.language) if extra.language else None,
        emails=_texts(row, ("Email", *extra.emails)),
        phones=_texts(row, PHONES),
        handles=tuple(
            (network, handle) for name_, network in extra.handles.items() if (handle := _text(row, name_)) is not None
        ),
        urls=_texts(row, ("Website", *extra.urls)),
        owner=_text(row, "Owner.Name"),
        owner_email=_text(row, "Owner.Email"),
        updated_at=when(row["SystemModstamp"]),
        is_deleted=is_deleted and merged_into is None,
        merged_into=merged_into,
    )


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value: Any = row.get(name)
    parent, dot, rest = name.partition(".")
    if value is None and dot:
        value = (row.get(parent) or {}).get(rest)
    return str(value).strip() or None if value is not None else None


def _texts(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for name in names if (value := _text(row, name)) is not None))


def _true(row: Mapping[str, Any], name: str) -> bool:
    return str(row.get(name)).lower() == "true"


def _relation(row: Mapping[str, Any], name: str) -> Relation:
    said = (_text(row, name) or "").lower()
    return next((relation for word, relation in RELATIONS.items() if word in said), Relation.OTHER)
