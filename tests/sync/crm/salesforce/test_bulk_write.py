"""Many new records by bulk jobs: each exactly once, wherever a process was killed; judged by the org's ledger."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

import scrm
from scrm.clock import FakeClock
from scrm.failpoints import enumerate_failpoints
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    BulkStage,
    BulkWrite,
    Contact,
    EntryState,
    Interaction,
    Journal,
    Judge,
    Profile,
    RecordKind,
    TimelineEntry,
    Verdict,
    mark_timelines_due,
)
from scrm.sync import bulk
from scrm.sync import plan as plans
from scrm.sync.crm.base import Fault
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.crm.salesforce.bulk import as_csv, bulk_error
from scrm.sync.crm.salesforce.mapping import OBJECT_OF
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from tests.factories import make_contact, make_interaction, make_profile
from tests.sync.crm.salesforce.world import SalesforceWorld

FROM = 5
CHILD = """
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from scrm import failpoints
from scrm.clock import FakeClock
from sqlalchemy import update
from scrm.config import Settings
from scrm.models import BulkWrite
from scrm.runtime import open_core
from scrm.sync import bulk
from scrm.sync.crm.salesforce.adapter import SalesforceCrm


def go_on(now):
    core = open_core(settings)
    core.db.clock = FakeClock(now)
    crm = SalesforceCrm(core, write_from=5)
    with core.db.write("test.fresh") as session:  # each death is another one, and not the fifth at one step
        session.execute(update(BulkWrite).values(crash_count=0, lease_until=None))
    failpoints.arm_by(armed)
    for _ in range(8):
        bulk.start(core, crm.describe())
        while bulk.advance(core, crm):
            pass
        core.db.clock.advance(11)


folder, url, org, now, armed, *points = sys.argv[1:]
settings = Settings(state_dir=Path(folder), database_url=url, sandbox_urls=(org,), lease_seconds=5)
for number, point in enumerate(points):
    Path(armed).write_text(f"{point} self")
    pid = os.fork()
    if not pid:
        go_on(datetime.fromisoformat(now) + timedelta(seconds=200 * number))
        os._exit(0)
    print(point, os.WTERMSIG(os.waitpid(pid, 0)[1]), flush=True)
