"""Cases that wait for a steward: a profile, its candidates, and the evidence for and against each."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.matching.score import probabilities
from scrm.models import (
    Candidate,
    Contact,
    EvidencePattern,
    MatchModelRow,
    MatchState,
    Profile,
    ReviewCase,
    uuid7,
)


def plain(text: str) -> str:
    from scrm.sync.contacts import fold

    return fold(text)


def waiting(session: Session, contacts: list[Contact], model: MatchModelRow, number: int, now: datetime) -> Profile:
    contact = contacts[number % len(contacts)]
    row = Profile(
        public_id=uuid7(),
        network="harbor",
        native_id=f"w{number}",
        handle=plain(contact.full_name).replace(" ", ""),
        display_name=contact.full_name,
        url=f"https://harbor.example/@w{number}",
        bio="Einkauf & Lieferketten, Hüttenwerke Niederrhein. Segelt, wenn Wind ist.",
        location=f"{contact.city} (Rheinland)",
        company="Hüttenwerke Niederrhein",
        title="Einkauf & Lieferketten",
        language="de",
        links=[{"url": "https://luedenscheidt.example/", "verified": True}],
        first_seen_at=now - timedelta(days=80),
        updated_at=now,
        match_state=MatchState.REVIEW.value,
    )
    session.add(row)
    session.flush()
    session.add(
        ReviewCase(
            profile_id=row.id,
            state=MatchState.REVIEW.value,
            network=row.network,
            pattern_id=_pattern(session),
            kind="contradiction",
            band=9,
            worth=1000 - number,
            since=now - timedelta(days=number),
        )
    )
    others = [other for other in contacts if other is not contact][: 3 + number % 2]
    evidence = {contact.id: evidence_for(contact, good=True)} | {
        other.id: evidence_for(other, good=False, less=place) for place, other in enumerate(others)
    }
    sums = {contact_id: sum(line["bits"] for line in rows) for contact_id, rows in evidence.items()}
    for contact_id, chance in probabilities(sums).items():
        session.add(
            Candidate(
                profile_id=row.id,
                contact_id=contact_id,
                bits=sums[contact_id],
                probability=chance,
                evidence=evidence[contact_id],
                for_review=True,
                model_id=model.id,
                computed_at=now,
            )
        )
    return row


def _pattern(session: Session) -> int:
    levels = "city.same given.exact other_email.different surname.exact"
    row = session.scalars(select(EvidencePattern).where(EvidencePattern.levels == levels)).one_or_none()
    if row is None:
        row = EvidencePattern(levels=levels, novelty=1000)
        session.add(row)
        session.flush()
    return row.id


def evidence_for(contact: Contact, *, good: bool, less: int = 0) -> list[dict[str, Any]]:
    found = "The display name has “%(value)s”; %(count)s of %(total)s contacts are called so."
    rows = [
        (
            "prior",
            "prior",
            -15.5,
            "",
            "",
            "Before anything is known: one of %(total)s contacts, or none of them.",
            {"total": 23568},
        ),
        (
            "surname",
            "exact" if good else "near",
            9.1 if good else 5.17 - less,
            contact.last_name,
            contact.last_name,
            found,
            {"value": contact.last_name, "count": 1, "total": 23568},
        ),
        (
            "given",
            "exact",
            5.23 if good else 3.94,
            contact.first_name,
            contact.first_name,
            found,
            {"value": contact.first_name, "count": 212, "total": 23568},
        ),
        (
            "city",
            "same",
            4.58,
            contact.city,
            contact.city,
            "The same place; %(count)s of %(total)s contacts are there.",
            {"count": 61, "total": 23568},
        ),
        (
            "handle_is_mailbox",
            "name_form",
            1.42,
            "kluedenscheidt",
            "k.luedenscheidt",
            "Handle and e-mail address write the name in the same way.",
            {},
        ),
        (
            "title",
            "near",
            1.13,
            "Einkauf",
            "Beschaffung",
            "Title and description share words: %(value)s.",
            {"value": "einkauf"},
        ),
        ("language", "same", 0.62, "de", "de", "The same language.", {}),
        (
            "other_email",
            "different",
            -2.3,
            "k@huette.example",
            "k@rwaz.example",
            "Both have an e-mail address, and they differ.",
            {},
        ),
    ]
    names = ("rule", "level", "bits", "profile_value", "contact_value", "message", "params")
    return [dict(zip(names, row, strict=True)) for row in rows]
