"""Rows as the rules see them: contacts and profiles as views, value counts, the active model."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from scrm.db import among
from scrm.matching.frequencies import TokenKind, counted_values
from scrm.matching.model import SHIPPED, MatchModel, from_json
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView
from scrm.matching.views import Link as ViewLink
from scrm.models import Contact, Link, MatchModelRow, Profile, ValueCount

TOTAL = "total:"
CONTACTS, LINKS, COUNTS = Contact.__table__, Link.__table__, ValueCount.__table__
Account = tuple[str, str]


_SEEN = (
    Contact.id,
    Contact.version,
    Contact.kind,
    Contact.full_name,
    Contact.first_name,
    Contact.last_name,
    Contact.emails,
    Contact.handles,
    Contact.urls,
    Contact.phones,
    Contact.company,
    Contact.title,
    Contact.city,
    Contact.country,
    Contact.language,
)


def contact_view(row: Contact | Row[Any], native_ids: Sequence[Account] = ()) -> ContactView:
    """A contact as the rules see it; `native_ids` are the profiles confirmed for it."""
    return ContactView(
        contact_id=ContactId(row.id),
        kind=row.kind,
        full_name=row.full_name,
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        emails=tuple(row.emails),
        handles=tuple((handle["network"], handle["handle"]) for handle in row.handles),
        urls=tuple(row.urls),
        phones=tuple(row.phones),
        company=row.company or "",
        title=row.title or "",
        city=row.city or "",
        country=row.country or "",
        language=row.language or "",
        native_ids=tuple(native_ids),
    )


def profile_view(row: Profile) -> ProfileView:
    """A profile as the rules see it; a federated handle is split into name and host."""
    handle = (row.handle or "").lstrip("@")
    name, at, host = handle.partition("@")
    if not at and row.network == "bluesky":
        host = handle.partition(".")[2]
    return ProfileView(
        profile_id=ProfileId(row.id),
        network=row.network,
        scope=row.scope,
        native_id=row.native_id,
        handle=name,
        handle_host=host,
        display_name=row.display_name or "",
        bio=row.bio or "",
        email=row.email,
        email_verified=row.email_verified,
        links=tuple(ViewLink(url=link["url"], verified=link["verified"]) for link in row.links),
        location=row.location or "",
        company=row.company or "",
        title=row.title or "",
        language=row.language or "",
        is_bot=row.is_bot,
        is_organization=row.is_organization,
    )


def contact_views(
    session: Session, contact_ids: Iterable[int], profile_id: int
) -> tuple[list[ContactView], dict[int, int]]:
    """The live contacts among these, and the version of each that was read.

    Each has the other profiles confirmed for it: no link is evidence for itself.
    """
    ids = list(contact_ids)
    confirmed: dict[int, list[Account]] = {}
    linked = select(Link.contact_id, Profile.network, Profile.native_id).join(Profile, Profile.id == Link.profile_id)
    for contact_id, network, native_id in session.execute(
        linked.where(among(session, LINKS.c.contact_id, ids), Link.profile_id != profile_id)
    ):
        confirmed.setdefault(contact_id, []).append((network, native_id))
    alive = Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None)
    rows = session.execute(select(*_SEEN).where(among(session, CONTACTS.c.id, ids), *alive)).all()
    views = [contact_view(row, confirmed.get(row.id, ())) for row in rows]
    return views, {row.id: row.version for row in rows}


def count_all(session: Session) -> int:
    """How many live contacts there are."""
    return session.scalar(select(ValueCount.count).where(ValueCount.value == TOTAL)) or 0


def counted(view: ContactView) -> list[str]:
    """What a contact adds to the value counts, each once."""
    return sorted({TOTAL} | {f"{kind.value}:{value}" for kind, value in counted_values(view)})


class StoredFrequencies:
    """Value counts from the table: those of the candidates in one query, others as they are asked for."""

    def __init__(self, session: Session, contacts: Iterable[ContactView]) -> None:
        self._session = session
        wanted = {TOTAL}.union(*(counted(view) for view in contacts))
        self._counts = dict.fromkeys(wanted, 0)
        for value, count in session.execute(
            select(ValueCount.value, ValueCount.count).where(among(session, COUNTS.c.value, wanted))
        ):
            self._counts[value] = count

    @property
    def total(self) -> int:
        return self._counts[TOTAL]

    def count(self, kind: TokenKind, value: str) -> int:
        name = f"{kind.value}:{value}"
        if name not in self._counts:
            found = self._session.scalar(select(ValueCount.count).where(ValueCount.value == name))
            self._counts[name] = found or 0
        return self._counts[name]


def active_model(session: Session) -> tuple[int, MatchModel] | None:
    """The model in force and its id; None when there is none yet."""
    row = session.scalars(
        select(MatchModelRow)
        .where(MatchModelRow.activated_at.is_not(None))
        .order_by(MatchModelRow.activated_at.desc(), MatchModelRow.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.id, from_json(json.dumps(row.body)))


def add_shipped_model(session: Session, now: datetime) -> None:
    """Put the shipped model in force (inside a write transaction)."""
    name = f"{SHIPPED.name}-{SHIPPED.version}"
    session.add(MatchModelRow(name=name, body=json.loads(SHIPPED.to_json()), created_at=now, activated_at=now))
