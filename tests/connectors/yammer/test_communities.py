"""Communities and their members, from the fake network to rows: who may read, who belongs, and what changes."""

from datetime import timedelta

from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.ingest.connections import connect
from scrm.ingest.run import read_stream
from scrm.models import (
    AudienceChange,
    Community,
    Interaction,
    Membership,
    Preference,
    Profile,
    StreamState,
    audience_of,
)
from scrm.runtime import Core
from scrm.sandbox.yammer import Yammer
from tests.connectors.yammer.scenario import Clock, fill, form, play
from tests.connectors.yammer.test_whole_run import core, days_pass, time

__all__ = ["core", "time"]  # fixtures


def audiences(core: Core) -> dict[str, str]:
    """Who may read what is stored, by its id at the network."""
    with core.db.read() as session:
        found = session.scalars(select(Interaction))
        return {
            row.native_id: audience_of(row, session.get(Community, row.community_id) if row.community_id else None)
            for row in found
        }


def members(core: Core) -> dict[str, set[str]]:
    with core.db.read() as session:
        found: dict[str, set[str]] = {}
        for name, handle in session.execute(
            select(Community.name, Profile.handle)
            .join(Membership, Membership.community_id == Community.id)
            .join(Profile, Profile.id == Membership.profile_id)
        ):
            found.setdefault(name, set()).add(handle)
        return found


def read(core: Core, stream: str) -> None:
    with core.db.write("test.due") as session:
        row = session.scalars(select(StreamState).where(StreamState.stream == stream)).one()
        row.due_at, number = core.db.clock.now(), row.id
    while read_stream(core, number):
        pass


def test_what_is_said_is_read_by_whoever_reads_its_community(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    ids = play(network)
    fill(network)
    connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=1)
    truth = {str(row["native_id"]): row for row in network.truth()}
    found = audiences(core)
    words = {"public": "organization", "community": "community", "private": "private"}
    assert {found[name] for name in found} == set(words.values())
    for name, audience in found.items():
        assert audience == words[str(truth[name]["audience"])], name
    with core.db.read() as session:
        rows = [
            tuple(row)
            for row in session.execute(select(Interaction.native_id, Community.native_id).outerjoin(Community))
        ]
    assert dict(rows) == {name: truth[name]["community"] for name in found}

    # the public community is closed, the private one opened
    groups = list(network._state.groups.values())
    for group in groups:
        group.is_private = not group.is_private
    time.advance(3600)
    clock.now = time.now()
    read(core, "communities")
    now = audiences(core)
    assert (now[ids["question"]], now[ids["closed"]]) == ("community", "organization")
    with core.db.read() as session:
        assert session.scalar(select(AudienceChange.network)) == "yammer"


def test_members_are_listed_once_a_day_and_who_left_is_gone(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    play(network)
    with core.db.write("test.own") as session:
        session.add(
            Preference(name="internal", value={"domains": ["nordwerk.example"]}, updated_at=core.db.clock.now())
        )
    connect(core, "yammer", form(network), None)
    read(core, "communities")
    truth = {group.full_name: {group.key: group} for group in network._state.groups.values()}
    before = members(core)
    assert before.keys() == truth.keys()
    closed = next(group for group in network._state.groups.values() if group.is_private)
    assert len(before[closed.full_name]) == len(closed.members)
    gone = next(user for number, user in network._state.users.items() if number in closed.members and user.is_guest)
    del closed.members[gone.id]
    for hours, is_gone in ((2, False), (23, True)):
        time.advance(timedelta(hours=hours).total_seconds())
        clock.now = time.now()
        read(core, "communities")
        assert (gone.name not in members(core)[closed.full_name]) is is_gone


def test_people_of_the_company_s_own_are_never_candidates_and_their_addresses_are_vouched_for(
    core: Core, network: Yammer, time: FakeClock, clock: Clock
) -> None:
    play(network)
    with core.db.write("test.own") as session:
        session.add(
            Preference(name="internal", value={"domains": ["nordwerk.example"]}, updated_at=core.db.clock.now())
        )
    connect(core, "yammer", form(network), None)
    days_pass(core, time, clock, days=1)
    with core.db.read() as session:
        people = session.scalars(select(Profile).where(Profile.email.is_not(None))).all()
        out = session.scalars(select(Interaction).join(Profile, Profile.id == Interaction.profile_id)).all()
        own = {row.id for row in session.scalars(select(Profile).where(Profile.is_internal.is_(True)))}
    assert all(row.email_verified for row in people)
    assert any(row.is_internal for row in people)
    assert any(not row.is_internal for row in people)
    assert {row.is_internal for row in people if row.email.endswith("@nordwerk.example")} == {True}
    assert all(row.direction == ("out" if row.profile_id in own else "in") for row in out)
