"""Several cases judged as one: what belongs to it, what is left out, stopping anywhere, taking back."""

import pytest
from sqlalchemy import func, select, update

from scrm.errors import ConflictError, InputError
from scrm.matching import queue
from scrm.matching.batches import PORTION, advance, alike, begin, take_back
from scrm.models import (
    Candidate,
    EvidencePattern,
    Judgment,
    Link,
    Profile,
    ReviewBatch,
    ReviewCase,
    User,
    Verdict,
)
from tests.factories import make_user
from tests.matching.workshop import Workshop

MANY = PORTION + 3


@pytest.fixture
def steward(shop: Workshop) -> User:
    with shop.db.write("test.user") as session:
        return make_user(session)


@pytest.fixture
def waiting(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Profiles that wait for the same reason, each with its own contact, none of them made to look like an audit."""
    monkeypatch.setattr(queue, "is_drawn", lambda *_args: False)
    pairs = {}
    for number in range(60):
        first = f"Q{chr(97 + number // 26)}{chr(97 + number % 26)}dalbert"
        contact = shop.contact(full_name=f"{first} Sample", first_name=first, last_name="Sample")
        if number < MANY:
            handle = f"{first.lower()}x"
            profile = shop.profile(display_name=f"{first[0]}. Sample", handle=handle, match_due_at=None)
            pairs[profile] = contact
    for profile, contact in pairs.items():
        shop.waits(profile, contact)
    return pairs


def pattern_of(shop: Workshop, profile: int) -> int:
    with shop.db.read() as session:
        return session.get_one(ReviewCase, profile).pattern_id


def run(shop: Workshop, pattern: int, steward: User, verdict: Verdict = Verdict.POSITIVE, seen: int = MANY) -> int:
    with shop.db.write("test.begin") as session:
        return begin(session, shop.db.clock.now(), pattern, verdict, steward.id, seen).id


def finish(shop: Workshop, batch_id: int) -> ReviewBatch:
    for _ in range(50):
        if not advance(shop.core):
            break
    with shop.db.read() as session:
        return session.get_one(ReviewBatch, batch_id)


def test_cases_of_one_pattern_are_told_with_how_many_wait(shop: Workshop, waiting: dict[int, int]) -> None:
    with shop.db.read() as session:
        (found,) = alike(session)
    assert found.waiting == MANY
    assert found.pattern.levels == "surname.exact"


def test_they_are_linked_as_one_and_taken_back_as_one(shop: Workshop, waiting: dict[int, int], steward: User) -> None:
    batch_id = run(shop, pattern_of(shop, next(iter(waiting))), steward)
    done = finish(shop, batch_id)
    assert (done.state, done.done, done.total) == ("done", MANY, MANY)
    assert {profile: shop.linked(profile) for profile in waiting} == waiting
    with shop.db.read() as session:
        assert session.scalar(select(func.count()).where(Judgment.batch_id == batch_id)) == MANY
        # nobody looked at each of them, so they teach nothing about their kind of evidence
        assert session.scalars(select(EvidencePattern.judged)).all() == [0]
    with shop.db.write("test.back") as session:
        take_back(session, shop.db.clock.now(), session.get_one(ReviewBatch, batch_id), steward.id)
    undone = finish(shop, batch_id)
    assert (undone.state, undone.undone) == ("undone", MANY)
    assert {shop.linked(profile) for profile in waiting} == {None}
    assert {shop.state(profile) for profile in waiting} == {"review"}


def test_they_are_refused_as_one(shop: Workshop, waiting: dict[int, int], steward: User) -> None:
    finish(shop, run(shop, pattern_of(shop, next(iter(waiting))), steward, Verdict.NEGATIVE))
    assert {shop.state(profile) for profile in waiting} == {"none"}


def test_what_changed_meanwhile_is_left_alone(shop: Workshop, waiting: dict[int, int], steward: User) -> None:
    profiles = list(waiting)
    batch_id = run(shop, pattern_of(shop, profiles[0]), steward)
    shop.judge(profiles[0], None, Verdict.NOBODY)
    with shop.db.write("test.later") as session:
        later = shop.db.clock.now()
        session.execute(update(Candidate).where(Candidate.profile_id == profiles[1]).values(computed_at=later))
        session.get_one(ReviewCase, profiles[2]).is_blind = True
        session.get_one(Profile, profiles[3]).is_internal = True
    done = finish(shop, batch_id)
    assert (done.state, done.done, done.total) == ("done", MANY - 4, MANY)
    assert [shop.linked(profile) for profile in profiles[:4]] == [None] * 4


def test_who_comes_later_does_not_belong_to_it(shop: Workshop, waiting: dict[int, int], steward: User) -> None:
    batch_id = run(shop, pattern_of(shop, next(iter(waiting))), steward)
    contact = shop.contact(full_name="Zed Sample", first_name="Zed", last_name="Sample")
    late = shop.profile(display_name="Z. Sample", match_due_at=None)
    shop.waits(late, contact)
    assert finish(shop, batch_id).done == MANY
    assert shop.linked(late) is None


def test_more_than_were_seen_are_not_judged(shop: Workshop, waiting: dict[int, int], steward: User) -> None:
    pattern = pattern_of(shop, next(iter(waiting)))
    with pytest.raises(ConflictError):
        run(shop, pattern, steward, seen=MANY - 1)
    with pytest.raises(InputError):
        run(shop, pattern, steward, Verdict.NOBODY)
    with pytest.raises(InputError):
        run(shop, pattern + 1000, steward)


def test_it_goes_on_where_it_stopped_and_can_be_stopped_by_taking_it_back(
    shop: Workshop, waiting: dict[int, int], steward: User
) -> None:
    batch_id = run(shop, pattern_of(shop, next(iter(waiting))), steward)
    assert advance(shop.core)
    with shop.db.read() as session:
        assert session.get_one(ReviewBatch, batch_id).done == PORTION
        assert session.scalar(select(func.count()).select_from(Link)) == PORTION
    with shop.db.write("test.back") as session:
        take_back(session, shop.db.clock.now(), session.get_one(ReviewBatch, batch_id), steward.id)
    undone = finish(shop, batch_id)
    assert (undone.state, undone.done, undone.undone) == ("undone", PORTION, PORTION)
    assert {shop.linked(profile) for profile in waiting} == {None}
    with shop.db.write("test.back") as session, pytest.raises(ConflictError):
        take_back(session, shop.db.clock.now(), session.get_one(ReviewBatch, batch_id), steward.id)
