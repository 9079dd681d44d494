"""Records of profiles and of what they said, written by key: an older version never over a newer one.

What people edited is left as it is.

A record that we have not seen is made without a look at what stands there: its key is unique, so where one stands
already the row comes back as a double and goes the careful way. That way reads the records of the batch, compares
version and fields, and upserts. Between the two a validation rule in the org refuses an older version, so a writer
that was delayed does no harm either.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scrm.i18n import N_, gettext
from scrm.models import RecordKind
from scrm.sync.crm.base import EntryWrite, Fault, Outcome, Plan, Result
from scrm.sync.crm.salesforce.faults import GONE, row_error
from scrm.sync.crm.salesforce.held import (
    KEY,
    LOOKUPS,
    VERSION,
    WRITTEN,
    Change,
    Held,
    Wanted,
    before,
    fault,
    lookups_of,
    soql_for,
)
from scrm.sync.crm.salesforce.ids import full_id, object_of
from scrm.sync.crm.salesforce.mapping import OBJECT_OF, FieldMap, Rule, mark
from scrm.sync.crm.salesforce.org import Org
from scrm.sync.crm.salesforce.sending import BATCH, Answer, create, remove, upsert
from scrm.sync.crm.salesforce.shape import Shape

CLOSED = N_("%(field)s: not there, or not open to our user")


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of one kind in one org."""

    org: Org
    shape: Shape
    field_map: FieldMap
    kind: RecordKind

    @property
    def name(self) -> str:
        """Of their object."""
        return OBJECT_OF[self.kind]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.field_map.active(self.kind)

    def plan(self, batch: Sequence[EntryWrite]) -> Plan:
        """What `write` would come to, by reading alone."""
        by_result: dict[Result, list[str]] = {}
        stood: dict[str, Mapping[str, Any]] = {}
        would: dict[str, Mapping[str, Any]] = {}
        for part in _parts(batch):
            held, alive = self._look(part)
            for row in part:
                key, there = row.external_key, held.get(row.external_key)
                by_result.setdefault(self._foretell(row, there, alive), []).append(key)
                would[key] = self._wanted(row).after(there)
                if there is not None:
                    stood[key] = before(there, row)
        by_keys = {result: tuple(keys) for result, keys in by_result.items()}
        return Plan(by_result=by_keys, before=stood, after=would)

    def write(self, batch: Sequence[EntryWrite]) -> list[Outcome]:
        """One outcome per row in the same order; see `Crm.write`."""
        outcomes: list[Outcome] = []
        for part in _parts(batch):
            newest = _newest(part)
            done = self._write_once(list(newest.values()))
            outcomes += [_outcome(row, newest, done) for row in part]
        return outcomes

    def new(self, batch: Sequence[EntryWrite]) -> list[dict[str, Any]]:
        """These as records that were never there, for a bulk job; those that would be refused are left out."""
        return [self._wanted(row).fields(None) for row in batch if self._refuse(row) is None]

    def preview(self, batch: Sequence[EntryWrite]) -> list[tuple[str, list[Change]]]:
        """Of each row its key and every field that would change; what would be left as it is is not told."""
        held, _alive = self._look(batch)
        return [(row.external_key, self._wanted(row).changes(held.get(row.external_key))) for row in batch]

    def withdraw(self, batch: Sequence[EntryWrite]) -> list[Outcome]:
        """One outcome per row in the same order; see `Crm.withdraw`."""
        outcomes: list[Outcome] = []
        for part in _parts(batch):
            held = self._read(row.external_key for row in part)
            outcomes += self._withdraw(part, held)
        return outcomes

    def _write_once(self, rows: Sequence[EntryWrite]) -> dict[str, Outcome]:
        """Outcomes by key, of rows whose keys differ."""
        done = {row.external_key: refused for row in rows if (refused := self._refuse(row)) is not None}
        todo = [row for row in rows if row.external_key not in done]
        done |= self._create([row for row in todo if row.record_id is None])
        known = [row for row in todo if row.external_key not in done]
        if not known:
            return done
        held = self._read(row.external_key for row in known)
        changes: list[tuple[Wanted, Held | None]] = []
        for row in known:
            wanted, there = self._wanted(row), held.get(row.external_key)
            result = wanted.judge(there)
            if there is not None and (result is Result.STALE or wanted.is_there(there)):
                done[row.external_key] = _settled(row, there, result)
            else:
                changes.append((wanted, there))
        return done | self._upsert(changes)

    def _create(self, rows: Sequence[EntryWrite]) -> dict[str, Outcome]:
        """Outcomes of rows that were new; rows whose key is taken are left out."""
        if not rows:
            return {}
        answers = _hung(
            lambda records: create(self.org, self.name, records), [(self._wanted(row), None) for row in rows]
        )
        return {
            row.external_key: _answered(row, answer, None, Result.CREATED)
            for row, answer in zip(rows, answers, strict=True)
            if not _is_double(answer)
        }

    def _upsert(self, changes: Sequence[tuple[Wanted, Held | None]]) -> dict[str, Outcome]:
        if not changes:
            return {}
        answers = _hung(lambda records: upsert(self.org, self.name, KEY, records), changes)
        done = {}
        for (wanted, held), answer in zip(changes, answers, strict=True):
            result = Result.CREATED if answer.get("created") else wanted.judge(held)
            done[wanted.row.external_key] = _answered(wanted.row, answer, held, result)
        return done

    def _withdraw(self, rows: Sequence[EntryWrite], held: Mapping[str, Held]) -> list[Outcome]:
        """Outcomes in the order of the rows."""
        done: dict[str, Outcome] = {}
        going: dict[str, EntryWrite] = {}
        emptied: list[tuple[EntryWrite, Held]] = []
        for row in rows:
            key, there = row.external_key, held.get(row.external_key)
            if there is None:
                done[key] = Outcome(external_key=key, result=Result.WITHDRAWN)
            elif row.version < there.version:
                done[key] = _settled(row, there, Result.STALE)
            else:
                stays = bool(there.edited) and not row.is_forced
                if stays:
                    done[key] = _settled(row, there, Result.EDITED)
                else:
                    going[key] = row
                if row.must_go:
                    emptied.append((row, there))
        # what was deleted at its source would lie in the recycle bin for weeks, so it is emptied before it goes
        done |= self._empty(emptied)
        ids = [held[key].id for key in going]
        for (key, row), answer in zip(going.items(), remove(self.org, ids) if ids else (), strict=True):
            done[key] = _answered(row, answer, held[key], Result.WITHDRAWN)
        return [done[row.external_key] for row in rows]

    def _empty(self, rows: Sequence[tuple[EntryWrite, Held]]) -> dict[str, Outcome]:
        """Empty what nobody edited; gives outcomes of rows for which that did not work."""
        if not rows:
            return {}
        records = []
        for row, there in rows:
            ours = [rule for rule in self.rules if rule.source not in there.edited]
            marks = ",".join(f'"{rule.target}":"{mark(rule.source, None)}"' for rule in self.rules)
            blank: dict[str, Any] = {rule.target: None for rule in ours}
            records.append({KEY: row.external_key, VERSION: row.version, WRITTEN: f"{{{marks}}}", **blank})
        answers = upsert(self.org, self.name, KEY, records)
        return {
            row.external_key: _answered(row, answer, there, Result.EDITED)
            for (row, there), answer in zip(rows, answers, strict=True)
            if not answer.get("success")
        }

    def _refuse(self, row: EntryWrite) -> Outcome | None:
        """The outcome of a row that need not be sent."""
        if error := fault(row, self.field_map, self.shape):
            return Outcome(external_key=row.external_key, result=Result.REJECTED, error=error, fault=Fault.VALUE)
        name = object_of(row.contact_native_id)
        if name is None:
            return Outcome(external_key=row.external_key, result=Result.CONTACT_GONE)
        if LOOKUPS[name] not in lookups_of(self.shape, self.kind):
            error = gettext(CLOSED, field=f"{self.name}.{LOOKUPS[name]}")
            return Outcome(external_key=row.external_key, result=Result.REJECTED, error=error, fault=Fault.FIELD)
        return None

    def _foretell(self, row: EntryWrite, held: Held | None, alive: frozenset[str]) -> Result:
        refused = self._refuse(row)
        result = self._wanted(row).judge(held)
        if refused is not None and (refused.result is Result.REJECTED or result is not Result.STALE):
            return refused.result
        is_gone = full_id(row.contact_native_id) not in alive
        return Result.CONTACT_GONE if is_gone and result is not Result.STALE else result

    def _wanted(self, row: EntryWrite) -> Wanted:
        return Wanted.of(row, self.field_map, self.shape)

    def _look(self, rows: Sequence[EntryWrite]) -> tuple[Mapping[str, Held], frozenset[str]]:
        """The records of these rows and which of their contacts are alive, in one call."""
        people: dict[str, set[str]] = {}
        for row in rows:
            name, full = object_of(row.contact_native_id), full_id(row.contact_native_id)
            if name in self.shape.objects and full is not None:
                people.setdefault(str(name), set()).add(full)
        soqls = [self._soql(row.external_key for row in rows)]
        for name, ids in sorted(people.items()):
            quoted = ", ".join(f"'{one}'" for one in sorted(ids))  # checked to be ids
            soqls.append(f"SELECT Id FROM {name} WHERE Id IN ({quoted})")  # noqa: S608
        records, *found = self.org.queries(soqls)
        return self._by_key(records), frozenset(str(one["Id"]) for part in found for one in part)

    def _read(self, keys: Iterable[str]) -> Mapping[str, Held]:
        """The records of these keys, in one call."""
        (records,) = self.org.queries([self._soql(keys)])
        return self._by_key(records)

    def _by_key(self, records: Iterable[Mapping[str, Any]]) -> Mapping[str, Held]:
        return {str(one[KEY]): Held.of(one, self.rules) for one in records}

    def _soql(self, keys: Iterable[str]) -> str:
        return soql_for(sorted({key for key in keys if key}), self.shape, self.kind, self.rules)


