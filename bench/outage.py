"""A CRM that is away for a day while 100,000 entries wait and some are edited: does everything drain, in order?

    python -m bench.outage [--engine sqlite|postgresql|both] [--entries 100000] [--hours 24] [--kind refused]

Our clock is set forward by hand, ten seconds at a time, and what is due then is done in this process. The verdict
comes from the CRM's own ledger: every record once, versions only rising, nothing set aside, no attempt charged, and
how often it was knocked at in vain.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from bench.databases import databases
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.db import Database
from scrm.errors import CrmAuthError, CrmError, CrmRetryLaterError
from scrm.migrations import upgrade
from scrm.models import (
    Contact,
    CrmState,
    EntryState,
    Interaction,
    Judgment,
    Link,
    LocalContact,
    LocalLedger,
    LocalRecord,
    Profile,
    RecordKind,
    TimelineEntry,
    mark_timelines_due,
)
from scrm.runtime import Core, sleepers
from scrm.sync.contacts import pull
from scrm.sync.crm.base import Changes, EntryWrite, Outcome
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from scrm.vault import Vault

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TICK = 10.0
LONGEST = timedelta(hours=2)  # by then the CRM was asked again
EACH = 100  # entries of one person
PART = 1000
KINDS: dict[str, Callable[[], CrmError]] = {
    "refused": lambda: CrmRetryLaterError("connection refused"),
    "unavailable": lambda: CrmRetryLaterError("503", retry_after=120),
    "limit": lambda: CrmRetryLaterError("the limit of calls", retry_after=3600),
    "unknown user": lambda: CrmAuthError("401"),
}


class AwayCrm(LocalCrm):
    """The built-in CRM, out of reach until a time; it counts who knocks."""

    def __init__(self, db: Database, clock: FakeClock, until: datetime, kind: str) -> None:
        super().__init__(db)
        self._clock, self._until, self._why = clock, until, KINDS[kind]
        self.writes: list[datetime] = []  # in vain
        self.reads: list[datetime] = []
        self.first: datetime | None = None

    def write(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        self._knock(self.writes)
        self.first = self.first or self._clock.now()
        return super().write(batch)

    def read_changes(self, cursor: str | None) -> Changes:
        self._knock(self.reads)
        return super().read_changes(cursor)

    def _knock(self, book: list[datetime]) -> None:
        if self._clock.now() < self._until:
            book.append(self._clock.now())
            raise self._why()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an outage came to."""

    entries: int
    records: int
    doubled: int
    out_of_order: int
    charged: int  # entries with an attempt counted against them
    parked: int
    stale_text: int  # records that do not say what was said last
    probes: int  # writes in vain
    probes_per_minute: int  # at most
    reads_per_minute: int
    first_write_seconds: float  # after the CRM was back
    drain_seconds: float  # of this machine's time

    @property
    def is_clean(self) -> bool:
        faults = (self.doubled, self.out_of_order, self.charged, self.parked, self.stale_text)
        return self.records == self.entries and not any(faults)


def outage(core: Core, *, entries: int, hours: float, kind: str) -> Verdict:
    """Fill an empty database, let the CRM be away, and judge what it holds in the end."""
    clock = FakeClock(START)
    core.db.clock = clock
    until = START + timedelta(hours=hours)
    _fill(core.db, entries)
    crm = AwayCrm(core.db, clock, until, kind)
    edited = 0
    while clock.now() < until:
        _work(core, crm)
        if clock.now() >= START + timedelta(hours=hours) * edited / 20:
            edited += 1
            _edit(core, edited, entries)
        clock.advance(TICK)
    began = time.monotonic()
    while clock.now() < until + LONGEST and _is_waiting(core.db):
        _work(core, crm, seconds=3600.0)
        clock.advance(TICK)
    return _judge(core.db, crm, entries, until, time.monotonic() - began)


def _is_waiting(db: Database) -> bool:
    with db.read() as session:
        return _count(session, TimelineEntry.state == EntryState.TODO.value) > 0


def _work(core: Core, crm: AwayCrm, *, seconds: float = 1.0) -> None:
    """What the sweeper would find due."""
    with core.db.read() as session:
        state = session.get(CrmState, "local")
        may_read = state is None or (state.due_at is not None and state.due_at <= core.db.clock.now())
    while may_read:
        try:
            may_read = pull(core.db, crm, "local")
        except CrmError:
            may_read = False
    while expand_due(core):
        pass
    deliver(core, crm, seconds=seconds)


def _edit(core: Core, number: int, entries: int) -> None:
    """Somebody edits what waits, the first one again and again."""
    with core.db.write("bench.edit") as session:
        for interaction_id in {1, 1 + number * 7 % entries, 1 + number * 31 % entries}:
            row = session.get_one(Interaction, interaction_id)
            row.text, row.version = f"edit {number}", row.version + 1
            mark_timelines_due(session, [row.profile_id], core.db.clock.now())


