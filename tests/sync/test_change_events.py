"""Change events: the fake org tells of them by gRPC, and what they name is read from it."""

import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

import pytest

pytest.importorskip("grpc", reason="needs the packages of requirements-cdc.txt")
pytest.importorskip("fastavro", reason="needs the packages of requirements-cdc.txt")

from sqlalchemy import select, update

from scrm.cli.processes import wait_until
from scrm.errors import InputError, LostLeaseError
from scrm.jobs import work
from scrm.models import Contact, CrmConnection, CrmState, InboxItem
from scrm.runtime import Core
from scrm.sandbox.salesforce.pubsub import PubSub
from scrm.sync import change_events
from scrm.sync.change_events import TOPIC, choose, follow, listen
from tests.sync.crm.salesforce.world import SalesforceWorld


class Bus:
    """A world whose event bus is followed by a thread, as the process does it."""

    def __init__(self, world: SalesforceWorld) -> None:
        self.world = world
        sessions = world.org.sessions
        self.bus = PubSub(
            is_known=lambda token: sessions.user_of(token) is not None, tenant=world.org.outbound.organization_id
        ).start()
        urls = (*world.core.settings.sandbox_urls, f"pubsub={self.bus.address}")
        self.core: Core = replace(world.core, settings=replace(world.core.settings, sandbox_urls=urls))
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None
        with self.core.db.write("test.choose") as session:
            choose(session, TOPIC, self.core.db.clock.now())

    def follow(self) -> None:
        self.stop = threading.Event()
        before = len([one for one in self.bus.asked if one[0] == "Subscribe"])
        self.thread = threading.Thread(target=follow, args=(self.core, self.stop))
        self.thread.start()
        assert wait_until(lambda: len([one for one in self.bus.asked if one[0] == "Subscribe"]) > before, 20)

    def end(self) -> None:
        self.stop.set()
        if self.thread:
            self.thread.join(20)
            assert not self.thread.is_alive()
            self.thread = None

    def row(self) -> CrmConnection:
        with self.core.db.read() as session:
            return session.get_one(CrmConnection, "salesforce")

    def items(self) -> list[InboxItem]:
        with self.core.db.read() as session:
            return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))

    def at_end(self) -> bool:
        """Whether everything on the bus was stored."""
        place = self.row().change_place
        return place is not None and bool(self.bus.events) and b64decode(place) == self.bus.events[-1].place

    def settle(self) -> None:
        assert wait_until(self.at_end, 20)


@pytest.fixture
def bus(core: Core) -> Iterator[Bus]:
    with SalesforceWorld(core) as world:
        made = Bus(world)
        yield made
        made.end()
        made.bus.stop()


def names(core: Core) -> list[str]:
    with core.db.read() as session:
        return sorted(session.scalars(select(Contact.full_name).where(Contact.deleted_at.is_(None))))


def pull_is_due(core: Core) -> bool:
    with core.db.read() as session:
        row = session.get(CrmState, "salesforce")
        return row is not None and row.due_at is not None and row.due_at <= core.db.clock.now()


def no_pull(core: Core) -> None:
    with core.db.write("test.no_pull") as session:
        session.execute(update(CrmState).values(due_at=None))


def test_what_changes_in_the_org_is_here_at_once_and_once(bus: Bus) -> None:
    bus.follow()
    assert wait_until(lambda: pull_is_due(bus.core), 10)  # what was before is read
    people = [bus.world.add(name) for name in ("Andersson", "Berg", "Cruz")]
    bus.bus.publish("Contact", "CREATE", people)
    bus.world.rename(people[0], "Ångström")
    bus.bus.publish("Contact", "UPDATE", people[:1])
    bus.world.delete(people[1])
    bus.bus.publish("Contact", "DELETE", people[1:2])
    bus.bus.publish("Social_Interaction__c", "CREATE", ["a005g000000AbCdAAK"])  # ours, and no person
    bus.settle()
    work(bus.core, "inbox", None)
    assert names(bus.core) == ["Cruz", "Ångström"]
    assert len(bus.items()) == 5
    assert bus.bus.asked.count(("GetSchema", "schema-Contact")) == 1  # asked once
    assert bus.row().change_heard_at is not None


