"""Handles change, and change hands: identity is the network's own id, whatever the handle says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.manifest import Rule
from scrm.connectors.registry import connectors
from scrm.db import Database
from scrm.ingest.profiles import store_profiles
from scrm.ingest.store import Context
from scrm.ingest.translate import Batch
from scrm.matching.consent import names_account
from scrm.matching.judgments import Decision, decide
from scrm.matching.load import contact_view, profile_view
from scrm.matching.views import ProfileView
from scrm.models import Chore, Contact, HandleHistory, Judge, Link, Profile, Verdict
from scrm.records import Key, ProfileRecord
from tests.factories import make_contact

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NETWORKS = sorted(connectors())
LINKABLE = [name for name in NETWORKS if connectors()[name].manifest.terms.match is not Rule.FORBIDDEN]
HANDLE = "ada.lovelace"


def see(database: Database, network: str, native_id: str, handle: str, days: int, *, is_archive: bool = False) -> int:
    """Read a profile on a day, as a connector or an archive gives it."""
    key = Key(network=network, native_id=native_id)
    record = ProfileRecord(key=key, handle=handle, display_name=None if is_archive else "Ada", full=not is_archive)
    context = Context(
        connection_id=None,
        network=network,
        stream="test",
        now=NOW + timedelta(days=days),
        raw_hours=1,
        keep_hours=None,
        is_internal=lambda _key, _record: False,
        is_archive=is_archive,
    )
    batch = Batch()
    batch.profiles[key] = record
    with database.write("test.see") as session:
        return store_profiles(session, context, batch)[key].id


def handles(session: Session, profile_id: int) -> list[str]:
    rows = select(HandleHistory.handle).where(HandleHistory.profile_id == profile_id).order_by(HandleHistory.id)
    return list(session.scalars(rows))


def profiles_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("record") == "ProfileRecord":
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from profiles_in(one)


def view(session: Session, profile_id: int) -> ProfileView:
    return profile_view(session.get_one(Profile, profile_id))


@pytest.fixture
def contact(database: Database) -> Contact:
    """Somebody whose record names the handle on every network."""
    with database.write("test.contact") as session:
        named = [{"network": network, "handle": HANDLE} for network in NETWORKS]
        session.add(Chore(name="quality", due_at=NOW + timedelta(days=99)))
        return make_contact(session, handles=named)


@pytest.mark.parametrize("network", LINKABLE)
def test_a_renamed_profile_stays_the_same_and_keeps_its_link(
    database: Database, contact: Contact, network: str
) -> None:
    first = see(database, network, "1", HANDLE, 0)
    with database.write("test.link") as session:
        decision = Decision(profile_id=first, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD)
        decide(session, NOW, decision)
    assert see(database, network, "1", "countess", 1) == first
    with database.read() as session:
        row = session.get_one(Profile, first)
        assert (row.handle, handles(session, first)) == ("countess", [HANDLE, "countess"])
        assert row.match_due_at is not None
        assert session.scalars(select(Link.contact_id).where(Link.profile_id == first)).all() == [contact.id]


@pytest.mark.parametrize("network", LINKABLE)
@pytest.mark.parametrize("is_archive", [False, True], ids=["connector", "archive"])
def test_whoever_takes_a_handle_over_inherits_neither_link_nor_evidence(
    database: Database, contact: Contact, network: str, is_archive: bool
) -> None:
    first = see(database, network, "1", HANDLE, 0)
    with database.write("test.link") as session:
        decision = Decision(profile_id=first, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD)
        decide(session, NOW, decision)
        assert not view(session, first).handle_is_recycled
    see(database, network, "1", "countess", 1)
    second = see(database, network, "2", HANDLE.title(), 2, is_archive=is_archive)
    assert second != first
    with database.read() as session:
        assert session.scalars(select(Link.profile_id)).all() == [first]
        heir = view(session, second)
        assert heir.handle_is_recycled
        assert heir.account is None
        assert not names_account(contact_view(contact), heir)
        due = session.get_one(Chore, "quality").due_at
        assert due == NOW + timedelta(days=2)  # it is looked at now, not tomorrow


def test_a_handle_that_was_not_seen_to_change_hands_still_counts(database: Database, contact: Contact) -> None:
    mine = see(database, "x", "1", HANDLE, 0)
    see(database, "mastodon", "2", HANDLE, 0)
    again = see(database, "x", "1", HANDLE, 5)
    with database.read() as session:
        assert names_account(contact_view(contact), view(session, again))
    assert again == mine


def test_the_first_holder_keeps_the_evidence_and_the_heir_loses_the_mark_with_the_handle(
    database: Database, contact: Contact
) -> None:
    first = see(database, "x", "1", HANDLE, 0)
    second = see(database, "x", "2", HANDLE, 2)
    with database.read() as session:
        assert (view(session, first).handle_is_recycled, view(session, second).handle_is_recycled) == (False, True)
    see(database, "x", "2", "somebody", 3)
    with database.read() as session:
        assert not view(session, second).handle_is_recycled


@pytest.mark.parametrize("network", NETWORKS)
def test_no_connector_takes_a_handle_for_an_identity(network: str) -> None:
    """What was recorded of each network translates to profiles whose id is not what people see and change."""
    for file in (Path(__file__).parents[1] / "connectors" / network / "expected").glob("*.json"):
        for row in profiles_in(json.loads(file.read_text(encoding="utf-8"))):
            handle = str(row.get("handle") or "").lstrip("@").casefold()
            assert row["key"]["native_id"].casefold() != handle, file
