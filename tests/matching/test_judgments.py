"""Judgments, undo, and the links that follow."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.errors import ConflictError, InputError
from scrm.matching.judgments import Decision, decide, derive, latest_judgment_id, standing, undo
from scrm.models import AuditEntry, Contact, Judge, Judgment, Link, Profile, TimelineDue, Verdict, survivor
from tests.factories import NOW, make_candidate, make_contact, make_profile, make_user


def judge(
    session: Session, profile: Profile, contact: Contact | None, verdict: Verdict, **values: object
) -> Judgment:
    fields = {"judge": Judge.STEWARD, "seen_judgment_id": latest_judgment_id(session, profile.id), **values}
    contact_id = contact.id if contact is not None else None
    return decide(session, NOW, Decision(profile_id=profile.id, contact_id=contact_id, verdict=verdict, **fields))


def link_of(session: Session, profile: Profile) -> int | None:
    return session.scalar(select(Link.contact_id).where(Link.profile_id == profile.id))


def test_a_positive_judgment_links_and_makes_the_timeline_due(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, contact, Verdict.POSITIVE)
        assert link_of(session, profile) == contact.id
        assert profile.match_state == "linked"
        assert session.scalars(select(TimelineDue.profile_id)).all() == [profile.id]


def test_undo_takes_the_link_back_and_undo_of_the_undo_restores_it(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        first = judge(session, profile, contact, Verdict.POSITIVE)
        second = undo(session, NOW, first.id, None)
        assert link_of(session, profile) is None
        undo(session, NOW, second.id, None)
        assert link_of(session, profile) == contact.id
        assert [row.id for row in standing(session, profile.id)] == [first.id]
        assert session.scalar(select(func.count()).select_from(Judgment)) == 3


def test_a_judgment_is_undone_only_once(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        first = judge(session, profile, contact, Verdict.POSITIVE)
        undo(session, NOW, first.id, None)
        with pytest.raises(ConflictError):
            undo(session, NOW, first.id, None)


def test_a_later_negative_judgment_beats_an_engines_link(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, contact, Verdict.POSITIVE, judge=Judge.ENGINE)
        judge(session, profile, contact, Verdict.NEGATIVE)
        assert link_of(session, profile) is None
        derive(session, NOW, profile)
        assert link_of(session, profile) is None


def test_a_persons_judgment_beats_a_later_one_of_the_engine(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, right, wrong = make_profile(session), make_contact(session), make_contact(session)
        judge(session, profile, right, Verdict.POSITIVE)
        judge(session, profile, wrong, Verdict.POSITIVE, judge=Judge.ENGINE)
        assert link_of(session, profile) == right.id


def test_a_refusal_holds_against_whatever_the_engine_says_later(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        refusal = judge(session, profile, contact, Verdict.NEGATIVE)
        judge(session, profile, contact, Verdict.POSITIVE, judge=Judge.ENGINE)
        assert link_of(session, profile) is None
        undo(session, NOW, refusal.id, None)
        assert link_of(session, profile) == contact.id


def test_a_person_may_link_what_was_refused(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, contact, Verdict.NEGATIVE)
        judge(session, profile, contact, Verdict.POSITIVE)
        assert link_of(session, profile) == contact.id


def test_nobody_stands_against_the_engine(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, None, Verdict.NOBODY)
        judge(session, profile, contact, Verdict.POSITIVE, judge=Judge.ENGINE)
        assert link_of(session, profile) is None
        assert profile.match_state == "nobody"


def test_refusing_the_last_candidate_ends_the_review(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, one, two = make_profile(session), make_contact(session), make_contact(session)
        make_candidate(session, profile, one)
        make_candidate(session, profile, two)
        derive(session, NOW, profile)
        assert profile.match_state == "review"
        judge(session, profile, one, Verdict.NEGATIVE)
        assert profile.match_state == "review"
        judge(session, profile, two, Verdict.NEGATIVE)
        assert profile.match_state == "none"


def test_who_comes_second_is_told(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, contact, Verdict.POSITIVE)
        with pytest.raises(ConflictError):
            judge(session, profile, contact, Verdict.NEGATIVE, seen_judgment_id=0)


def test_a_merged_contact_hands_its_links_to_the_survivor(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, old, new = make_profile(session), make_contact(session), make_contact(session)
        judge(session, profile, old, Verdict.POSITIVE)
        old.merged_into_id, old.deleted_at = new.id, NOW
        session.flush()
        derive(session, NOW, profile)
        assert link_of(session, profile) == new.id


def test_a_refusal_outlives_the_merge_of_its_contact(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, old, new = make_profile(session), make_contact(session), make_contact(session)
        make_candidate(session, profile, new)
        judge(session, profile, old, Verdict.NEGATIVE)
        old.merged_into_id, old.deleted_at = new.id, NOW
        session.flush()
        derive(session, NOW, profile)
        assert profile.match_state == "none"


def test_merges_that_loop_end_nowhere(database: Database) -> None:
    with database.write("test.judgment") as session:
        one, two = make_contact(session), make_contact(session)
        one.merged_into_id, two.merged_into_id = two.id, one.id
        session.flush()
        assert survivor(session, one.id) is None


def test_a_deleted_contact_loses_its_link_and_gets_it_back_with_its_life(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session), make_contact(session)
        judge(session, profile, contact, Verdict.POSITIVE)
        contact.deleted_at = NOW + timedelta(days=1)
        session.flush()
        derive(session, NOW, profile)
        assert link_of(session, profile) is None
        contact.deleted_at = None
        session.flush()
        derive(session, NOW, profile)
        assert link_of(session, profile) == contact.id


def test_our_own_people_are_never_linked(database: Database) -> None:
    with database.write("test.judgment") as session:
        profile, contact = make_profile(session, is_internal=True), make_contact(session)
        with pytest.raises(InputError):
            judge(session, profile, contact, Verdict.POSITIVE)


@pytest.mark.parametrize("verdict", [Verdict.POSITIVE, Verdict.NEGATIVE])
def test_a_judgment_on_a_pair_needs_a_contact(database: Database, verdict: Verdict) -> None:
    with database.write("test.judgment") as session:
        profile = make_profile(session)
        with pytest.raises(InputError):
            judge(session, profile, None, verdict)


def test_what_a_person_decides_stands_in_the_audit_trail(database: Database) -> None:
    with database.write("test.judgment") as session:
        user = make_user(session)
        profile, contact = make_profile(session), make_contact(session)
        row = judge(session, profile, contact, Verdict.POSITIVE, user_id=user.id)
        undo(session, NOW, row.id, user.id)
        contact_id = contact.id
    with database.read() as session:
        made, undone = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert (made.action, undone.action) == ("judgment.positive", "judgment.undone")
    links = [(entry.before["linked"], entry.after["linked"]) for entry in (made, undone)]
    assert links == [(None, contact_id), (contact_id, None)]
