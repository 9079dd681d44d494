from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from scrm.clock import FakeClock
from scrm.db import Database
from scrm.errors import CrmAuthError, CrmError, CrmRetryLaterError
from scrm.models import Contact, CrmState, Judgment, Link, Profile, TimelineDue
from scrm.sync.contacts import fold, mark_pull_due, pull
from scrm.sync.crm.base import Changes, ContactRecord
from scrm.sync.crm.local import LocalCrm
from tests.sync.crm.worlds import PAGE, START, LocalWorld


class Scripted:
    """A CRM that answers `read_changes` as it is told; for what the built-in one never does."""

    def __init__(self, *portions: Changes | Exception, known: Sequence[ContactRecord] = ()) -> None:
        self.portions = list(portions)
        self.known = known
        self.asked: list[str | None] = []

    def read_changes(self, cursor: str | None) -> Changes:
        self.asked.append(cursor)
        portion = self.portions.pop(0)
        if isinstance(portion, Exception):
            raise portion
        return portion

    def read(self, native_ids: Sequence[str]) -> Sequence[ContactRecord]:
        return [record for record in self.known if record.native_id in native_ids]


@pytest.fixture
def clock(database: Database) -> FakeClock:
    clock = FakeClock(START + timedelta(days=1))
    database.clock = clock
    return clock


def pull_all(database: Database, crm: Any = None) -> int:
    crm = crm or LocalCrm(database, page=PAGE)
    with database.write("test.hint") as session:
        mark_pull_due(session, "local", database.clock.now())
    portions = 1
    while pull(database, crm, "local"):
        portions += 1
    return portions


def contacts(database: Database) -> dict[str, Contact]:
    with database.read() as session:
        return {row.native_id: row for row in session.scalars(select(Contact))}


def state(database: Database) -> CrmState:
    with database.read() as session:
        return session.get_one(CrmState, "local")


def record(native_id: str, **more: Any) -> ContactRecord:
    return ContactRecord(native_id=native_id, updated_at=START, **({"full_name": f"Person {native_id}"} | more))


def link(database: Database, contact_id: int, handle: str = "ada") -> int:
    with database.write("test.link") as session:
        profile = Profile(network="mastodon", native_id=handle, handle=handle, first_seen_at=START, updated_at=START)
        session.add(profile)
        session.flush()
        judgment = Judgment(
            profile_id=profile.id, contact_id=contact_id, verdict="positive", judge="engine", created_at=START
        )
        session.add(judgment)
        session.flush()
        session.add(Link(profile_id=profile.id, contact_id=contact_id, judgment_id=judgment.id, linked_at=START))
        return profile.id


def settle(database: Database) -> None:
    """As if matching and sync had worked off everything."""
    with database.write("test.settle") as session:
        session.execute(update(Contact).values(key_due_at=None))
        session.query(TimelineDue).delete()


def due(database: Database) -> tuple[set[str], set[int]]:
    """Native ids to be keyed again, and profiles whose timeline is due."""
    with database.read() as session:
        keyed = session.scalars(select(Contact.native_id).where(Contact.key_due_at.is_not(None)))
        return set(keyed), set(session.scalars(select(TimelineDue.profile_id)))


def test_contacts_are_pulled_in_portions_until_nothing_is_left(database: Database, clock: FakeClock) -> None:
    world = LocalWorld(database)
    ids = {world.add(f"Person {number}") for number in range(2 * PAGE + 1)}
    assert pull_all(database) == 3
    assert set(contacts(database)) == ids
    assert due(database)[0] == ids


def test_every_field_arrives(database: Database, clock: FakeClock) -> None:
    whole = record(
        "7",
        kind="lead",
        relation="prospect",
        full_name="Jörg Müller",
        first_name="Jörg",
        last_name="Müller",
        company="Example AG",
        title="Buyer",
        city="Köln",
        country="Germany",
        language="de",
        emails=("jm@example.test",),
        phones=("+49 221 555",),
        handles=(("mastodon", "@jm@social.example"),),
        urls=("https://jm.example",),
        owner="Rita Rep",
        owner_email=" Rita@Nordwerk.example",
    )
    pull_all(database, Scripted(Changes(contacts=(whole,), cursor="1", has_more=False)))
    row = contacts(database)["7"]
    assert (row.kind, row.relation, row.full_name, row.first_name, row.last_name) == (
        "lead",
        "prospect",
        "Jörg Müller",
        "Jörg",
        "Müller",
    )
    assert (row.company, row.title, row.city, row.country, row.language, row.owner) == (
        "Example AG",
        "Buyer",
        "Köln",
        "Germany",
        "de",
        "Rita Rep",
    )
    assert (row.emails, row.phones, row.urls) == (["jm@example.test"], ["+49 221 555"], ["https://jm.example"])
    assert row.handles == [{"network": "mastodon", "handle": "@jm@social.example"}]
    assert row.sort_name == "mueller joerg"
    assert row.owner_email == "rita@nordwerk.example"


