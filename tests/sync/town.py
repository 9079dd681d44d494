"""Everything between a judgment and the CRM, on a clock that stands still: what timeline and outbox tests act on."""

from typing import Any

from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import (
    Contact,
    EntryState,
    Interaction,
    Judge,
    Judgment,
    Link,
    LocalLedger,
    LocalRecord,
    Profile,
    RecordKind,
    TimelineDue,
    TimelineEntry,
    Verdict,
    mark_timelines_due,
)
from scrm.policy import Use, permit
from scrm.records import Key
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due, pull
from scrm.sync.crm.base import EntryWrite
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from tests.factories import NOW, make_contact, make_interaction, make_profile
from tests.sync.crm.worlds import LocalWorld
from tests.unreliable_crm import UnreliableCrm

NETWORK = "bluesky"


class Town:
    """A core with a fake clock, the built-in CRM behind bad weather, and short words for what happens."""

    def __init__(self, core: Core) -> None:
        self.core, self.db = core, core.db
        self.clock = FakeClock(NOW)
        self.db.clock = self.clock
        self.people = LocalWorld(self.db)
        self.crm = UnreliableCrm(self.people.crm)

    # what comes from outside

    def contact(self, name: str = "Ada Example") -> int:
        native_id = self.people.add(name)
        with self.db.write("test.contact") as session:
            return make_contact(session, native_id=native_id, full_name=name).id

    def profile(self, **values: Any) -> int:
        """Somebody who shows nothing of themselves, so the CRM is to hold what they say and no record of them."""
        values = {"handle": None, "display_name": None} | values
        with self.db.write("test.profile") as session:
            return make_profile(session, network=NETWORK, **values).id

    def person(self, **values: Any) -> int:
        """Somebody with a name, of whom the CRM is to hold a record, too."""
        return self.profile(**({"handle": "ada.example", "display_name": "Ada Example"} | values))

    def say(self, profile_id: int, count: int = 1, **values: Any) -> list[int]:
        with self.db.write("test.say") as session:
            profile = session.get_one(Profile, profile_id)
            rows = [make_interaction(session, profile, **values) for _ in range(count)]
            mark_timelines_due(session, [profile_id], self.clock.now())
            return [row.id for row in rows]

    def change(self, interaction_id: int, **values: Any) -> None:
        """Edit or delete as ingest does: a new version, and the timeline is due."""
        with self.db.write("test.change") as session:
            row = session.get_one(Interaction, interaction_id)
            for name, value in values.items():
                setattr(row, name, value)
            row.version += 1
            mark_timelines_due(session, [row.party_id] if row.party_id else [], self.clock.now())

    def delete(self, interaction_id: int) -> None:
        self.change(interaction_id, deleted_at=self.clock.now(), text=None)

    # what people do

    def link(self, profile_id: int, contact_id: int) -> int:
        return self._judge(profile_id, contact_id, Verdict.POSITIVE)

    def unlink(self, profile_id: int, contact_id: int) -> int:
        return self._judge(profile_id, contact_id, Verdict.NEGATIVE)

    def undo(self, judgment_id: int) -> int:
        with self.db.write("test.undo") as session:
            return undo(session, self.clock.now(), judgment_id, None).id

    def _judge(self, profile_id: int, contact_id: int, verdict: Verdict) -> int:
        decision = Decision(
            profile_id=profile_id, contact_id=contact_id, verdict=verdict, judge=Judge.STEWARD, seen_judgment_id=-1
        )
        with self.db.write("test.judge") as session:
            return decide(session, self.clock.now(), decision).id

    # what scrm does

    def expand(self) -> int:
        """Expand until nothing is due; how many steps that took."""
        steps = 0
        while expand_due(self.core):
            steps += 1
            assert steps < 100, "expansion does not end"
        return steps

    def deliver(self) -> None:
        deliver(self.core, self.crm)

    def settle(self) -> None:
        self.expand()
        self.deliver()

    def wait(self, seconds: float = 3601) -> None:
        self.clock.advance(seconds)

    def know_us_again(self) -> None:
        """The CRM answers a reading of its contacts, as it does when access was given back."""
        with self.db.write("test.hint") as session:
            mark_pull_due(session, "local", self.clock.now())
        while pull(self.db, self.crm, "local"):
            pass

    # what stands where

    def entries(self) -> list[TimelineEntry]:
        with self.db.read() as session:
            said = select(TimelineEntry).where(TimelineEntry.kind == RecordKind.INTERACTION.value)
            return list(session.scalars(said.order_by(TimelineEntry.interaction_id)))

    def profile_entry(self, profile_id: int) -> TimelineEntry:
        """The entry of a profile's own record."""
        with self.db.read() as session:
            return session.scalars(select(TimelineEntry).where(TimelineEntry.profile_id == profile_id)).one()

    def profile_records(self) -> list[LocalRecord]:
        """The records of profiles in the CRM."""
        with self.db.read() as session:
            held = select(LocalRecord).where(LocalRecord.kind == RecordKind.PROFILE.value)
            return list(session.scalars(held.order_by(LocalRecord.id)))

    def entry(self) -> TimelineEntry:
        (entry,) = self.entries()
        return entry

    def due(self) -> int:
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(TimelineDue)) or 0

    def records(self) -> dict[str, tuple[str, str]]:
        """What the CRM holds: by external key the contact and the text."""
        with self.db.read() as session:
            said = select(LocalRecord).where(LocalRecord.kind == RecordKind.INTERACTION.value)
            return {row.external_key: (row.contact_native_id, row.fields["text"]) for row in session.scalars(said)}

    def texts(self) -> list[str]:
        return sorted(text for _contact, text in self.records().values())

    def ledger(self) -> list[str]:
        with self.db.read() as session:
            return list(session.scalars(select(LocalLedger.operation).order_by(LocalLedger.id)))

    def wanted(self) -> dict[str, tuple[str, str]]:
        """What the CRM should hold, by the rules and not by our books: linked, not deleted, allowed."""
        with self.db.read() as session:
            rows = session.execute(
                select(Interaction, Contact.native_id)
                .join(Link, Link.profile_id == Interaction.party_id)
                .join(Contact, Contact.id == Link.contact_id)
                .where(Interaction.deleted_at.is_(None))
            )
            return {
                key_of(row): (native_id, row.text or "")
                for row, native_id in rows
                if permit(row.network, Use.WRITE, audience=row.audience).allowed
            }

    def open_entries(self) -> int:
        with self.db.read() as session:
            open_state = TimelineEntry.state == EntryState.TODO.value
            return session.scalar(select(func.count()).select_from(TimelineEntry).where(open_state)) or 0

    def entry_write(self, *, version: int, text: str) -> EntryWrite:
        """The only entry as somebody else would write it."""
        (key,) = self.records()
        contact, _text = self.records()[key]
        return EntryWrite(
            external_key=key,
            contact_native_id=contact,
            version=version,
            occurred_at=self.clock.now(),
            fields={"text": text},
        )

    def edit_record(self, **fields: str) -> None:
        """Somebody edits every record in the CRM."""
        with self.db.write("test.edit") as session:
            for row in session.scalars(select(LocalRecord)):
                row.fields = row.fields | fields

    def entry_values(self, **values: Any) -> None:
        """Put every entry into a state that only time or a crash would bring."""
        with self.db.write("test.entries") as session:
            session.execute(update(TimelineEntry).values(**values))

    def last_judgment(self, profile_id: int) -> int | None:
        with self.db.read() as session:
            undone = select(Judgment.undoes_id).where(Judgment.undoes_id.is_not(None))
            mine = (Judgment.profile_id == profile_id) & Judgment.id.not_in(undone)
            return session.scalar(select(func.max(Judgment.id)).where(mine))


def key_of(row: Interaction) -> str:
    return Key(network=row.network, scope=row.scope, native_id=row.native_id).external("interaction")
