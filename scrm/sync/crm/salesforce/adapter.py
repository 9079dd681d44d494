"""Salesforce behind the protocol that every CRM is used through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import func, select, update

from scrm.errors import ConfigError, CrmAuthError
from scrm.i18n import gettext
from scrm.models import CrmConnection, CrmFieldMap, RecordKind
from scrm.runtime import Core
from scrm.sync.crm.base import (
    Budget,
    Changes,
    ContactRecord,
    Description,
    EntryWrite,
    Fault,
    Outcome,
    Plan,
    Result,
)
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.crm.salesforce.backfill import BULK_FROM, Backfill
from scrm.sync.crm.salesforce.bulk import WRITE_FROM, BulkJobs
from scrm.sync.crm.salesforce.changes import Reader
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError
from scrm.sync.crm.salesforce.held import Change
from scrm.sync.crm.salesforce.ids import object_of
from scrm.sync.crm.salesforce.mapping import OBJECT_OF, SUBJECT_LIMIT, TEXT_LIMIT, FieldMap, Rule, from_stored
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.org import Org, Usage
from scrm.sync.crm.salesforce.records import CLOSED, Records
from scrm.sync.crm.salesforce.sending import BATCH
from scrm.sync.crm.salesforce.shape import INTERACTION, Shape

T = TypeVar("T")

PAGE = 200  # contacts in one portion, which is stored in one transaction
SHAPE_HOURS = 24
USAGE_HOURS = 1
EMERGENCY_PERCENT = 20  # of our share again, for withdrawals when it is used up


class SalesforceCrm:
    """One org, connected by `scrm crm connect`. Raises ConfigError when none is."""

    def __init__(
        self, core: Core, *, page: int = PAGE, bulk_from: int = BULK_FROM, write_from: int = WRITE_FROM
    ) -> None:
        self._core = core
        self._page, self._bulk_from, self._write_from = page, bulk_from, write_from
        with core.db.read() as session:
            row = session.get(CrmConnection, CRM_ID)
        if row is None:
            raise ConfigError(["Salesforce is not connected; run `scrm crm connect`"])
        self._row = row
        self.options = Options.from_stored(row.options)
        self.org = Org(core, version=self.options.api_version)

    def describe(self) -> Description:
        return Description(
            crm_id=CRM_ID,
            label="Salesforce",
            batch_size=BATCH,
            text_limit=TEXT_LIMIT,
            subject_limit=SUBJECT_LIMIT,
            bulk_from=self._write_from,
        )

    def read_changes(self, cursor: str | None) -> Changes:
        return self._ask(lambda: self._reader.changes(cursor, self._core.db.clock.now()))

    def read(self, native_ids: Sequence[str]) -> Sequence[ContactRecord]:
        return self._ask(lambda: self._reader.by_ids([one for one in native_ids if object_of(one)]))

    def plan(self, batch: Sequence[EntryWrite]) -> Plan:
        return self._ask(lambda: self._plan(batch))

    def write(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        return self._ask(lambda: self._by_kind(batch, lambda records, part: records.write(part)))

    def withdraw(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        return self._ask(lambda: self._by_kind(batch, lambda records, part: records.withdraw(part)))

    def bulk(self) -> BulkJobs:
        self.shape.require(INTERACTION)
        return BulkJobs(self.org, self.options.user_id, self._records)

    def resolve_merge(self, native_id: str) -> str | None:
        return self._ask(lambda: self._reader.survivor(native_id))

    def budget(self) -> Budget:
        """Our share of the org's calls, as heard with the last answer; asked for only when that is long ago."""
        now = self._core.db.clock.now()
        with self._core.db.read() as session:
            row = session.get_one(CrmConnection, CRM_ID)
        usage = self.org.usage
        if usage is None and row.calls_used is not None and row.calls_limit is not None and row.calls_at is not None:
            usage = Usage(used=row.calls_used, limit=row.calls_limit, at=row.calls_at)
        if usage is None or usage.at < now - timedelta(hours=USAGE_HOURS):
            daily = self.org.call("GET", "limits/")["DailyApiRequests"]
            usage = Usage(used=int(daily["Max"]) - int(daily["Remaining"]), limit=int(daily["Max"]), at=now)
            self.org.usage = usage
        is_this_day = row.calls_since is not None and row.calls_since > now - timedelta(hours=24)
        share = usage.limit * self.options.share_percent // 100
        ours = share - (row.calls_made if is_this_day else 0)
        left = max(0, usage.limit - usage.used)
        remaining = max(0, min(ours, left))
        return Budget(
            remaining=remaining,
            limit=share,
            others=min(left - remaining, share * EMERGENCY_PERCENT // 100),
            resets_at=now + timedelta(hours=USAGE_HOURS),  # the day rolls on, so a little comes back all the time
        )

    @cached_property
    def shape(self) -> Shape:
        """What the org looks like, asked for once a day."""
        asked = self._row.shape_at
        if asked is not None and asked > self._core.db.clock.now() - timedelta(hours=SHAPE_HOURS):
            return Shape(objects=self._row.shape)
        return self.look_again()

    @property
    def kept_shape(self) -> Shape:
        """What the org looked like last; asks nobody."""
        return Shape(objects=self._row.shape)

    def look_again(self) -> Shape:
        """Describe the org anew and keep what it looks like."""
        shape = Shape.ask(self.org)
        with self._core.db.write("salesforce.shape") as session:
            session.execute(
                update(CrmConnection)
                .where(CrmConnection.crm_id == CRM_ID)
                .values(shape=dict(shape.objects), shape_at=self._core.db.clock.now())
            )
        for kept in ("_reader", "_map_that_fits"):
            self.__dict__.pop(kept, None)
        self.__dict__["shape"] = shape
        return shape

    def preview(self, rules: Sequence[Rule], batch: Sequence[EntryWrite]) -> list[tuple[str, list[Change]]]:
        """What writing these of one kind by these rules would change, field by field; one call, nothing written."""
        kind = batch[0].kind
        trial = Records(org=self.org, shape=self.shape, field_map=self._fitting(rules), kind=kind)
        return self._ask(lambda: trial.preview(batch))

    def _ask(self, work: Callable[[], T]) -> T:
        """Do it; when Salesforce refuses the call as such, look at the org anew and do it once more.

        Somebody took a field away since we looked last. Raises CrmAuthError when that was not it.
        """
        try:
            return work()
        except SalesforceRefusedError:
            self.look_again()
        try:
            return work()
        except SalesforceRefusedError as why:
            raise CrmAuthError(str(why)) from None

    @cached_property
    def field_map(self) -> FieldMap:
        """The rules that count."""
        with self._core.db.read() as session:
            newest = select(func.max(CrmFieldMap.version)).where(CrmFieldMap.crm_id == CRM_ID).scalar_subquery()
            row = session.scalars(
                select(CrmFieldMap).where(CrmFieldMap.crm_id == CRM_ID, CrmFieldMap.version == newest)
            ).one_or_none()
        return from_stored(row.version, row.rules) if row else FieldMap()

    @cached_property
    def _reader(self) -> Reader:
        return Reader(
            org=self.org,
            shape=self.shape,
            extras=self.options.extras,
            page=self._page,
            backfill=Backfill(self.org),
            bulk_from=self._bulk_from,
        )

    @cached_property
    def _map_that_fits(self) -> FieldMap:
        """The rules whose fields are there; `check` tells the others."""
        return self._fitting(self.field_map.rules)

    def _fitting(self, rules: Sequence[Rule]) -> FieldMap:
        there = {kind: self.shape.fields(name) for kind, name in OBJECT_OF.items()}
        return replace(self.field_map, rules=tuple(rule for rule in rules if rule.target in there[rule.kind]))

    def _records(self, kind: RecordKind) -> Records:
        return Records(org=self.org, shape=self.shape, field_map=self._map_that_fits, kind=kind)

    def _by_kind(
        self, batch: Sequence[EntryWrite], do: Callable[[Records, Sequence[EntryWrite]], Sequence[Outcome]]
    ) -> list[Outcome]:
        """Do it for profiles and for what they said, each in calls of their own; outcomes in the order of the batch.

        Without the object of what was said nothing can be written at all; without that of profiles, all but these.
        """
        if batch:
            self.shape.require(INTERACTION)
        outcomes: dict[int, Outcome] = {}
        for kind in RecordKind:
            places = [place for place, row in enumerate(batch) if row.kind is kind]
            part = [batch[place] for place in places]
            if part:
                is_there = OBJECT_OF[kind] in self.shape.objects
                done = do(self._records(kind), part) if is_there else [_no_object(row) for row in part]
                outcomes |= dict(zip(places, done, strict=True))
        return [outcomes[place] for place in range(len(batch))]

    def _plan(self, batch: Sequence[EntryWrite]) -> Plan:
        by_result: dict[Result, tuple[str, ...]] = {}
        before: dict[str, Mapping[str, Any]] = {}
        after: dict[str, Mapping[str, Any]] = {}

        def foresee(records: Records, part: Sequence[EntryWrite]) -> Sequence[Outcome]:
            plan = records.plan(part)
            before.update(plan.before)
            after.update(plan.after)
            results = {key: result for result, keys in plan.by_result.items() for key in keys}
            return [Outcome(external_key=row.external_key, result=results[row.external_key]) for row in part]

        for outcome in self._by_kind(batch, foresee):
            by_result[outcome.result] = (*by_result.get(outcome.result, ()), outcome.external_key)
        return Plan(by_result=by_result, before=before, after=after)


def _no_object(row: EntryWrite) -> Outcome:
    error = gettext(CLOSED, field=OBJECT_OF[row.kind])
    return Outcome(external_key=row.external_key, result=Result.REJECTED, error=error, fault=Fault.FIELD)
