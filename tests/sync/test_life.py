"""A contact's life in the CRM, in every order and at every moment of ours: links and timeline follow.

Everybody has a contact A with one record on it and one on its way. The CRM then creates B, changes A, merges it into
B, deletes it and takes it back, in each of the 120 orders; each order is cut into what happens before our claim,
between claim and send, and between the CRM's doing and our hearing of it. What is right is read from the CRM alone.
"""

import os
from collections import Counter
from datetime import timedelta
from itertools import combinations_with_replacement, permutations

import pytest
from sqlalchemy import select

from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import match_due
from scrm.models import (
    Contact,
    ContactTurn,
    Delivery,
    EntryState,
    LocalContact,
    LocalRecord,
    TimelineEntry,
    Turn,
)
from scrm.sync.crm.base import Result
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Statement, put_contacts, survivor
from scrm.sync.timeline import expand_due
from tests.sync.town import Town

EVENTS = ("create", "update", "merge", "delete", "undelete")
ORDERS = list(permutations(EVENTS))
EVERY_CUT = list(combinations_with_replacement(range(len(EVENTS) + 1), 2))
# all 21 take minutes: SCRM_TEST_EVERY_CUT=1 runs them
CUTS = EVERY_CUT if os.environ.get("SCRM_TEST_EVERY_CUT") else [(0, 0), (2, 4), (5, 5)]


class Register:
    """The CRM's side: many contacts, each with its own order of events."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.at = town.clock.now()

    def say(self, statements: list[dict[str, object]]) -> None:
        self.at += timedelta(seconds=1)
        for start in range(0, len(statements), 200):
            part = [Statement(at=self.at, **row) for row in statements[start : start + 200]]  # type: ignore[arg-type]
            put_contacts(self.town.db, part)

    def found(self, names: list[str]) -> None:
        self.say([{"source_id": name, "fields": {"full_name": name}} for name in names])

    def happen(self, orders: dict[str, tuple[str, ...]], start: int, end: int) -> None:
        """Of each order the events from `start` to `end`, step by step, for all."""
        for step in range(start, end):
            self.say([self._event(name, order[step]) for name, order in orders.items()])

    def _event(self, name: str, event: str) -> dict[str, object]:
        other = name.replace("A", "B")
        match event:
            case "create":
                return {"source_id": other, "fields": {"full_name": other}}
            case "merge":
                return {"source_id": name, "merged_into": other}
            case "delete":
                return {"source_id": name}
        return {"source_id": name, "fields": {"full_name": name, "title": event}}


class Follower:
    """Our side: profiles linked to those contacts, and the jobs that follow what the CRM says."""

    def __init__(self, town: Town, names: list[str]) -> None:
        self.town = town
        town.crm.real = LocalCrm(town.db)  # in portions of its usual size
        town.know_us_again()
        with town.db.read() as session:
            ids = {row.full_name: row.id for row in session.scalars(select(Contact))}
        self.profiles = {name: town.profile() for name in names}
        for name, profile in self.profiles.items():
            town.link(profile, ids[name])

    def say(self) -> None:
        for name, profile in self.profiles.items():
            self.town.say(profile, text=name)
        self._expand()

    def _expand(self) -> None:
        while expand_due(self.town.core):
            pass

    def follow(self) -> None:
        """Everything that runs after a change, until nothing moves."""
        for _round in range(4):
            self.town.wait()
            self.town.know_us_again()
            for job in (rekey_due, match_due):
                while job(self.town.core):
                    pass
            self._expand()
            self.town.deliver()


def where(town: Town) -> dict[str, Counter[str]]:
    """By what was said: on which contacts of the CRM it stands, by the CRM's own names."""
    with town.db.read() as session:
        names = {str(row.id): row.source_id for row in session.scalars(select(LocalContact))}
        found: dict[str, Counter[str]] = {}
        for row in session.scalars(select(LocalRecord)):
            found.setdefault(row.fields["text"], Counter())[names[row.contact_native_id]] += 1
        return found


def living(town: Town, name: str) -> str | None:
    with town.db.read() as session:
        row = session.scalars(select(LocalContact).where(LocalContact.source_id == name)).one()
        alive = survivor(session, str(row.id))
        return alive.source_id if alive else None


