"""Rows for tests: one call, sensible defaults, invented people."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from scrm.models import Candidate, Connection, Contact, Interaction, MatchModelRow, Profile, User

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
_numbers = count(1)


R = TypeVar("R")


def _add(session: Session, row: R) -> R:
    session.add(row)
    session.flush()
    return row


def make_user(session: Session, *, role: str = "steward", **values: Any) -> User:
    number = next(_numbers)
    defaults = {"name": f"Person {number}", "email": f"person{number}@nordwerk.example", "created_at": NOW}
    return _add(session, User(role=role, **{**defaults, **values}))


def make_connection(session: Session, **values: Any) -> Connection:
    number = next(_numbers)
    defaults = {
        "network": "mastodon",
        "base_url": "https://social.example",
        "native_id": f"https://social.example/users/own{number}",
        "label": f"@own{number}@social.example",
        "created_at": NOW,
    }
    return _add(session, Connection(**{**defaults, **values}))


def make_profile(session: Session, **values: Any) -> Profile:
    number = next(_numbers)
    defaults = {
        "network": "mastodon",
        "native_id": f"https://social.example/users/p{number}",
        "handle": f"p{number}@social.example",
        "display_name": f"Profile {number}",
        "first_seen_at": NOW,
        "updated_at": NOW,
    }
    return _add(session, Profile(**{**defaults, **values}))


def make_contact(session: Session, **values: Any) -> Contact:
    number = next(_numbers)
    defaults = {
        "crm_id": "local",
        "native_id": f"c{number}",
        "full_name": f"Contact {number}",
        "sort_name": f"contact {number}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return _add(session, Contact(**{**defaults, **values}))


def make_interaction(session: Session, profile: Profile, **values: Any) -> Interaction:
    number = next(_numbers)
    defaults = {
        "network": profile.network,
        "native_id": f"https://social.example/statuses/{number}",
        "kind": "mention",
        "direction": "in",
        "audience": "public",
        "profile_id": profile.id,
        "party_id": profile.id,
        "occurred_at": NOW - timedelta(minutes=number),
        "received_at": NOW,
        "text": f"Text {number}",
        "version": 1,
    }
    return _add(session, Interaction(**{**defaults, **values}))


def make_model(session: Session) -> MatchModelRow:
    return _add(session, MatchModelRow(name="test", body={}, created_at=NOW, activated_at=NOW))


def make_candidate(session: Session, profile: Profile, contact: Contact, **values: Any) -> Candidate:
    model_id = values.pop("model_id", None) or make_model(session).id
    defaults = {"bits": 3.0, "probability": 0.8, "evidence": [], "for_review": True, "computed_at": NOW}
    return _add(
        session,
        Candidate(profile_id=profile.id, contact_id=contact.id, model_id=model_id, **{**defaults, **values}),
    )
