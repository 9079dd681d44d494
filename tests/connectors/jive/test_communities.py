"""Places and their members, from the fake community to rows: who may read what, and who belongs where."""

from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.ingest.connections import connect
from scrm.models import Community, Interaction, Membership, audience_of
from scrm.runtime import Core
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import Clock, form, play
from tests.connectors.jive.test_whole_run import bare, installed, pass_time, time

__all__ = ["bare", "installed", "time"]  # fixtures


def test_what_is_said_is_read_by_whoever_reads_its_place(
    installed: Core, network: Jive, time: FakeClock, clock: Clock
) -> None:
    core = installed
    play(network)
    connect(core, "jive", form(network), None)
    for _ in range(3):
        pass_time(core, time, clock, seconds=4000)
    truth = {str(row["native_id"]): row for row in network.truth()}
    words = {"public": "organization", "community": "community", "private": "private"}
    with core.db.read() as session:
        places = {row.id: row for row in session.scalars(select(Community))}
        rows = session.scalars(select(Interaction)).all()
        members = session.scalars(select(Membership)).all()
    told = [row for row in rows if row.community_id is not None]
    assert {row.kind for row in told} >= {"post", "reply"}
    for row in told:
        assert audience_of(row, places[row.community_id]) == words[str(truth[row.native_id]["audience"])]
    assert {row.native_id for row in rows if row.audience == "private"} == {
        name
        for name, row in truth.items()
        if row["audience"] == "private" and name in {one.native_id for one in rows}
    }
    assert {place.visibility for place in places.values()} >= {"organization", "closed"}
    assert {row.role for row in members} <= {"member", "manager"}
    assert members