def judge(town: Town, names: list[str], each: int) -> None:
    """Every record hangs on the contact that lives on, none on a dead one; nothing was set aside, nothing loops."""
    found = where(town)
    expected = {name: Counter({alive: each}) for name in names if (alive := living(town, name))}
    assert found == expected
    with town.db.read() as session:
        assert set(session.scalars(select(TimelineEntry.state))) == {EntryState.DONE}
        gone = session.scalars(select(Delivery.entry_id).where(Delivery.outcome == Result.CONTACT_GONE.value))
        assert max(Counter(gone).values(), default=0) <= 2


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_in_every_order_of_events_records_follow_the_contact(town: Town, cut: tuple[int, int]) -> None:
    orders = {f"A{number}": order for number, order in enumerate(ORDERS)}
    names = list(orders)
    register = Register(town)
    register.found(names)
    ours = Follower(town, names)
    ours.say()
    town.deliver()
    assert where(town) == {name: Counter({name: 1}) for name in names}
    ours.say()
    first, second = cut
    register.happen(orders, 0, first)

    def after_claim() -> None:
        town.crm.beforehand = lambda: None
        register.happen(orders, first, second)

    def after_send() -> None:
        town.crm.meanwhile = lambda: None
        register.happen(orders, second, len(EVENTS))

    town.crm.beforehand, town.crm.meanwhile = after_claim, after_send
    town.deliver()
    ours.follow()
    judge(town, names, each=2)


@pytest.mark.parametrize(
    "merges",
    [
        [("A1", "A2"), ("A2", "A3")],
        [("A2", "A3"), ("A1", "A2")],
        [("A1", "A2"), ("A2", "A1")],
        [("A1", "A2"), ("A2", "A3"), ("A3", "A1")],
        [("A1", "A2"), ("A1", "A3")],
    ],
    ids=["chain", "chain from its end", "loop of two", "loop of three", "merged again elsewhere"],
)
@pytest.mark.parametrize("pulled", [True, False], ids=["heard one by one", "heard at once"])
def test_chains_and_loops_of_merges_end_at_one_living_contact(
    town: Town, merges: list[tuple[str, str]], pulled: bool
) -> None:
    names = ["A1", "A2", "A3"]
    register = Register(town)
    register.found(names)
    ours = Follower(town, names)
    ours.say()
    town.deliver()
    for loser, into in merges:
        register.say([{"source_id": loser, "merged_into": into}])
        if pulled:
            ours.follow()
    ours.follow()
    assert {living(town, name) for name in names} <= set(names)
    judge(town, names, each=1)


def test_taking_a_merge_back_takes_its_effect_back(town: Town) -> None:
    register = Register(town)
    register.found(["A1", "A2"])
    ours = Follower(town, ["A1", "A2"])
    ours.say()
    town.deliver()
    before = where(town)
    register.say([{"source_id": "A1", "merged_into": "A2"}])
    ours.follow()
    assert where(town) == {"A1": Counter({"A2": 1}), "A2": Counter({"A2": 1})}
    register.found(["A1"])
    ours.follow()
    assert where(town) == before
    with town.db.read() as session:
        turns = [row.turn for row in session.scalars(select(ContactTurn).order_by(ContactTurn.id))]
    assert turns == [Turn.MERGED, Turn.RESTORED]


def test_a_lead_that_becomes_a_contact_takes_its_timeline_along(town: Town) -> None:
    register = Register(town)
    register.say([{"source_id": "A1", "fields": {"full_name": "A1", "kind": "lead"}}])
    ours = Follower(town, ["A1"])
    ours.say()
    town.deliver()
    register.say([{"source_id": "B1", "fields": {"full_name": "B1"}}])
    register.say([{"source_id": "A1", "merged_into": "B1"}])
    ours.follow()
    assert where(town) == {"A1": Counter({"B1": 1})}
    with town.db.read() as session:
        (turn,) = session.scalars(select(ContactTurn))
        assert turn.turn == Turn.CONVERTED
        assert turn.into_id == session.scalars(select(Contact.id).where(Contact.full_name == "B1")).one()


def test_a_new_owner_changes_nothing_that_stands_there(town: Town) -> None:
    register = Register(town)
    register.found(["A1"])
    ours = Follower(town, ["A1"])
    ours.say()
    town.deliver()
    written = town.ledger()
    register.say([{"source_id": "A1", "fields": {"full_name": "A1", "owner": "Mia Muster"}}])
    ours.follow()
    assert town.ledger() == written
    with town.db.read() as session:
        assert session.scalars(select(Contact.owner)).one() == "Mia Muster"
        assert session.scalars(select(ContactTurn)).all() == []
