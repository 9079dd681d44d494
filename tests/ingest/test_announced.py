"""Reading a network announces what is new of linked profiles, once, and a connection that broke."""

from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.ingest.run import read_stream
from scrm.matching.judgments import Decision, decide
from scrm.models import Announcement, Connection, Contact, HookEvent, Judge, Profile, StreamState, Verdict
from scrm.runtime import Core
from tests.factories import make_contact
from tests.ingest.lighthouse import Sea, note
from tests.models.test_hooks import hook


def read(core: Core, connection: Connection) -> None:
    with core.db.write("test.due") as session:
        state = session.scalars(
            select(StreamState).where(StreamState.connection_id == connection.id, StreamState.stream == "notes")
        ).one()
        state.due_at = core.db.clock.now()
    read_stream(core, state.id)


def told(core: Core) -> list[Announcement]:
    with core.db.read() as session:
        return list(session.scalars(select(Announcement).order_by(Announcement.id)))


def linked(core: Core) -> tuple[Profile, Contact]:
    with core.db.write("test.link") as session:
        hook(session, HookEvent.INTERACTION, HookEvent.BROKEN)
        profile, contact = (
            session.scalars(select(Profile).where(Profile.is_internal.is_(False))).one(),
            make_contact(session),
        )
        decide(
            session,
            core.db.clock.now(),
            Decision(profile_id=profile.id, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD),
        )
    return profile, contact


def test_what_a_linked_profile_says_is_told_once_however_often_it_is_read(
    core: Core, connection: Connection, sea: Sea
) -> None:
    sea.notes = [note(1)]
    read(core, connection)
    profile, contact = linked(core)
    sea.notes += [note(2, author="sailor1"), note(2, author="sailor1"), note(3)]
    read(core, connection)
    read(core, connection)
    found = told(core)
    assert [(row.event, row.network, row.profile_id, row.contact_id) for row in found] == [
        ("interaction.added", "lighthouse", profile.id, contact.id)
    ]
    assert found[0].interaction is not None


def test_a_connection_whose_access_is_gone_is_told_once(
    core: Core, connection: Connection, sea: Sea, time: FakeClock
) -> None:
    sea.notes = [note(1)]
    read(core, connection)
    linked(core)
    sea.answers = {"/notes": 401, "/me": 401}
    read(core, connection)
    read(core, connection)
    assert [(row.event, row.connection_id) for row in told(core)] == [("connection.broken", connection.id)]