def test_after_a_stop_it_goes_on_where_it_was_and_repeats_have_no_effect(bus: Bus) -> None:
    bus.follow()
    first = bus.world.add("Andersson")
    bus.bus.publish("Contact", "CREATE", [first])
    bus.settle()
    bus.end()
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Berg")])
    with bus.core.db.write("test.back") as session:  # the place was lost with the transaction that stored it
        session.execute(update(CrmConnection).values(change_place="AAAAAAAAAAA="))
    bus.follow()
    bus.settle()
    assert len(bus.items()) == 2
    work(bus.core, "inbox", None)
    assert names(bus.core) == ["Andersson", "Berg"]


def test_the_place_moves_only_with_what_it_covers(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> bool:
        raise LostLeaseError("a fault of ours")

    bus.follow()
    assert wait_until(lambda: bus.row().change_place is not None, 20)
    before = bus.row().change_place
    with monkeypatch.context() as broken:
        broken.setattr(change_events, "keep_delivery", fails)
        bus.bus.publish("Contact", "CREATE", [bus.world.add("Andersson")])
        assert wait_until(lambda: bus.bus.asked.count(("Subscribe", TOPIC)) > 1, 20)
        assert (bus.row().change_place, bus.items()) == (before, [])
    bus.settle()
    assert len(bus.items()) == 1


@pytest.mark.parametrize(
    ("kind", "ids"),
    [("GAP_OVERFLOW", []), ("GAP_UPDATE", ["003*"]), ("UPDATE", [f"0035g0000{n:06d}" for n in range(250)])],
)
def test_what_cannot_be_named_one_by_one_is_found_by_reading_the_org(bus: Bus, kind: str, ids: list[str]) -> None:
    bus.follow()
    assert wait_until(lambda: bus.row().change_place is not None, 20)
    no_pull(bus.core)
    bus.bus.publish("Contact", kind, ids)
    bus.settle()
    assert pull_is_due(bus.core)
    assert bus.items() == []


def test_an_unreadable_event_lets_its_neighbors_go_on_and_the_org_is_read(bus: Bus) -> None:
    bus.follow()
    assert wait_until(lambda: bus.row().change_place is not None, 20)
    no_pull(bus.core)
    bus.bus.publish("Contact", "UPDATE", [], payload=b"\xff\xff\xff")
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Andersson")])
    bus.settle()
    assert len(bus.items()) == 1
    assert pull_is_due(bus.core)


def test_a_place_that_is_no_longer_known_begins_anew_and_the_org_is_read(bus: Bus) -> None:
    bus.follow()
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Andersson")])
    bus.settle()
    bus.end()
    for name in ("Berg", "Cruz"):
        bus.bus.publish("Contact", "CREATE", [bus.world.add(name)])
    bus.bus.forget()
    no_pull(bus.core)
    bus.follow()
    assert wait_until(lambda: pull_is_due(bus.core), 20)
    assert wait_until(lambda: bus.bus.asked.count(("Subscribe", TOPIC)) >= 3, 20)
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Dahl")])
    bus.settle()


def test_a_token_that_is_worn_out_is_renewed(bus: Bus) -> None:
    bus.follow()
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Andersson")])
    bus.settle()
    bus.end()
    version = bus.row().token_version
    bus.world.org.expire_sessions()
    bus.bus.publish("Contact", "CREATE", [bus.world.add("Berg")])
    stop = threading.Event()
    worn_out = listen(bus.core, stop)
    assert worn_out == version
    bus.follow()
    bus.settle()
    assert bus.row().token_version == version + 1


def test_two_that_listen_do_not_move_one_place(bus: Bus) -> None:
    row = bus.row()
    with bus.core.db.write("test.moved") as session:
        session.execute(update(CrmConnection).values(change_place="AAAAAAAAAAE="))
    from scrm.sync.crm.salesforce.pubsub import Page

    with pytest.raises(LostLeaseError):
        change_events._store(bus.core, row, Page(changes=(), place=b"later"))
    assert bus.row().change_place == "AAAAAAAAAAE="


def test_only_a_channel_of_changes_of_a_connected_org_is_chosen(bus: Bus, core: Core) -> None:
    with core.db.write("test.topic") as session, pytest.raises(InputError):
        choose(session, "/event/Order__e", core.db.clock.now())
    with core.db.write("test.none") as session:
        session.delete(session.get_one(CrmConnection, "salesforce"))
        session.flush()
        with pytest.raises(InputError):
            choose(session, TOPIC, core.db.clock.now())
