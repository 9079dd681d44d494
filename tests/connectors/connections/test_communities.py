"""Communities and their members, from the fake network to rows: who may read, who belongs, who left."""

from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.ingest.connections import connect
from scrm.models import Community, Connection, Membership, Profile, audience_of
from scrm.runtime import Core
from scrm.sandbox.connections import Connections
from tests.connectors.connections.scenario import Clock, form, play
from tests.connectors.connections.test_whole_run import core, live, pass_time, time

__all__ = ["core", "time"]  # fixtures


def test_communities_say_who_reads_what_and_who_left_is_gone_after_a_day(
    core: Core, network: Connections, time: FakeClock, clock: Clock
) -> None:
    play(network)
    connect(core, "connections", form(network), None)
    pass_time(core, time, clock, seconds=0)
    truth = {str(row["native_id"]): row for row in network.truth()}
    words = {"public": "organization", "community": "community"}
    with core.db.read() as session:
        places = {row.id: row for row in session.scalars(select(Community))}
    told = 0
    for native_id, row in live(core).items():
        place = places.get(row.community_id or 0)
        if native_id in truth and truth[native_id]["shown"] != "blogs":  # blogs do not tell who may read them
            assert audience_of(row, place) == words[str(truth[native_id]["audience"])], native_id
            told += 1
    assert told > 5
    closed = next(one for one in network._state.communities.values() if not one.is_open)
    before = members(core, closed.uuid)
    assert before == {userid: "manager" if userid == closed.owner.userid else "member" for userid in closed.members}
    gone = next(userid for userid in closed.members if userid not in {closed.owner.userid, own(core)})
    del closed.members[gone]
    pass_time(core, time, clock, seconds=3700)
    assert members(core, closed.uuid) == before
    pass_time(core, time, clock, seconds=86_400)
    assert members(core, closed.uuid) == {name: role for name, role in before.items() if name != gone}


def own(core: Core) -> str:
    with core.db.read() as session:
        return session.scalars(select(Connection.native_id)).one()


def members(core: Core, uuid: str) -> dict[str, str]:
    with core.db.read() as session:
        found = session.execute(
            select(Profile.native_id, Membership.role)
            .join(Membership, Membership.profile_id == Profile.id)
            .join(Community, Community.id == Membership.community_id)
            .where(Community.native_id == uuid)
        )
        return {name: role for name, role in found}  # noqa: C416 - rows are no pairs to mypy
