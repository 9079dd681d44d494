"""The admin's days: what is older goes, kind by kind, also from the CRM, and nothing else; never beyond the terms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm import keeping
from scrm.clock import FakeClock
from scrm.connectors.registry import connectors
from scrm.db import Database
from scrm.errors import InputError
from scrm.keeping import OF_KIND, Kept
from scrm.models import AuditEntry, Interaction, Profile, RetentionRule
from scrm.privacy.retention import PORTION, purge
from scrm.records import InteractionKind, Key
from scrm.runtime import Core
from scrm.vault import Vault
from tests.factories import make_interaction, make_profile
from tests.privacy.test_retention import in_crm, linked_speaker, write_to_crm

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=31), NOW - timedelta(days=29)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def core(core: Core, clock: FakeClock) -> Any:
    db = Database(core.settings.database, clock=clock)
    yield Core(settings=core.settings, db=db, vault=Vault.load("", core.settings.state_dir))
    db.close()


def keep(core: Core, network: str = "mastodon", **days: int) -> None:
    with core.db.write("test.days") as session:
        keeping.set_days(session, network, {Kept(kind): number for kind, number in days.items()}, None, NOW)


def alive(session: Session) -> set[str]:
    return set(session.scalars(select(Interaction.native_id).where(Interaction.deleted_at.is_(None))))


def test_every_kind_of_interaction_has_a_time() -> None:
    assert OF_KIND.keys() == set(InteractionKind)


def test_only_what_is_older_of_that_kind_and_network_goes(core: Core) -> None:
    with core.db.write("test.said") as session:
        author = make_profile(session)
        for name, kind, at in (("old", "mention", OLD), ("new", "mention", NEW), ("like", "reaction", OLD)):
            make_interaction(session, author, native_id=name, kind=kind, occurred_at=at)
        other = make_profile(session, network="bluesky")
        make_interaction(session, other, native_id="elsewhere", network="bluesky", kind="mention", occurred_at=OLD)
    keep(core, said=30)
    with core.db.read() as session:
        assert keeping.would_go(session, "mastodon", {Kept.SAID: 30}, NOW) == {Kept.SAID: (1, 0)}
        assert alive(session) == {"old", "new", "like", "elsewhere"}
    assert purge(core) is False
    with core.db.read() as session:
        assert alive(session) == {"new", "like", "elsewhere"}
        gone = session.scalars(select(Interaction).where(Interaction.native_id == "old")).one()
        assert (gone.text, gone.url) == (None, None)
        rule = session.scalars(select(RetentionRule)).one()
        assert (rule.removed, rule.removing, rule.applied_at) == (1, 0, NOW)


def test_what_goes_leaves_the_crm_and_then_the_row_goes_too(core: Core, clock: FakeClock) -> None:
    with core.db.write("test.said") as session:
        said = make_interaction(session, linked_speaker(session), kind="mention", occurred_at=OLD)
        key = Key(network=said.network, native_id=said.native_id).external("interaction")
    write_to_crm(core)
    assert in_crm(core, key) == 1
    keep(core, said=30)
    with core.db.read() as session:
        assert keeping.would_go(session, "mastodon", {Kept.SAID: 30}, NOW) == {Kept.SAID: (1, 1)}
    purge(core)
    write_to_crm(core)
    assert in_crm(core, key) == 0
    clock.advance(2 * 86_400)
    purge(core)
    with core.db.read() as session:
        assert session.scalars(select(Interaction)).all() == []


def test_a_profile_goes_once_nothing_it_said_is_left(core: Core) -> None:
    with core.db.write("test.profiles") as session:
        silent = make_profile(session, native_id="silent", display_name="S", updated_at=OLD)
        heard = make_profile(session, native_id="heard", display_name="H", updated_at=OLD)
        ours = make_profile(session, native_id="ours", display_name="O", updated_at=OLD, is_internal=True)
        make_interaction(session, heard, occurred_at=NEW)
        ids = silent.id, heard.id, ours.id
    keep(core, profile=30)
    purge(core)
    with core.db.read() as session:
        assert [session.get_one(Profile, one).display_name for one in ids] == [None, "H", "O"]


def test_a_large_run_goes_in_portions_and_is_one_audit_entry(core: Core) -> None:
    with core.db.write("test.said") as session:
        author = make_profile(session)
        for number in range(PORTION + 5):
            make_interaction(session, author, native_id=str(number), kind="mention", occurred_at=OLD)
    keep(core, said=30)
    assert purge(core) is True
    with core.db.read() as session:
        assert session.scalars(select(RetentionRule.removing)).one() == PORTION
    assert purge(core) is False
    with core.db.read() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "retention.applied")).one()
        assert told.after == {"kind": "said", "days": 30, "removed": PORTION + 5}


def test_days_beyond_the_terms_are_refused_and_changes_are_written_down(core: Core) -> None:
    with pytest.raises(InputError, match="30"):
        keep(core, "youtube", said=31)
    with pytest.raises(InputError):
        keep(core, said=0)
    keep(core, "youtube", said=7, raw=7)
    keep(core, "youtube", said=5)
    with core.db.read() as session:
        first, second = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert (first.before, first.after) == ({}, {"raw": 7, "said": 7})
        assert (second.before, second.after) == ({"raw": 7, "said": 7}, {"said": 5})


def test_no_network_may_keep_longer_than_its_terms_whatever_the_kind() -> None:
    for key, connector in connectors().items():
        hours = connector.manifest.terms.keep_hours
        for kind in Kept:
            most = keeping.allowed_days(connector.manifest.terms, kind)
            assert hours is None or (most is not None and most <= max(1, hours // 24)), (key, kind)
