"""What is new among one's own contacts: whose they are, what comes first, and what is never shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Community, Contact, ContactInterest, ContactVisit, Judgment, Link, Objection, Profile, User
from scrm.reading import news
from scrm.runtime import Core
from tests.factories import make_contact, make_interaction, make_profile, make_user

Say = Callable[..., None]


def person(session: Session, core: Core, **about: object) -> tuple[Contact, Profile]:
    """A contact with a linked profile."""
    contact, profile = make_contact(session, **about), make_profile(session)
    link(session, core, contact, profile)
    return contact, profile


def link(session: Session, core: Core, contact: Contact, profile: Profile) -> int:
    now = core.db.clock.now()
    judgment = Judgment(
        profile_id=profile.id, contact_id=contact.id, verdict="positive", judge="engine", created_at=now
    )
    session.add(judgment)
    session.flush()
    session.add(Link(profile_id=profile.id, contact_id=contact.id, judgment_id=judgment.id, linked_at=now))
    session.flush()
    return judgment.id


def said(session: Session, core: Core, profile: Profile, text: str, **about: object) -> None:
    now = core.db.clock.now()
    hours = about.pop("hours", 1)
    at = now - timedelta(hours=hours)  # type: ignore[arg-type]
    make_interaction(session, profile, text=text, **{"occurred_at": at, "received_at": at, **about})


def told(core: Core, user_id: int, **more: object) -> list[tuple[str, str, bool, int]]:
    with core.db.read() as session:
        user = session.get_one(User, user_id)
        found = news.of(session, user, core.db.clock.now(), **more)  # type: ignore[arg-type]
        return [(one.contact.full_name, one.sight.text, one.is_open, one.count_new) for one in found]


@pytest.fixture
def rep(core: Core) -> int:
    with core.db.write("test.rep") as session:
        return make_user(session, role="rep", name="Rita Rep", email="rita@nordwerk.example").id


def test_own_are_those_of_the_owner_s_address_or_name_and_those_that_are_watched(core: Core, rep: int) -> None:
    with core.db.write("test.people") as session:
        for name, about in {
            "by address": {"owner_email": "rita@nordwerk.example", "owner": "R. Rep"},
            "by name": {"owner": "Rita Rep"},
            "a namesake's": {"owner": "Rita Rep", "owner_email": "rita@elsewhere.example"},
            "another's": {"owner_email": "mia@nordwerk.example"},
            "nobody's": {},
            "watched": {"owner_email": "mia@nordwerk.example"},
            "deleted": {"owner": "Rita Rep", "deleted_at": core.db.clock.now()},
        }.items():
            contact, profile = person(session, core, full_name=name, **about)
            said(session, core, profile, name)
            if name == "watched":
                session.add(ContactInterest(user_id=rep, contact_id=contact.id, since=core.db.clock.now()))
    assert {name for name, *_rest in told(core, rep)} == {"by address", "by name", "watched"}


def test_a_watched_contact_is_followed_to_the_one_it_was_merged_into(core: Core, rep: int) -> None:
    with core.db.write("test.merged") as session:
        survivor, profile = person(session, core, full_name="survivor")
        said(session, core, profile, "hello")
        gone = make_contact(session, merged_into_id=survivor.id)
        session.add(ContactInterest(user_id=rep, contact_id=gone.id, since=core.db.clock.now()))
    assert [name for name, *_rest in told(core, rep)] == ["survivor"]


def test_questions_that_wait_come_first_and_what_was_answered_does_not_wait(core: Core, rep: int) -> None:
    with core.db.write("test.questions") as session:
        _contact, asking = person(session, core, full_name="asking", owner="Rita Rep")
        said(session, core, asking, "When does it come?", hours=48)
        said(session, core, asking, "Thanks", hours=2, kind="reply")
        _contact, answered = person(session, core, full_name="answered", owner="Rita Rep")
        said(session, core, answered, "Is it late?", hours=5, thread_key="t")
        said(session, core, answered, "No.", hours=4, thread_key="t", direction="out")
        _contact, talking = person(session, core, full_name="talking", owner="Rita Rep")
        said(session, core, talking, "Hello", hours=1)
    assert told(core, rep) == [
        ("asking", "When does it come?", True, 2),
        ("talking", "Hello", False, 1),
        ("answered", "Is it late?", False, 1),
    ]


def test_new_is_what_arrived_since_one_read_the_contact_s_page(core: Core, rep: int) -> None:
    with core.db.write("test.new") as session:
        contact, profile = person(session, core, full_name="one", owner="Rita Rep")
        for hours in (1, 3, 9):
            said(session, core, profile, f"{hours}", hours=hours)
        said(session, core, profile, "long ago", hours=24 * 40)
        at = core.db.clock.now() - timedelta(hours=4)
        session.add(ContactVisit(user_id=rep, contact_id=contact.id, seen_at=at))
    assert told(core, rep) == [("one", "1", False, 2)]
    assert told(core, rep, since=core.db.clock.now() - timedelta(minutes=30)) == []


@pytest.mark.parametrize("role", ["rep", "steward"])
def test_what_a_role_may_not_see_is_not_even_news_and_what_is_doubted_is_none(core: Core, role: str) -> None:
    with core.db.write("test.hidden") as session:
        reader = make_user(session, role=role, name="Rita Rep").id
        now = core.db.clock.now()
        closed = Community(network="mastodon", native_id="g", visibility="closed", first_seen_at=now, updated_at=now)
        session.add(closed)
        _contact, profile = person(session, core, full_name="closed", owner="Rita Rep")
        session.flush()
        said(session, core, profile, "among us", community_id=closed.id, audience="community")
        said(session, core, profile, "psst", audience="private")
        contact, doubted = make_contact(session, full_name="doubted", owner="Rita Rep"), make_profile(session)
        judgment = link(session, core, contact, doubted)
        said(session, core, doubted, "not me")
        session.add(
            Objection(
                judgment_id=judgment, profile_id=doubted.id, contact_id=contact.id, user_id=None, created_at=now
            )
        )
    assert {name for name, *_rest in told(core, reader)} == (set() if role == "rep" else {"closed"})


def test_whoever_has_very_many_contacts_is_shown_what_is_newest(
    core: Core, rep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with core.db.write("test.many") as session:
        for number in range(6):
            _contact, profile = person(session, core, full_name=str(number), owner="Rita Rep")
            said(session, core, profile, str(number), hours=10 - number)
            _contact, other = person(session, core, full_name="other")
            said(session, core, other, "other")
    everything = told(core, rep)
    assert len(everything) == 6
    monkeypatch.setattr(news, "MOST_PROFILES", 3)
    assert told(core, rep) == everything
    monkeypatch.setattr(news, "WALKED", 4)
    assert told(core, rep) == everything[:2]


def test_whose_a_contact_is_stands_on_its_page(core: Core, rep: int) -> None:
    with core.db.write("test.standing") as session:
        mine, watched, other = (make_contact(session, owner=name) for name in ("Rita Rep", "Mia", "Mia"))
        session.add(ContactInterest(user_id=rep, contact_id=watched.id, since=core.db.clock.now()))
    with core.db.read() as session:
        user = session.get_one(User, rep)
        assert [news.is_owner(user, one) for one in (mine, watched, other)] == [True, False, False]
        assert news.has_any(session, user)
        assert session.scalars(select(ContactInterest)).one().user_id == rep