def test_an_owner_who_is_named_by_address_is_known_by_it(database: Database) -> None:
    named = (record("1", owner="Mia@Nordwerk.example"), record("2", owner="Mia Muster"))
    pull_all(database, Scripted(Changes(contacts=named, cursor="1", has_more=False)))
    found = contacts(database)
    assert (found["1"].owner_email, found["2"].owner_email) == ("mia@nordwerk.example", None)


def test_a_change_is_keyed_again_only_where_matching_looks(database: Database, clock: FakeClock) -> None:
    crm = Scripted(
        Changes(contacts=(record("1"), record("2"), record("3")), cursor="1", has_more=False),
        Changes(
            contacts=(record("1", owner="Rita", relation="customer"), record("2", city="Bonn"), record("3")),
            cursor="2",
            has_more=False,
        ),
    )
    pull_all(database, crm)
    settle(database)
    before = contacts(database)
    pull_all(database, crm)
    assert due(database)[0] == {"2"}
    after = contacts(database)
    assert (after["1"].owner, after["1"].relation) == ("Rita", "customer")
    assert after["2"].version > before["2"].version
    assert after["3"].version == before["3"].version


def test_the_same_portion_twice_changes_nothing(database: Database, clock: FakeClock) -> None:
    portion = Changes(contacts=(record("1"), record("2", merged_into="1")), cursor="1", has_more=False)
    pull_all(database, Scripted(portion))
    settle(database)
    before = {key: row.version for key, row in contacts(database).items()}
    pull_all(database, Scripted(portion))
    assert due(database) == (set(), set())
    assert {key: row.version for key, row in contacts(database).items()} == before


def test_a_deletion_keeps_what_we_know_and_makes_timelines_due(database: Database, clock: FakeClock) -> None:
    world = LocalWorld(database)
    ada = world.add("Ada Example")
    pull_all(database)
    profile = link(database, contacts(database)[ada].id)
    settle(database)
    world.delete(ada)
    pull_all(database)
    row = contacts(database)[ada]
    assert (row.full_name, row.deleted_at) == ("Ada Example", clock.now())
    assert due(database) == ({ada}, {profile})
    settle(database)
    world.rename(ada, "Ada Back")
    pull_all(database)
    row = contacts(database)[ada]
    assert (row.full_name, row.deleted_at) == ("Ada Back", None)
    assert due(database) == ({ada}, {profile})


def test_links_stay_and_follow_a_chain_of_merges(database: Database, clock: FakeClock) -> None:
    world = LocalWorld(database)
    ada, ben, cleo = (world.add(name) for name in ("Ada", "Ben", "Cleo"))
    pull_all(database)
    rows = contacts(database)
    profile = link(database, rows[ada].id)
    world.merge(ada, into=ben)
    pull_all(database)
    assert contacts(database)[ada].merged_into_id == rows[ben].id
    assert contacts(database)[ada].deleted_at is None
    settle(database)
    world.merge(ben, into=cleo)
    pull_all(database)
    assert contacts(database)[ben].merged_into_id == rows[cleo].id
    assert due(database) == ({ben}, {profile}), "the profile hangs on Ada, two merges away"
    settle(database)
    world.delete(cleo)
    pull_all(database)
    assert due(database) == ({cleo}, {profile})
    with database.read() as session:
        assert session.get_one(Link, profile).contact_id == rows[ada].id


def test_a_loop_of_merges_ends_with_one_living_contact(database: Database, clock: FakeClock) -> None:
    world = LocalWorld(database)
    ada, ben, cleo = (world.add(name) for name in ("Ada", "Ben", "Cleo"))
    for loser, into in ((ada, ben), (ben, cleo), (cleo, ada)):
        world.merge(loser, into=into)
        pull_all(database)
    living = [key for key, row in contacts(database).items() if row.merged_into_id is None]
    assert living == [LocalCrm(database).resolve_merge(ada)]


def test_a_loop_reported_by_a_crm_is_opened(database: Database, clock: FakeClock) -> None:
    portion = Changes(
        contacts=(record("1", merged_into="2"), record("2", merged_into="3"), record("3", merged_into="1")),
        cursor="1",
        has_more=False,
    )
    pull_all(database, Scripted(portion))
    rows = contacts(database)
    assert [key for key, row in rows.items() if row.merged_into_id is None] == ["2"]
    itself = Changes(contacts=(record("1", merged_into="1"),), cursor="2", has_more=False)
    pull_all(database, Scripted(itself))
    assert contacts(database)["1"].merged_into_id is None