def _fill(db: Database, entries: int) -> None:
    """Linked people who have said things; each has its entry, and none is written."""
    people = -(-entries // EACH)
    at = {"created_at": START, "updated_at": START}
    names = [f"Person {number}" for number in range(1, people + 1)]
    with db.write("bench.people") as session:
        numbered = list(enumerate(names, 1))
        common: dict[str, Any] = {"fields": {}, "version": 0, "updated_at": START}
        session.execute(insert(LocalContact), [{"id": n, "source_id": x, "seq": n, **common} for n, x in numbered])
        rows = [
            {"id": n, "crm_id": "local", "native_id": str(n), "full_name": x, "sort_name": x, **at}
            for n, x in numbered
        ]
        session.execute(insert(Contact), rows)
        seen = {
            "network": "bluesky",
            "scope": "",
            "match_state": "linked",
            "first_seen_at": START,
            "updated_at": START,
        }
        session.execute(insert(Profile), [{"id": n, "native_id": f"p{n}", **seen} for n, _ in numbered])
        said = {"verdict": "positive", "judge": "steward", "created_at": START}
        session.execute(insert(Judgment), [{"id": n, "profile_id": n, "contact_id": n, **said} for n, _ in numbered])
        links = [{"profile_id": n, "contact_id": n, "judgment_id": n, "linked_at": START} for n, _ in numbered]
        session.execute(insert(Link), links)
    for start in range(1, entries + 1, PART):
        numbers = range(start, min(start + PART, entries + 1))
        with db.write("bench.said") as session:
            session.execute(insert(Interaction), [_said(n) for n in numbers])
            session.execute(insert(TimelineEntry), [_entry(n) for n in numbers])


def _said(number: int) -> dict[str, Any]:
    who = 1 + (number - 1) // EACH
    return {
        "id": number,
        "network": "bluesky",
        "scope": "",
        "native_id": f"i{number}",
        "kind": "mention",
        "direction": "in",
        "audience": "public",
        "profile_id": who,
        "party_id": who,
        "occurred_at": START - timedelta(minutes=number),
        "received_at": START,
        "text": f"said {number}",
        "version": 1,
    }


def _entry(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "crm_id": "local",
        "external_key": f"1-{number}",
        "interaction_id": number,
        "contact_id": 1 + (number - 1) // EACH,
        "version": 1,
        "interaction_version": 1,
        "state": EntryState.TODO.value,
        "due_at": START,
    }


def _judge(db: Database, crm: AwayCrm, entries: int, until: datetime, seconds: float) -> Verdict:
    with db.read() as session:
        newest: dict[str, int] = {}
        out_of_order, created = 0, Counter[str]()
        query = select(LocalLedger.external_key, LocalLedger.version, LocalLedger.operation).order_by(LocalLedger.id)
        for key, version, operation in session.execute(query):
            out_of_order += version < newest.get(key, 0)
            newest[key] = version
            created[key] += operation == "created"
        texts = {f"1-{number}": text for number, text in session.execute(select(Interaction.id, Interaction.text))}
        said = LocalRecord.kind == RecordKind.INTERACTION.value
        held = session.execute(select(LocalRecord.external_key, LocalRecord.fields).where(said))
        stale = sum(fields["text"] != texts[key] for key, fields in held)
        return Verdict(
            entries=entries,
            records=session.scalar(select(func.count()).select_from(LocalRecord).where(said)) or 0,
            doubled=sum(count > 1 for count in created.values()),
            out_of_order=out_of_order,
            charged=_count(session, TimelineEntry.attempts > 0),
            parked=_count(session, TimelineEntry.state != EntryState.DONE.value),
            stale_text=stale,
            probes=len(crm.writes),
            probes_per_minute=_busiest(crm.writes),
            reads_per_minute=_busiest(crm.reads),
            first_write_seconds=(crm.first - until).total_seconds() if crm.first else float("inf"),
            drain_seconds=seconds,
        )


def _count(session: Any, condition: Any) -> int:
    return session.scalar(select(func.count()).select_from(TimelineEntry).where(condition)) or 0


def _busiest(times: Sequence[datetime]) -> int:
    """Most knocks within any 60 seconds."""
    return max(
        (sum(at <= other < at + timedelta(seconds=60) for other in times[i : i + 10]) for i, at in enumerate(times)),
        default=0,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--kind", choices=list(KINDS), default="refused")
    given = parser.parse_args()
    for engine in ("sqlite", "postgresql") if given.engine == "both" else (given.engine,):
        with tempfile.TemporaryDirectory() as folder:
            (url, _other), drop = databases(engine, Path(folder))
            try:
                verdict = _run(Settings(state_dir=Path(folder), database_url=url), given)
            finally:
                drop()
        print(f"{engine}: {'clean' if verdict.is_clean else 'NOT CLEAN'} {verdict}", flush=True)


def _run(settings: Settings, given: argparse.Namespace) -> Verdict:
    upgrade(settings.database)
    db = Database(settings.database)
    core = Core(settings=settings, db=db, vault=Vault.load("", settings.state_dir), wake=sleepers)
    try:
        return outage(core, entries=given.entries, hours=given.hours, kind=given.kind)
    finally:
        db.close()


if __name__ == "__main__":
    main()
