"""Timeline records as they stand in the org, and what a wanted entry makes of one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simple_salesforce.format import format_soql

from scrm.connectors.payload import clean
from scrm.i18n import gettext
from scrm.models import RecordKind
from scrm.sync.crm.base import EntryWrite, Result
from scrm.sync.crm.salesforce.ids import full_id, object_of
from scrm.sync.crm.salesforce.mapping import (
    OBJECT_OF,
    SUBJECT_LIMIT,
    TEXT_LIMIT,
    FieldMap,
    Policy,
    Rule,
    as_kept,
    as_sent,
    fit,
    mark,
    units,
)
from scrm.sync.crm.salesforce.shape import Shape

KEY, VERSION, WRITTEN = "Key__c", "Version__c", "Written__c"
ABOVE = "Profile__c"  # of an interaction: the record of the profile
LOOKUPS = {"Account": "Account__c", "Contact": "Contact__c", "Lead": "Lead__c"}
LIMITS = {"text": TEXT_LIMIT, "subject": SUBJECT_LIMIT}


@dataclass(frozen=True, kw_only=True)
class Held:
    """A record in the org, in our own words."""

    id: str
    version: int
    lookups: Mapping[str, str | None]
    above: str | None
    values: Mapping[str, Any]  # by our names, as kept
    edited: frozenset[str]  # our names of fields that somebody edited since we wrote them

    @classmethod
    def of(cls, row: Mapping[str, Any], rules: Sequence[Rule]) -> "Held":
        values = {rule.source: as_kept(rule.source, row.get(rule.target)) for rule in rules}
        targets = {rule.source: rule.target for rule in rules}
        try:
            written: Mapping[str, str] = dict(json.loads(row.get(WRITTEN) or "{}"))
        except ValueError:
            written = {}
        return cls(
            id=str(row["Id"]),
            version=int(row.get(VERSION) or 0),
            lookups={field: row.get(field) for field in LOOKUPS.values() if field in row},
            above=row.get(ABOVE),
            values=values,
            edited=frozenset(
                name
                for name, value in values.items()
                if (written[targets[name]] != mark(name, value) if targets[name] in written else value is not None)
            ),
        )


def soql_for(keys: Sequence[str], shape: Shape, kind: RecordKind, rules: Sequence[Rule]) -> str:
    """The query for the records of these keys."""
    name = OBJECT_OF[kind]
    above = [ABOVE] if has_above(shape, kind) else []
    fields = ["Id", KEY, VERSION, WRITTEN, *lookups_of(shape, kind), *above, *(rule.target for rule in rules)]
    soql = f"SELECT {', '.join(dict.fromkeys(fields))} FROM {name} WHERE {KEY} IN {{keys}}"  # noqa: S608
    return format_soql(soql, keys=list(keys))


def lookups_of(shape: Shape, kind: RecordKind) -> list[str]:
    """The lookups that are there; a lead's is missing where an organization has no leads."""
    return [field for field in LOOKUPS.values() if field in shape.fields(OBJECT_OF[kind])]


def has_above(shape: Shape, kind: RecordKind) -> bool:
    """Whether records of this kind can point at the record of a profile."""
    return kind is RecordKind.INTERACTION and ABOVE in shape.fields(OBJECT_OF[kind])