def test_a_survivor_we_never_heard_of_is_read(database: Database, clock: FakeClock) -> None:
    merged = Changes(contacts=(record("1", merged_into="2"),), cursor="1", has_more=False)
    pull_all(database, Scripted(merged, known=[record("2")]))
    rows = contacts(database)
    assert rows["1"].merged_into_id == rows["2"].id


def test_a_merge_into_nobody_is_a_deletion(database: Database, clock: FakeClock) -> None:
    merged = Changes(contacts=(record("1", merged_into="2"),), cursor="1", has_more=False)
    pull_all(database, Scripted(merged))
    row = contacts(database)["1"]
    assert (row.merged_into_id, row.deleted_at) == (None, clock.now())


def test_a_contact_that_came_and_went_leaves_no_row(database: Database, clock: FakeClock) -> None:
    portion = Changes(contacts=(record("1", is_deleted=True),), cursor="1", has_more=False)
    pull_all(database, Scripted(portion))
    assert contacts(database) == {}
    assert state(database).cursor == "1"


def test_text_no_database_takes_is_cleaned(database: Database, clock: FakeClock) -> None:
    odd = record("1", full_name="Ada\x00", title="\ud800", emails=("a\x00@b.example",), handles=(("x", "\x00"),))
    pull_all(database, Scripted(Changes(contacts=(odd,), cursor="1", has_more=False)))
    assert contacts(database)["1"].full_name == "Ada\ufffd"


@pytest.mark.parametrize(
    ("problem", "seconds"), [(CrmRetryLaterError("busy", retry_after=7), 7), (CrmAuthError("who are you"), 60)]
)
def test_an_outage_leaves_the_cursor_and_comes_back_later(
    database: Database, clock: FakeClock, problem: CrmError, seconds: int
) -> None:
    portion = Changes(contacts=(record("1"),), cursor="9", has_more=False)
    crm = Scripted(problem, portion)
    with pytest.raises(type(problem)):
        pull(database, crm, "local")
    assert (state(database).cursor, state(database).lease_until) == (None, None)
    assert not pull(database, crm, "local")
    clock.advance(seconds)
    pull(database, crm, "local")
    assert crm.asked == [None, None]
    assert state(database).cursor == "9"
    assert state(database).crash_count == 0


def test_nothing_is_asked_before_it_is_due(database: Database, clock: FakeClock) -> None:
    crm = Scripted(*[Changes(contacts=(), cursor="1", has_more=False)] * 3)
    pull(database, crm, "local")
    pull(database, crm, "local")
    assert len(crm.asked) == 1
    clock.advance(301)
    pull(database, crm, "local")
    assert crm.asked == [None, "1"]


def test_a_hint_that_comes_while_reading_is_not_lost(database: Database, clock: FakeClock) -> None:
    class Hinted(Scripted):
        def read_changes(self, cursor: str | None) -> Changes:
            clock.advance(1)
            with database.write("test.hint_meanwhile") as session:
                mark_pull_due(session, "local", clock.now())
            return super().read_changes(cursor)

    pull(database, Hinted(Changes(contacts=(), cursor="1", has_more=False)), "local")
    assert state(database).due_at == clock.now()


def test_a_process_that_lost_its_lease_stores_nothing(database: Database, clock: FakeClock) -> None:
    class Slow(Scripted):
        def read_changes(self, cursor: str | None) -> Changes:
            clock.advance(121)
            other = Scripted(Changes(contacts=(record("1", full_name="newer"),), cursor="2", has_more=False))
            pull(database, other, "local")
            return super().read_changes(cursor)

    late = Slow(Changes(contacts=(record("1", full_name="older"),), cursor="1", has_more=True))
    assert pull(database, late, "local") is False
    assert contacts(database)["1"].full_name == "newer"
    assert state(database).cursor == "2"


def test_a_kill_between_reading_and_storing_loses_nothing(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = LocalWorld(database)
    ids = {world.add(f"Person {number}") for number in range(PAGE + 1)}
    crm = LocalCrm(database, page=PAGE)
    pull(database, crm, "local")

    def killed(point: str) -> None:
        if point == "contacts.pull:before":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("scrm.db.failpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            pull(database, crm, "local")
    assert len(contacts(database)) == PAGE
    clock.advance(121)
    while pull(database, crm, "local"):
        pass
    assert set(contacts(database)) == ids


@pytest.mark.parametrize(
    ("name", "folded"),
    [("Jörg  Müller", "joerg mueller"), ("ÉMILE Zola", "emile zola"), ("Иван", "ivan"), ("Weiß", "weiss"), ("", "")],
)
def test_names_are_folded_for_searching(name: str, folded: str) -> None:
    assert fold(name) == folded