"""


class Mill:
    """One org, one linked person who shows nothing of themselves, and as many words of theirs as are asked for."""

    def __init__(self, world: SalesforceWorld) -> None:
        self.world, self.core = world, world.core
        self.crm = world.opened(write_from=FROM)
        self.clock = FakeClock(self.core.db.clock.now())
        self.core.db.clock = self.clock
        native_id = world.add("Example")
        with self.core.db.write("test.person") as session:
            contact = make_contact(session, crm_id=CRM_ID, native_id=native_id)
            profile = make_profile(session, network="bluesky", handle=None, display_name=None)
            self.profile, self.contact = profile.id, contact.id
        self.judge(Verdict.POSITIVE)

    def judge(self, verdict: Verdict) -> None:
        decision = Decision(
            profile_id=self.profile,
            contact_id=self.contact,
            verdict=verdict,
            judge=Judge.STEWARD,
            seen_judgment_id=-1,
        )
        with self.core.db.write("test.judge") as session:
            decide(session, self.clock.now(), decision)

    def say(self, count: int, **values: Any) -> list[int]:
        with self.core.db.write("test.say") as session:
            profile = session.get_one(Profile, self.profile)
            values = {"checked_at": self.clock.now()} | values
            rows = [make_interaction(session, profile, **values).id for _ in range(count)]
            mark_timelines_due(session, [self.profile], self.clock.now())
        self.expand()
        return rows

    def expand(self) -> None:
        while expand_due(self.core):
            pass

    def advance(self, until: str | None = None) -> None:
        """Go on with jobs, at most until one is as far as that."""
        for _ in range(6):
            while until is None or self.stage() != until:
                if not bulk.advance(self.core, self.crm):
                    break
            else:
                return
            self.clock.advance(11)

    def run(self) -> None:
        """What the jobs `deliver` and `bulk` do, until nothing is left."""
        for _ in range(3):
            kinds = bulk.start(self.core, self.crm.describe())
            deliver(self.core, self.crm, in_bulk=kinds)
            self.advance()
            self.expand()

    def stage(self) -> str | None:
        with self.core.db.read() as session:
            return session.scalar(select(BulkWrite.stage).order_by(BulkWrite.id.desc()).limit(1))

    def jobs(self) -> list[BulkWrite]:
        with self.core.db.read() as session:
            return list(session.scalars(select(BulkWrite).order_by(BulkWrite.id)))

    def states(self) -> Counter[str]:
        with self.core.db.read() as session:
            assert session.scalar(select(func.count(TimelineEntry.bulk_id))) == 0  # no job holds anything any more
            return Counter(session.scalars(select(TimelineEntry.state)))

    def rows(self, kind: RecordKind = RecordKind.INTERACTION) -> list[dict[str, Any]]:
        found = self.world.org.snapshot().get(OBJECT_OF[kind], [])
        return [dict(row) for row in found if not row["IsDeleted"]]

    def asked(self) -> list[str]:
        return [f"{one['method']} {one['path'].rpartition('/v68.0/')[2]}" for one in self.world.org.requests()]

    def once(self, count: int) -> None:
        """Each stands there once, was made once, and hangs on the contact; our books say the same."""
        rows = self.rows()
        assert len(rows) == len({row["Key__c"] for row in rows}) == count
        made = Counter(line["key"] if "key" in line else line["id"] for line in self.made())
        assert set(made.values()) == {1}
        assert len(made) == count
        assert self.states() == Counter({EntryState.DONE.value: count})
        with self.core.db.read() as session:
            journaled = session.scalars(select(Journal.record_id).where(Journal.operation == "created")).all()
        assert sorted(journaled) == sorted(row["Id"] for row in rows)

    def made(self) -> list[dict[str, Any]]:
        name = OBJECT_OF[RecordKind.INTERACTION]
        return [dict(line) for line in self.world.org.ledger() if line["object"] == name and line["kind"] == "create"]


@pytest.fixture
def mill(world: SalesforceWorld) -> Mill:
    return Mill(world)


def test_many_new_records_go_in_one_job_and_few_stay_with_the_outbox(mill: Mill) -> None:
    mill.say(FROM - 1)
    mill.run()
    assert mill.jobs() == []
    before = len(mill.asked())
    mill.say(FROM, text='Größe, "Zitat"\nneue Zeile 👩‍👩‍👧')
    mill.run()
    mill.once(2 * FROM - 1)
    asked = mill.asked()[before:]
    assert "POST composite/sobjects" not in asked
    assert asked.count("POST jobs/ingest") == 1
    assert sum("PUT" in one for one in asked) == 1
    (job,) = mill.jobs()
    assert (job.stage, job.rows, job.problem) == (BulkStage.DONE, FROM, None)
    texts = {row["Text__c"] for row in mill.rows()}
    assert 'Größe, "Zitat"\nneue Zeile 👩‍👩‍👧' in texts


def test_the_org_keeps_no_copy_of_what_a_job_carried(mill: Mill) -> None:
    mill.say(FROM)
    mill.run()
    assert mill.world.org.bulk.jobs == {}


def test_profiles_go_in_a_job_of_their_own_before_what_they_said(mill: Mill) -> None:
    with mill.core.db.write("test.people") as session:
        contact = session.get_one(Contact, mill.contact)
        people = [make_profile(session, network="bluesky").id for _ in range(FROM)]
        for number in people:
            make_interaction(session, session.get_one(Profile, number), checked_at=mill.clock.now())
            decision = Decision(
                profile_id=number, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD
            )
            decide(session, mill.clock.now(), decision)
    mill.expand()
    mill.run()
    mill.clock.advance(60)
    mill.run()
    assert [job.kind for job in mill.jobs()] == [RecordKind.PROFILE, RecordKind.INTERACTION]
    ids = {row["Id"] for row in mill.rows(RecordKind.PROFILE)}
    assert len(ids) == FROM
    assert {row["Profile__c"] for row in mill.rows()} == ids


def test_a_refused_row_is_set_aside_and_a_taken_key_goes_the_careful_way(mill: Mill) -> None:
    said = [*mill.say(FROM), *mill.say(1, text="refuse me")]
    name = OBJECT_OF[RecordKind.INTERACTION]
    with mill.core.db.read() as session:
        entries = {row.interaction_id: row for row in session.scalars(select(TimelineEntry))}
    taken = entries[said[0]].external_key
    mill.world.org.people.add(name, {"Key__c": taken, "Version__c": 0})
    mill.world.org.people.validate(name, "Text__c", "Not here", pattern="refuse me")
    mill.run()
    assert mill.states() == Counter({EntryState.DONE.value: FROM, EntryState.PARKED.value: 1})
    with mill.core.db.read() as session:
        parked = session.get_one(TimelineEntry, entries[said[-1]].id)
    assert (parked.state, parked.fault) == (EntryState.PARKED, Fault.RULE)
    (row,) = [one for one in mill.rows() if one["Key__c"] == taken]
    assert int(row["Version__c"]) == 1


def test_what_changes_while_a_job_is_under_way_is_written_afterwards(mill: Mill) -> None:
    said = mill.say(FROM)
    bulk.start(mill.core, mill.crm.describe())
    mill.advance(until=BulkStage.CLOSED)
    with mill.core.db.write("test.change") as session:
        session.execute(update(Interaction).where(Interaction.id == said[0]).values(text="edited", version=2))
        values = {"deleted_at": mill.clock.now(), "text": None, "version": 2}
        session.execute(update(Interaction).where(Interaction.id == said[1]).values(**values))
        mark_timelines_due(session, [mill.profile], mill.clock.now())
    mill.expand()
    mill.run()
    texts = [row["Text__c"] for row in mill.rows()]
    assert len(texts) == FROM - 1
    assert "edited" in texts
    assert set(mill.states()) == {EntryState.DONE}


def test_a_job_that_breaks_leaves_the_rest_to_the_outbox_for_a_day(mill: Mill) -> None:
    mill.world.org.bulk.break_after = 2
    mill.say(FROM)
    mill.run()
    mill.clock.advance(60)
    mill.run()
    rows = mill.rows()
    assert len(rows) == len({row["Key__c"] for row in rows}) == FROM
    assert set(mill.states()) == {EntryState.DONE}
    assert [bool(job.problem) for job in mill.jobs()] == [True]
    mill.say(FROM)
    mill.run()
    assert len(mill.jobs()) == 1
    mill.clock.advance(86_401)
    mill.say(FROM)
    mill.run()
    assert len(mill.jobs()) == 2


def test_an_outage_puts_a_job_off_and_loses_nothing(mill: Mill) -> None:
    mill.say(FROM)
    for _failure in range(3):
        mill.world.org.fail(status=503, times=1, path="jobs/ingest")
        mill.run()
        mill.clock.advance(120)
    mill.run()
    mill.once(FROM)
    assert [job.problem for job in mill.jobs()] == [None]


def test_where_only_plans_are_written_no_job_begins(mill: Mill) -> None:
    mill.say(FROM)
    bulk.start(mill.core, mill.crm.describe())
    with mill.core.db.write("test.mode") as session:
        plans.write_only_plans(session, CRM_ID, mill.clock.now(), is_planned=True)
    mill.run()
    assert mill.rows() == []
    assert mill.states() == Counter({EntryState.TODO.value: FROM})


def test_a_job_that_was_opened_but_not_noted_is_found_again(mill: Mill) -> None:
    mill.say(FROM)
    bulk.start(mill.core, mill.crm.describe())
    mill.advance(until=BulkStage.OPEN)
    with mill.core.db.write("test.forgot") as session:
        session.execute(update(BulkWrite).values(stage=BulkStage.FULL.value, native_id=None))
    mill.run()
    assert mill.asked().count("POST jobs/ingest") == 1
    mill.once(FROM)


POINTS = [
    f"{name}:{side}"
    for name in (
        "bulk.order",
        "bulk.claim",
        "bulk.fill",
        "crm.bulk_open",
        "crm.bulk_upload",
        "crm.bulk_close",
        "bulk.go_on",
        "crm.bulk_look",
        "crm.bulk_results",
        "bulk.note",
        "crm.bulk_forget",
        "bulk.let_go",
    )
    for side in ("before", "after")
]


@pytest.mark.processes
def test_killed_at_every_step_it_is_written_once(mill: Mill, tmp_path: Path) -> None:
    mill.say(FROM + 2)
    settings = mill.core.settings
    url = settings.database_url.replace("+psycopg", "")
    around = [str(settings.state_dir), url, *settings.sandbox_urls, mill.clock.now().isoformat()]
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, *around, str(tmp_path / "point"), *POINTS],
        cwd=Path(scrm.__file__).parents[1],
        timeout=150,
        check=True,
        capture_output=True,
        text=True,
    )
    died = [line.split()[0] for line in ended.stdout.splitlines() if line.endswith(f" {signal.SIGKILL.value}")]
    assert died == POINTS, ended.stderr[-3000:]
    mill.clock.advance(200 * len(POINTS))
    mill.run()
    mill.once(FROM + 2)


def test_every_failpoint_of_bulk_jobs_is_visited() -> None:
    names = {name.partition(":")[0] for name in enumerate_failpoints(Path(scrm.__file__).parent)}
    assert {name for name in names if name.startswith(("bulk.", "crm.bulk_"))} == {
        point.partition(":")[0] for point in POINTS
    }


def test_csv_quotes_what_has_to_be_and_nothing_else() -> None:
    rows = [{"a": "x, y", "b": None}, {"a": 'say "ä"\nplease', "b": 98.5, "c": "=1"}]
    assert as_csv(rows) == 'a,b,c\n"x, y",,\n"say ""ä""\nplease",98.5,=1\n'.encode()


def test_an_error_of_a_row_is_read_with_its_fields() -> None:
    assert bulk_error("STRING_TOO_LONG:Text: data value too large: x:y (max length=5):Text__c --") == {
        "statusCode": "STRING_TOO_LONG",
        "message": "Text: data value too large: x:y (max length=5)",
        "fields": ["Text__c"],
    }
