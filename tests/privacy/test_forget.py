"""A person is forgotten: everywhere, at once here, in the CRM as soon as it answers; and does not come back."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.errors import CrmRetryLaterError
from scrm.models import (
    Asked,
    Contact,
    Forgetting,
    ForgettingState,
    Interaction,
    LocalRecord,
    Origin,
    Profile,
    Tombstone,
    ask_to_forget,
)
from scrm.privacy.forget import forget_due
from scrm.runtime import Core
from scrm.sync.contacts import pull
from scrm.sync.crm.base import EntryWrite, Outcome
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Put, Statement, put_contacts
from scrm.sync.outbox import deliver
from scrm.sync.plan import write_only_plans
from tests.privacy.canaries import MARK, NETWORKS, dumped, hits, plant, take_in, write_out


def ask(core: Core, **about: int) -> int:
    with core.db.write("test.ask") as session:
        return ask_to_forget(session, core.db.clock.now(), Asked(origin=Origin.COMMAND, **about)).id


def state(core: Core, request_id: int) -> Forgetting:
    with core.db.read() as session:
        return session.get_one(Forgetting, request_id)


def work(core: Core, clock: FakeClock) -> None:
    """Let the job, the outbox and the time go on until nothing is left to do."""
    for _ in range(4):
        while forget_due(core):
            pass
        deliver(core, LocalCrm(core.db))
        clock.advance(61)


def test_nothing_of_the_person_is_left_in_any_store(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    assert set(hits(core)) >= {"raw_record", "profile", "interaction", "contact", "local_contact", "local_record"}
    with core.db.read() as session:
        assert session.scalar(select(func.count()).select_from(LocalRecord)) == 3 * len(NETWORKS)  # with who they are
    request = ask(core, contact_id=planted.contact_id)
    work(core, clock)
    done = state(core, request)
    assert (done.state, done.sought, done.contact_id) == (ForgettingState.DONE, None, None)
    assert hits(core) == {}
    if not core.db.is_sqlite:
        assert MARK.encode() not in dumped(core)


def test_forgetting_waits_for_no_plan(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    with core.db.write("test.mode") as session:
        write_only_plans(session, "local", clock.now(), is_planned=True)
    request = ask(core, contact_id=planted.contact_id)
    work(core, clock)
    assert state(core, request).state == ForgettingState.DONE
    assert hits(core) == {}


def test_nothing_comes_back_when_every_input_is_replayed(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    ask(core, contact_id=planted.contact_id)
    work(core, clock)
    take_in(core, planted.connections)
    write_out(core)
    assert hits(core) == {}
    with core.db.read() as session:
        assert session.scalars(select(Contact.id)).all() == []
        assert session.scalar(select(func.count()).select_from(Interaction)) == 0
        assert session.scalar(select(func.count()).select_from(Profile)) == len(NETWORKS)  # our own accounts


def test_the_certificate_names_every_place_with_numbers_and_times_and_nobody(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    request = ask(core, contact_id=planted.contact_id)
    work(core, clock)
    places = {one["place"]: one for one in state(core, request).places}
    assert places["What they said and what we said to them"]["count"] == 2 * len(NETWORKS)
    assert places["Records in the CRM"]["count"] == 3 * len(NETWORKS)
    assert all(one["at"] for one in places.values())
    assert MARK not in repr(places).casefold()


def test_a_tombstone_tells_nobody_who_it_is(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    ask(core, contact_id=planted.contact_id)
    work(core, clock)
    with core.db.read() as session:
        digests = session.scalars(select(Tombstone.digest)).all()
    assert len(digests) >= 2 * len(NETWORKS)
    assert all(len(digest) == 32 for digest in digests)


def test_one_profile_alone_leaves_the_contact_and_the_other_profiles(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    ask(core, profile_id=planted.profile_ids["facebook"])
    work(core, clock)
    with core.db.read() as session:
        left = session.scalars(select(Profile.network).where(Profile.handle.like(f"{MARK}%"))).all()
        assert sorted(left) == sorted(set(NETWORKS) - {"facebook"})
        assert session.get(Contact, planted.contact_id) is not None
        assert session.scalar(select(func.count()).select_from(LocalRecord)) == 3 * (len(NETWORKS) - 1)
    assert hits(core, f"id-{MARK}-facebook") == {}


class Away(LocalCrm):
    """A CRM that cannot be reached for now."""

    def withdraw(self, _batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        raise CrmRetryLaterError("away", retry_after=30)


def test_here_it_is_done_at_once_also_while_the_crm_is_away(core: Core, clock: FakeClock) -> None:
    planted = plant(core)
    request = ask(core, contact_id=planted.contact_id)
    forget_due(core)
    deliver(core, Away(core.db))
    waiting = state(core, request)
    assert waiting.state == ForgettingState.CRM
    assert waiting.local_at is not None
    ours = {name for name in hits(core) if not name.startswith(("local_", "scrm.db"))}
    assert ours == set()
    clock.advance(3600)
    forget_due(core)
    assert state(core, request).state == ForgettingState.CRM
    work(core, clock)
    assert state(core, request).state == ForgettingState.DONE
    assert hits(core) == {}


@pytest.mark.parametrize("share", [True, False])
def test_an_address_that_others_have_too_keeps_nobody_else_out(core: Core, clock: FakeClock, share: bool) -> None:
    now = clock.now()

    def said(name: str, emails: list[str], at: datetime = now) -> Statement:
        return Statement(source_id=name, fields={"full_name": name, "emails": emails}, at=at)

    planted = plant(core)
    shared = ["info@beispiel.example"]
    put_contacts(core.db, [said("Other", shared if share else ["other@beispiel.example"])])
    with core.db.write("test.shared") as session:
        row = session.get_one(Contact, planted.contact_id)
        row.emails = [*row.emails, *shared]
    clock.advance(600)
    pull(core.db, LocalCrm(core.db), "local")
    ask(core, contact_id=planted.contact_id)
    work(core, clock)
    again = put_contacts(core.db, [said("Third", shared, at=clock.now())])
    assert again == [Put.CREATED if share else Put.FORGOTTEN]
