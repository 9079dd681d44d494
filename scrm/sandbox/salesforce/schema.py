"""The objects of an org and their fields, standard ones from `objects.json`, custom ones as they are deployed.

The standard facts (names, types, lengths, what may be written) are those of recorded describe answers; Task, Case,
User and the permission sets follow the object reference,
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/, read 2026-11-24.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

TEXTS = frozenset({"string", "textarea", "phone", "url", "email", "picklist", "multipicklist", "combobox", "id"})
NUMBERS = frozenset({"int", "double", "currency", "percent"})


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(files(__package__).joinpath("objects.json").read_text(encoding="utf-8"))
    return facts


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: the facts a describe answer gives of it."""

    facts: dict[str, Any]

    @cached_property
    def name(self) -> str:
        return str(self.facts["name"])

    @cached_property
    def label(self) -> str:
        return str(self.facts["label"])

    @cached_property
    def type(self) -> str:
        return str(self.facts["type"])

    @cached_property
    def length(self) -> int:
        return int(self.facts["length"])

    @cached_property
    def is_required(self) -> bool:
        """Whether a record cannot be made without it."""
        facts = self.facts
        return bool(facts["createable"] and not facts["nillable"] and not facts["defaultedOnCreate"])

    @cached_property
    def is_text(self) -> bool:
        return self.type in TEXTS

    @cached_property
    def is_matchable(self) -> bool:
        """Whether an upsert may find records by it."""
        return bool(self.facts["externalId"] or self.facts["idLookup"])

    @cached_property
    def refers_to(self) -> tuple[str, ...]:
        return tuple(self.facts["referenceTo"])

    @cached_property
    def relationship(self) -> str | None:
        name: str | None = self.facts["relationshipName"]
        return name if self.refers_to else None

    @cached_property
    def choices(self) -> tuple[str, ...]:
        return tuple(self.facts["picklistValues"])


def make_field(**facts: Any) -> Field:
    """Return a field of a type with the facts given; the rest is as usual for the type."""
    all_facts = _facts()
    return Field(facts={"length": 0, **all_facts["field"], **all_facts["types"][facts["type"]], **facts})


@dataclass(kw_only=True)
class SObject:
    """One kind of record."""

    name: str
    facts: dict[str, Any]
    fields: dict[str, Field]
    # child object, its field, name of the relationship
    children: list[tuple[str, str, str | None]] = field(default_factory=list)
    # how an automatic number is written, and the last one given
    number_format: str = "{00000000}"
    last_number: int = 0

    def copy(self) -> SObject:
        """Return one that can be changed without changing this."""
        return SObject(
            name=self.name,
            facts=self.facts,
            fields=dict(self.fields),
            children=list(self.children),
            number_format=self.number_format,
            last_number=self.last_number,
        )

    @property
    def prefix(self) -> str:
        return str(self.facts["keyPrefix"])

    @property
    def is_custom(self) -> bool:
        return bool(self.facts["custom"])

    def add(self, one: Field) -> None:
        self.fields[one.name.lower()] = one

    def find(self, name: str) -> Field | None:
        return self.fields.get(name.lower())

    def by_relationship(self, name: str) -> Field | None:
        wanted = name.lower()
        return next((one for one in self.fields.values() if (one.relationship or "").lower() == wanted), None)


def make_object(name: str, facts: dict[str, Any]) -> SObject:
    """Return an object without fields; facts not given are as usual."""
    return SObject(name=name, facts={**_facts()["object"], "supportedScopes": [], **facts}, fields={})


class Schema:
    """All objects of one org."""

    def __init__(self) -> None:
        self.objects: dict[str, SObject] = {}
        for name, known in _facts()["objects"].items():
            one = make_object(name, known["facts"])
            for facts in known["fields"]:
                one.add(make_field(**facts))
            one.children.extend((child, by, relationship) for child, by, relationship in known["children"])
            self.objects[name.lower()] = one

    def find(self, name: str) -> SObject | None:
        return self.objects.get(name.lower())

    def __getitem__(self, name: str) -> SObject:
        return self.objects[name.lower()]

    def by_prefix(self, record_id: str) -> SObject | None:
        return next((one for one in self.objects.values() if one.prefix == record_id[:3]), None)

    def add(self, one: SObject) -> None:
        self.objects[one.name.lower()] = one

    def next_custom_prefix(self) -> str:
        """Return a key prefix no object has: a00, a01 and so on."""
        taken = {one.prefix for one in self.objects.values()}
        return next(text for number in range(1000) if (text := f"a{number:02d}") not in taken)