def _hung(
    send: Callable[[Sequence[Mapping[str, Any]]], Sequence[Answer]], rows: Sequence[tuple[Wanted, Held | None]]
) -> list[Answer]:
    """Send these; what hangs on the record of a profile that somebody deleted goes again without it."""
    answers = list(send([wanted.fields(held) for wanted, held in rows]))
    lost = [place for place, (wanted, _held) in enumerate(rows) if wanted.above and _is_gone(answers[place])]
    if lost:
        alone = [replace(rows[place][0], above=None).fields(rows[place][1]) for place in lost]
        for place, answer in zip(lost, send(alone), strict=True):
            answers[place] = answer
    return answers


def _is_gone(answer: Answer) -> bool:
    return any(one.get("statusCode") in GONE for one in answer.get("errors") or ())


def _newest(rows: Sequence[EntryWrite]) -> dict[str, EntryWrite]:
    """One row per key: two of one key in a call are both refused."""
    newest: dict[str, EntryWrite] = {}
    for row in rows:
        if row.external_key not in newest or row.version >= newest[row.external_key].version:
            newest[row.external_key] = row
    return newest


def _outcome(row: EntryWrite, newest: Mapping[str, EntryWrite], done: Mapping[str, Outcome]) -> Outcome:
    sent = newest[row.external_key]
    if row is sent or row.version == sent.version:
        return done[row.external_key]
    return Outcome(external_key=row.external_key, result=Result.STALE, version=sent.version)


