"""What is told holds no name and no word, and nothing that a rep or the network's terms would not let be seen."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.matching.judgments import Decision, decide, undo
from scrm.models import Announcement, Community, Connection, Hook, HookEvent, Judge, Verdict
from scrm.models.hooks import announce, announce_interactions
from scrm.runtime import Core
from scrm.sync import telling
from scrm.sync.telling import UntoldError, message
from tests.factories import NOW, make_connection, make_contact, make_interaction, make_profile

BASE = "https://scrm.example"
WORDS = {"display_name": "Zoë Świętochowska", "handle": "zoe@social.example", "bio": "Seglerin"}


@pytest.fixture
def session(core: Core) -> Iterator[Session]:
    with core.db.write("test.telling") as session:
        session.add(
            Hook(
                name="crm",
                address="https://crm.example",
                events=list(HookEvent),
                secrets="sealed",
                created_at=NOW,
                due_at=NOW,
            )
        )
        session.flush()
        yield session


class Town:
    """A linked profile that said something."""

    def __init__(self, session: Session, *, network: str = "mastodon", **values: Any) -> None:
        self.session = session
        self.profile = make_profile(session, network=network, **WORDS)
        self.contact = make_contact(session, full_name="Zoë Świętochowska")
        decision = Decision(
            profile_id=self.profile.id,
            contact_id=self.contact.id,
            verdict=Verdict.POSITIVE,
            judge=Judge.STEWARD,
        )
        self.judgment = decide(session, NOW, decision)
        self.interaction = make_interaction(session, self.profile, text="Wann kommt Teil 7?", **values)
        announce_interactions(session, network, {self.interaction.public_id: self.profile.id}, NOW)

    def say(self, event: HookEvent = HookEvent.INTERACTION) -> dict[str, Any]:
        self.session.flush()
        found = select(Announcement).where(Announcement.event == event.value).order_by(Announcement.id.desc())
        return message(self.session, self.session.scalars(found).first(), BASE)


def untold(town: Town, event: HookEvent = HookEvent.INTERACTION) -> str:
    with pytest.raises(UntoldError) as caught:
        town.say(event)
    return str(caught.value)


def test_an_interaction_is_told_by_numbers_and_addresses_alone(session: Session) -> None:
    town = Town(session)
    contact, profile = town.contact.public_id, town.profile.public_id
    told = town.say()
    assert told == {
        "type": "interaction.added",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "data": {
            "contact": {
                "id": str(contact),
                "url": f"{BASE}/api/v1/contacts/{contact}",
                "timeline": f"{BASE}/api/v1/contacts/{contact}/timeline",
                "crm_record": town.contact.native_id,
            },
            "profile": {"id": str(profile), "url": f"{BASE}/api/v1/profiles/{profile}", "network": "mastodon"},
            "interaction": {
                "hidden": False,
                "id": str(town.interaction.public_id),
                "network": "mastodon",
                "kind": "mention",
                "direction": "in",
                "occurred_at": telling.stamp(town.interaction.occurred_at),
            },
        },
    }
    told_text = json.dumps(told, ensure_ascii=False)
    assert not any(word in told_text for word in ("Zoë", "zoe", "Teil", "Seglerin"))


@pytest.mark.parametrize("audience", ["private", "community"])
def test_of_what_reps_may_not_see_only_that_it_is_there_is_told(session: Session, audience: str) -> None:
    closed = Community(
        network="mastodon", native_id="g1", name="Werkstatt", visibility="private", first_seen_at=NOW, updated_at=NOW
    )
    session.add(closed)
    session.flush()
    data = Town(session, audience=audience, community_id=closed.id).say()["data"]
    assert set(data) == {"contact", "interaction"}
    assert set(data["interaction"]) == {"hidden", "occurred_at"}
    assert data["interaction"]["hidden"] is True


def test_what_the_admin_opened_to_reps_is_told(session: Session) -> None:
    connection = make_connection(session, reps_read_private=True)
    data = Town(session, audience="private", connection_id=connection.id).say()["data"]
    assert data["interaction"]["hidden"] is False


def test_what_the_terms_keep_from_being_shown_is_not_told(session: Session) -> None:
    town = Town(session, network="nowhere")  # no connector knows its terms
    assert untold(town) == telling.TERMS
    assert untold(town, HookEvent.LINKED) == telling.TERMS


def test_what_was_deleted_meanwhile_is_not_told(session: Session) -> None:
    town = Town(session)
    town.interaction.deleted_at = NOW
    assert untold(town) == telling.GONE
    session.delete(town.interaction)
    assert untold(town) == telling.GONE


def test_what_was_unlinked_or_linked_with_somebody_else_meanwhile_is_not_told(session: Session) -> None:
    town = Town(session)
    undo(session, NOW, town.judgment.id, None)
    assert untold(town) == telling.MOVED
    other = make_contact(session)
    decision = Decision(
        profile_id=town.profile.id,
        contact_id=other.id,
        verdict=Verdict.POSITIVE,
        judge=Judge.STEWARD,
        seen_judgment_id=-1,
    )
    decide(session, NOW, decision)
    assert untold(town) == telling.MOVED


def test_after_a_merge_the_one_that_lives_on_is_named(session: Session) -> None:
    town = Town(session)
    winner = make_contact(session)
    town.contact.merged_into_id, town.contact.deleted_at = winner.id, NOW
    assert town.say()["data"]["contact"]["id"] == str(winner.public_id)


def test_a_link_made_and_undone_names_both_sides(session: Session) -> None:
    town = Town(session)
    undo(session, NOW, town.judgment.id, None)
    for event in (HookEvent.LINKED, HookEvent.UNLINKED):
        data = town.say(event)["data"]
        assert (data["contact"]["id"], data["profile"]["id"]) == (
            str(town.contact.public_id),
            str(town.profile.public_id),
        )


def test_a_broken_connection_is_named_with_its_problem_and_no_label(session: Session) -> None:
    row: Connection = make_connection(session, problem="AccessRevokedError")
    announce(session, HookEvent.BROKEN, NOW, network="mastodon", connection_id=row.id)
    told = message(session, session.scalars(select(Announcement)).one(), BASE)
    assert told["data"] == {
        "connection": {"id": str(row.public_id), "network": "mastodon", "problem": "AccessRevokedError"}
    }


def test_of_somebody_who_was_erased_nothing_is_told(session: Session) -> None:
    town = Town(session)
    found = session.scalars(select(Announcement).where(Announcement.event == "link.made")).one()
    found.profile_id = 10_000_000
    assert untold(town, HookEvent.LINKED) == telling.GONE
