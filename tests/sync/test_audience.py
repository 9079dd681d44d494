"""What is written follows who may read it: a community that opens or closes, and what the admin opens."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from scrm.ingest.audience import set_opening
from scrm.models import AudienceChange, Community, Connection, TimelineDue, mark_audiences_due
from scrm.policy import NOT_PUBLIC, Opening
from scrm.sync import audience
from scrm.sync.audience import spread_due
from tests.factories import make_connection
from tests.sync.town import NETWORK, Town


def community(town: Town, visibility: str) -> int:
    now = town.clock.now()
    with town.db.write("test.community") as session:
        row = Community(
            network=NETWORK, native_id="g1", visibility=visibility, first_seen_at=now, updated_at=now, name="Runde"
        )
        session.add(row)
        session.flush()
        return row.id


def turn(town: Town, community_id: int, visibility: str) -> None:
    with town.db.write("test.turn") as session:
        session.execute(update(Community).where(Community.id == community_id).values(visibility=visibility))
        mark_audiences_due(session, [NETWORK], town.clock.now())
    settle(town)


def settle(town: Town) -> None:
    while spread_due(town.core):
        pass
    town.settle()


def connection(town: Town, **values: Any) -> Connection:
    with town.db.write("test.connection") as session:
        return make_connection(session, network=NETWORK, **values)


def test_what_was_written_is_withdrawn_when_its_community_closes_and_written_again_when_it_opens(
    town: Town, linked: int
) -> None:
    place = community(town, "organization")
    town.say(linked, text="in the community", audience="community", community_id=place)
    town.say(linked, text="in public")
    town.settle()
    assert town.texts() == ["in public", "in the community"]
    turn(town, place, "closed")
    assert town.texts() == ["in public"]
    (held,) = [row for row in town.entries() if not row.is_wanted]
    assert held.reason == NOT_PUBLIC
    turn(town, place, "public")
    assert town.texts() == ["in public", "in the community"]


def test_closed_and_private_content_is_written_while_the_admin_opens_it(town: Town, linked: int) -> None:
    hookup = connection(town)
    place = community(town, "private")
    here = {"connection_id": hookup.id, "checked_at": town.clock.now()}
    town.say(linked, text="closed", audience="community", community_id=place, **here)
    town.say(linked, text="private", audience="private", **here)
    town.say(linked, text="followers", audience="followers", **here)
    town.say(linked, text="of another connection", audience="private")
    settle(town)
    assert town.texts() == []
    for opening, written in (
        (Opening(writes_closed=True), ["closed"]),
        (Opening(writes_private=True), ["private"]),
        (Opening(writes_private=True, writes_closed=True), ["closed", "private"]),
        (Opening(), []),
    ):
        set_opening(town.core, hookup.public_id, opening, None)
        settle(town)
        assert town.texts() == written


def test_a_change_reaches_every_linked_profile_in_portions(
    town: Town, linked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "PORTION", 2)
    for number in range(4):
        town.link(town.profile(), town.contact(f"Bo Example {number}"))
    town.profile()  # linked with nobody
    town.expand()
    with town.db.write("test.mark") as session:
        mark_audiences_due(session, [NETWORK, "elsewhere"], town.clock.now())
    while spread_due(town.core):
        pass
    with town.db.read() as session:
        assert session.scalar(select(func.count()).select_from(TimelineDue)) == 5
        assert session.scalar(select(func.count()).select_from(AudienceChange)) == 0


def test_a_change_while_one_is_spread_begins_again(town: Town, linked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "PORTION", 1)
    town.link(town.profile(), town.contact("Bo Example"))
    town.expand()
    with town.db.write("test.mark") as session:
        mark_audiences_due(session, [NETWORK], town.clock.now())
    assert spread_due(town.core)
    with town.db.write("test.again") as session:
        mark_audiences_due(session, [NETWORK], town.clock.now())
        assert session.scalar(select(AudienceChange.after_id)) == 0


def test_nothing_changes_when_the_same_is_set_again(town: Town) -> None:
    hookup = connection(town)
    set_opening(town.core, hookup.public_id, Opening(), None)
    assert not spread_due(town.core)
