"""What looks wrong in the data that matching rests on: looked for once a day, told with the next step.

Each search is one query over an index or one walk over a table; what it finds is kept, the first so many, with a
count. Nothing is decided here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from scrm.matching.normalize import parse_email
from scrm.models import (
    Contact,
    HandleHistory,
    Judge,
    Judgment,
    Link,
    Profile,
    QualityCount,
    QualityFinding,
    Verdict,
    survivor,
)
from scrm.runtime import Core

KEPT = 500  # of each kind; the count goes on
PORTION = 2_000
NAMED = 6  # rows named in one finding


class Flaw(StrEnum):
    """Kinds of what looks wrong."""

    TWO_CONTACTS = "two_contacts"  # people said of one profile that it is two contacts
    TWO_PROFILES = "two_profiles"  # a contact has two profiles of one network
    RECYCLED = "recycled"  # one handle was held by two profiles
    RENAMED = "renamed"  # a linked profile took another handle
    SHARED_EMAIL = "shared_email"  # several contacts have one address


@dataclass(frozen=True, kw_only=True)
class Found:
    """One finding: the contacts and profiles it is about."""

    contacts: tuple[int, ...] = ()
    profiles: tuple[int, ...] = ()


def look(core: Core) -> None:
    """Look for everything anew; each kind replaces what was found of it before, in a transaction of its own."""
    for flaw, search in SEARCHES.items():
        with core.db.read() as session:
            count, kept = 0, list[Found]()
            for one in search(session):
                count += 1
                if len(kept) < KEPT:
                    kept.append(one)
        with core.db.write("quality.keep") as session:
            _keep(session, core.db.clock.now(), flaw, count, kept)


def _keep(session: Session, now: datetime, flaw: Flaw, count: int, kept: list[Found]) -> None:
    session.execute(delete(QualityFinding).where(QualityFinding.kind == flaw.value))
    rows: list[dict[str, Any]] = [
        {"kind": flaw.value, "contacts": list(one.contacts), "profiles": list(one.profiles)} for one in kept
    ]
    if rows:
        session.execute(insert(QualityFinding), rows)
    session.merge(QualityCount(kind=flaw.value, number=count, looked_at=now))


def _two_contacts(session: Session) -> Iterator[Found]:
    """Judgments of people that still stand name two living contacts, say after a merge in the CRM was taken back."""
    undone = select(Judgment.undoes_id).where(Judgment.undoes_id.is_not(None))
    positive = (
        select(Judgment.profile_id)
        .where(
            Judgment.judge != Judge.ENGINE.value,
            Judgment.verdict == Verdict.POSITIVE.value,
            Judgment.id.not_in(undone),
        )
        .group_by(Judgment.profile_id)
        .having(func.count(Judgment.contact_id.distinct()) > 1)
    )
    for profile_id in session.scalars(positive.order_by(Judgment.profile_id)).all():
        named = session.scalars(
            select(Judgment.contact_id)
            .where(
                Judgment.profile_id == profile_id,
                Judgment.judge != Judge.ENGINE.value,
                Judgment.verdict == Verdict.POSITIVE.value,
                Judgment.id.not_in(undone),
            )
            .order_by(Judgment.id.desc())
        )
        living = dict.fromkeys(found for row in named if (found := survivor(session, row)) is not None)
        if len(living) > 1:
            yield Found(profiles=(profile_id,), contacts=tuple(living)[:NAMED])


def _two_profiles(session: Session) -> Iterator[Found]:
    groups = session.execute(
        select(Link.contact_id, Profile.network)
        .join(Profile, Profile.id == Link.profile_id)
        .group_by(Link.contact_id, Profile.network)
        .having(func.count() > 1)
        .order_by(Link.contact_id)
    ).all()
    for place, (contact_id, network) in enumerate(groups):
        profiles: tuple[int, ...] = ()
        if place < KEPT:
            mine = select(Link.profile_id).join(Profile, Profile.id == Link.profile_id)
            rows = mine.where(Link.contact_id == contact_id, Profile.network == network).order_by(Link.profile_id)
            profiles = tuple(session.scalars(rows.limit(NAMED)))
        yield Found(contacts=(contact_id,), profiles=profiles)


def _recycled(session: Session) -> Iterator[Found]:
    groups = session.execute(
        select(HandleHistory.handle, Profile.network, Profile.scope)
        .join(Profile, Profile.id == HandleHistory.profile_id)
        .group_by(HandleHistory.handle, Profile.network, Profile.scope)
        .having(func.count() > 1)
        .order_by(HandleHistory.handle)
    ).all()
    for place, (handle, network, scope) in enumerate(groups):
        profiles: tuple[int, ...] = ()
        if place < KEPT:
            holders = (
                select(Profile.id)
                .join(HandleHistory, HandleHistory.profile_id == Profile.id)
                .where(HandleHistory.handle == handle, Profile.network == network, Profile.scope == scope)
                .order_by(HandleHistory.last_seen_at.desc(), Profile.id)
            )
            profiles = tuple(session.scalars(holders.limit(NAMED)))
        yield Found(profiles=profiles)


def _renamed(session: Session) -> Iterator[Found]:
    """A handle that was first seen after the link was made, beside one seen before."""
    rows = session.execute(
        select(Link.profile_id, Link.contact_id)
        .join(HandleHistory, HandleHistory.profile_id == Link.profile_id)
        .group_by(Link.profile_id, Link.contact_id, Link.linked_at)
        .having(
            func.count() > 1,
            func.max(HandleHistory.first_seen_at) > Link.linked_at,
            func.min(HandleHistory.first_seen_at) <= Link.linked_at,
        )
        .order_by(Link.profile_id)
    )
    for profile_id, contact_id in rows:
        yield Found(profiles=(profile_id,), contacts=(contact_id,))


def _shared_email(session: Session) -> Iterator[Found]:
    """Addresses are lists inside rows, so the contacts are walked through; eight bytes of each address are kept."""
    seen: dict[int, int] = {}
    shared: dict[int, list[int]] = {}
    last = 0
    while True:
        rows = session.execute(
            select(Contact.id, Contact.emails)
            .where(Contact.id > last, Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
            .order_by(Contact.id)
            .limit(PORTION)
        ).all()
        if not rows:
            break
        last = rows[-1].id
        for contact_id, emails in rows:
            for mark in {_mark(str(email)) for email in emails}:
                first = seen.setdefault(mark, contact_id)
                if first != contact_id:
                    shared.setdefault(mark, [first]).append(contact_id)
    for contacts in shared.values():
        yield Found(contacts=tuple(contacts[:NAMED]))


def _mark(email: str) -> int:
    address = parse_email(email)
    return hash(address.address if address is not None else email.strip().lower())


SEARCHES: dict[Flaw, Callable[[Session], Iterator[Found]]] = {
    Flaw.TWO_CONTACTS: _two_contacts,
    Flaw.TWO_PROFILES: _two_profiles,
    Flaw.RECYCLED: _recycled,
    Flaw.RENAMED: _renamed,
    Flaw.SHARED_EMAIL: _shared_email,
}