def _settled(row: EntryWrite, held: Held, result: Result) -> Outcome:
    """An outcome that needed no write of ours."""
    is_stale = result is Result.STALE
    return Outcome(
        external_key=row.external_key,
        result=result,
        record_id=held.id,
        before=None if is_stale else before(held, row),
        changed_by_others=bool(held.edited),
        version=held.version if is_stale else None,
    )


def _answered(row: EntryWrite, answer: Mapping[str, Any], held: Held | None, result: Result) -> Outcome:
    """The outcome that an answer of Salesforce means."""
    error: str | None = None
    kind: Fault | None = None
    if not answer.get("success"):
        errors = answer.get("errors") or []
        if not (result is Result.WITHDRAWN and _is_gone(answer)):
            result, kind, error = row_error(errors)
    return Outcome(
        external_key=row.external_key,
        result=result,
        record_id=str(answer["id"]) if answer.get("id") else held.id if held else None,
        before=before(held, row) if held else None,
        changed_by_others=bool(held and held.edited),
        error=error,
        fault=kind,
    )


def _is_double(answer: Mapping[str, Any]) -> bool:
    return any(one.get("statusCode") == "DUPLICATE_VALUE" for one in answer.get("errors") or ())


def _parts(batch: Sequence[EntryWrite]) -> Iterable[Sequence[EntryWrite]]:
    return (batch[start : start + BATCH] for start in range(0, len(batch), BATCH))
