"""What is announced: written with what it tells, once for each hook that wants it, and nothing when nobody does."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import (
    Announcement,
    Contact,
    Hook,
    HookEvent,
    HookState,
    Interaction,
    Judge,
    Judgment,
    Profile,
    Verdict,
)
from scrm.models.hooks import announce_interactions
from scrm.privacy import purge
from scrm.runtime import Core
from tests.factories import NOW, make_contact, make_interaction, make_profile


def hook(session: Session, *events: HookEvent, **values: Any) -> Hook:
    row = Hook(
        name=f"h{values.pop('name', 1)}",
        address="https://crm.example/hook",
        events=[event.value for event in events],
        secrets="sealed",
        created_at=NOW,
        due_at=NOW,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def told(db: Database) -> list[tuple[int, str, int | None, int | None]]:
    with db.read() as session:
        rows = session.scalars(select(Announcement).order_by(Announcement.id)).all()
    return [(row.hook_id, row.event, row.profile_id, row.contact_id) for row in rows]


def judge(session: Session, profile: Profile, contact: Contact | None, verdict: Verdict) -> Judgment:
    decision = Decision(
        profile_id=profile.id,
        contact_id=contact.id if contact else None,
        verdict=verdict,
        judge=Judge.STEWARD,
        seen_judgment_id=-1,
    )
    return decide(session, NOW, decision)


def test_a_link_is_told_when_it_is_made_moved_and_undone(database: Database) -> None:
    with database.write("test.links") as session:
        mine = hook(session, HookEvent.LINKED, HookEvent.UNLINKED).id
        profile, one, two = make_profile(session), make_contact(session), make_contact(session)
        judge(session, profile, one, Verdict.POSITIVE)
        judge(session, profile, one, Verdict.POSITIVE)  # says it once more: nothing changes
        moved = judge(session, profile, two, Verdict.POSITIVE)
        undo(session, NOW, moved.id, None)
        judge(session, profile, None, Verdict.NOBODY)
    assert told(database) == [
        (mine, "link.made", profile.id, one.id),
        (mine, "link.undone", profile.id, one.id),
        (mine, "link.made", profile.id, two.id),
        (mine, "link.undone", profile.id, two.id),
        (mine, "link.made", profile.id, one.id),
        (mine, "link.undone", profile.id, one.id),
    ]


def test_what_is_rolled_back_is_told_to_nobody(database: Database) -> None:
    with database.write("test.before") as session:
        hook(session, HookEvent.LINKED)
        profile, contact = make_profile(session), make_contact(session)
    with pytest.raises(RuntimeError), database.write("test.rolled_back") as session:
        judge(session, profile, contact, Verdict.POSITIVE)
        raise RuntimeError
    assert told(database) == []


def interactions(session: Session, profiles: Sequence[Profile]) -> dict[Any, int]:
    rows: list[Interaction] = [make_interaction(session, profile) for profile in profiles]
    return {row.public_id: profile.id for row, profile in zip(rows, profiles, strict=True)}


def test_new_interactions_are_told_of_linked_profiles_alone_to_each_hook_that_wants_them(database: Database) -> None:
    with database.write("test.interactions") as session:
        linked, stranger = make_profile(session), make_profile(session)
        contact = make_contact(session)
        judge(session, linked, contact, Verdict.POSITIVE)
        wanting = [
            hook(session, HookEvent.INTERACTION, name=1).id,
            hook(session, HookEvent.INTERACTION, HookEvent.LINKED, name=2, networks=["mastodon", "x"]).id,
        ]
        hook(session, HookEvent.LINKED, name=3)
        hook(session, HookEvent.INTERACTION, name=4, networks=["bluesky"])
        switched_off = hook(session, HookEvent.INTERACTION, name=5, state=HookState.OFF.value).id  # told later
        announce_interactions(session, "mastodon", interactions(session, [linked, stranger]), NOW)
    assert told(database) == [
        (number, "interaction.added", linked.id, contact.id) for number in (*wanting, switched_off)
    ]


def test_what_was_told_is_forgotten_after_thirty_days(core: Core) -> None:
    with core.db.write("test.old") as session:
        row = hook(session, HookEvent.LINKED)
        for days in (29, 31):
            at = core.db.clock.now() - timedelta(days=days)
            session.add(Announcement(hook_id=row.id, event="test", at=at))
    purge(core)
    with core.db.read() as session:
        left = session.scalars(select(Announcement.at)).all()
    assert [(core.db.clock.now() - at).days for at in left] == [29]