Change = tuple[str, Any, Any]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An entry as the org should hold it."""

    row: EntryWrite
    rules: Mapping[str, Rule]  # by our names
    values: Mapping[str, Any]  # by our names, as kept, cut to what the fields take
    lookups: Mapping[str, str | None]
    above: str | None  # None: stays as it is

    @classmethod
    def of(cls, row: EntryWrite, field_map: FieldMap, shape: Shape) -> "Wanted":
        said = {"occurred_at": row.occurred_at, **row.fields}
        rules = {rule.source: rule for rule in field_map.active(row.kind) if rule.source in said}
        values = {
            name: fit(rule, as_kept(name, said[name]), shape.length(OBJECT_OF[row.kind], rule.target))
            for name, rule in rules.items()
        }
        above = full_id(row.profile_record_id or "") if has_above(shape, row.kind) else None
        return cls(row=row, rules=rules, values=values, lookups=_lookups(row, shape), above=above)

    def judge(self, held: Held | None) -> Result:
        """What writing this comes to, as far as the record goes."""
        if held is None:
            return Result.CREATED
        if self.row.version < held.version:
            return Result.STALE
        same = all(held.values.get(name) == value for name, value in self._ours(held).items())
        hangs_there = dict(held.lookups) == dict(self.lookups) and self.above in {None, held.above}
        return Result.UNCHANGED if same and hangs_there else Result.UPDATED

    def is_there(self, held: Held) -> bool:
        """Whether nothing has to be written at all."""
        return held.version == self.row.version and self.judge(held) is Result.UNCHANGED

    def fields(self, held: Held | None) -> dict[str, Any]:
        """What goes to Salesforce. What somebody edited is left out, unless its rule says that we win."""
        # by the field there: another one that our value is to go to was never written
        marks = {self.rules[name].target: mark(name, value) for name, value in self.values.items()}
        return {
            KEY: self.row.external_key,
            VERSION: self.row.version,
            WRITTEN: json.dumps(marks, separators=(",", ":"), sort_keys=True),
            **self.lookups,
            **({ABOVE: self.above} if self.above else {}),
            **{self.rules[name].target: as_sent(value) for name, value in self._ours(held).items()},
        }

    def changes(self, held: Held | None) -> list[Change]:
        """What writing this would change: field, what stands there, what would."""
        found = []
        for name, value in self._ours(held).items():
            before = held.values.get(name) if held is not None else None
            if before != value:
                found.append((self.rules[name].target, as_sent(before), as_sent(value)))
        return found

    def after(self, held: Held | None) -> dict[str, Any]:
        """What stands there once this is written, in our names and told as `before` tells it."""
        stands = before(held, self.row) if held is not None else {}
        return stands | {name: _told(name, value, self.row) for name, value in self._ours(held).items()}

    def _ours(self, held: Held | None) -> dict[str, Any]:
        """The values that are ours to write."""
        return {name: value for name, value in self.values.items() if _may(self.rules[name].policy, held, name)}


def _may(policy: Policy, held: Held | None, name: str) -> bool:
    if held is None or policy is Policy.SCRM_WINS:
        return True
    if policy is Policy.FILL_BLANK:
        return held.values.get(name) is None
    return name not in held.edited


def before(held: Held, row: EntryWrite) -> dict[str, Any]:
    """What stood there, in our names; a value that is the wanted one looks exactly like it."""
    return {name: _told(name, value, row) for name, value in held.values.items()}


def _told(name: str, value: Any, row: EntryWrite) -> Any:
    is_ours = name in row.fields and as_kept(name, row.fields[name]) == value
    return row.fields[name] if is_ours else as_sent(value)


def fault(row: EntryWrite, field_map: FieldMap, shape: Shape) -> str | None:
    """Why this row cannot be sent, in plain words."""
    if not row.external_key:
        return gettext("external key: expected a text")
    if row.occurred_at.tzinfo is None:
        return gettext("occurred_at: expected a time with a zone")
    targets = {rule.source: rule.target for rule in field_map.active(row.kind)}
    for name, value in row.fields.items():
        if not isinstance(value, str):
            continue
        if clean(value) != value:
            return gettext("%(field)s: holds characters that cannot be stored", field=name)
        limit = LIMITS.get(name)
        length = shape.length(OBJECT_OF[row.kind], targets.get(name, ""))
        if limit is not None and (len(value) > limit or (length is not None and units(value) > length)):
            shown = min(limit, length or limit)
            return gettext("%(field)s: longer than %(limit)s characters", field=name, limit=shown)
    return None


def _lookups(row: EntryWrite, shape: Shape) -> dict[str, str | None]:
    mine = LOOKUPS.get(object_of(row.contact_native_id) or "")
    return {field: full_id(row.contact_native_id) if field == mine else None for field in lookups_of(shape, row.kind)}
