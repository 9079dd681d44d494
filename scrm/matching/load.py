"""Rows as the rules see them: contacts and profiles as views, value counts, the active model."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from scrm.matching.frequencies import TokenKind, counted_values
from scrm.matching.lookup import Lookup
from scrm.matching.model import SHIPPED, MatchModel, completed, from_json
from scrm.matching.packed import is_readable, with_forms
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView
from scrm.matching.views import Link as ViewLink
from scrm.models import Contact, Link, MatchModelRow, Profile, ValueCount

TOTAL = "total:"
CONTACTS, LINKS, PROFILES, COUNTS = Contact.__table__, Link.__table__, Profile.__table__, ValueCount.__table__
Account = tuple[str, str]


_ACCOUNTS = Lookup(
    LINKS.c.contact_id,
    (LINKS.c.contact_id, PROFILES.c.id, PROFILES.c.network, PROFILES.c.native_id),
    LINKS.c.profile_id == PROFILES.c.id,
)
_COLUMNS = "id version kind full_name first_name last_name company title city country language"
_KEPT = "counted forms keyed_version"
_LISTS = "emails handles urls phones"
_ALIVE = (CONTACTS.c.deleted_at.is_(None), CONTACTS.c.merged_into_id.is_(None))
_CONTACTS = Lookup(CONTACTS.c.id, [CONTACTS.c[name] for name in f"{_COLUMNS} {_KEPT}".split()], *_ALIVE)
_CHANGED = Lookup(CONTACTS.c.id, [CONTACTS.c[name] for name in f"{_COLUMNS} {_LISTS}".split()], *_ALIVE)
_COUNTED = Lookup(COUNTS.c.value, (COUNTS.c.value, COUNTS.c["count"]))


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
        handle_is_recycled=row.handle_is_recycled,
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


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A contact as the rules see it, with the number of its last change and what it adds to the value counts.

    Rules look at comparable forms alone. Of a contact that was keyed since it last changed these are kept, and its
    lists of addresses, handles, links and numbers are not read: parsing them costs as much as all the rest.
    """

    view: ContactView
    version: int
    counted: Sequence[str]


def load_contacts(session: Session, contact_ids: Iterable[int], profile_id: int) -> list[Loaded]:
    """The live contacts among these, each with the other profiles confirmed for it.

    No link is evidence for itself, so those of `profile_id` are left out.
    """
    ids = list(contact_ids)
    confirmed: dict[int, list[Account]] = {}
    for contact_id, linked_id, network, native_id in _ACCOUNTS.rows(session, ids):
        if linked_id != profile_id:
            confirmed.setdefault(contact_id, []).append((network, native_id))
    found: list[Loaded] = []
    changed: list[int] = []
    for row in _CONTACTS.rows(session, ids):
        if row.forms is not None and row.keyed_version == row.version and is_readable(row.forms):
            found.append(_kept(row, confirmed.get(row.id, ())))
        else:
            changed.append(row.id)
    return found + [_fresh(row, confirmed.get(row.id, ())) for row in _CHANGED.rows(session, changed)]


def _kept(row: Row[Any], native_ids: Sequence[Account]) -> Loaded:
    (
        contact_id, version, kind, full_name, first_name, last_name, company, title, city, country, language,
        adds, forms, _,
    ) = cast("tuple[Any, ...]", row)  # fmt: skip
    view = with_forms(
        {
            "contact_id": contact_id,
            "kind": kind,
            "full_name": full_name,
            "first_name": first_name or "",
            "last_name": last_name or "",
            "emails": (),
            "handles": (),
            "urls": (),
            "phones": (),
            "company": company or "",
            "title": title or "",
            "city": city or "",
            "country": country or "",
            "language": language or "",
            "native_ids": tuple(native_ids),
        },
        forms,
    )
    return Loaded(view=view, version=version, counted=adds)


def _fresh(row: Row[Any], native_ids: Sequence[Account]) -> Loaded:
    view = contact_view(row, native_ids)
    return Loaded(view=view, version=row.version, counted=counted(view))


def count_all(session: Session) -> int:
    """How many live contacts there are."""
    return sum(count for _, count in _COUNTED.rows(session, [TOTAL]))


def asked(profile: ProfileView) -> list[str]:
    """Values of a profile whose counts the rules may ask for, beside those of the contacts."""
    words = {*profile.name.words, *profile.name.called, *profile.handle_read.words}
    return [f"{TokenKind.NAME.value}:{word}" for word in words] + [
        f"{TokenKind.PLACE.value}:{place}" for place in profile.places
    ]


def counted(view: ContactView) -> list[str]:
    """What a contact adds to the value counts, each once."""
    return sorted({TOTAL} | {f"{kind.value}:{value}" for kind, value in counted_values(view)})


class StoredFrequencies:
    """Value counts from the table: those that are named in one query, others as they are asked for."""

    def __init__(self, session: Session, values: Iterable[str]) -> None:
        self._session = session
        wanted = {TOTAL, *values}
        self._counts = dict.fromkeys(wanted, 0)
        self._counts.update((value, count) for value, count in _COUNTED.rows(session, sorted(wanted)))

    @property
    def total(self) -> int:
        return self._counts[TOTAL]

    def count(self, kind: TokenKind, value: str) -> int:
        name = f"{kind}:{value}"
        found = self._counts.get(name)
        if found is None:
            found = self._counts[name] = sum(count for _, count in _COUNTED.rows(self._session, [name]))
        return found


def active_row(session: Session) -> MatchModelRow | None:
    """The version in force: the one activated last."""
    return session.scalars(
        select(MatchModelRow)
        .where(MatchModelRow.activated_at.is_not(None))
        .order_by(MatchModelRow.activated_at.desc(), MatchModelRow.id.desc())
        .limit(1)
    ).one_or_none()


def active_model(session: Session) -> tuple[int, MatchModel] | None:
    """The model in force and its id; None when there is none yet."""
    row = active_row(session)
    return None if row is None else (row.id, completed(from_json(json.dumps(row.body))))


def add_shipped_model(session: Session, now: datetime) -> None:
    """Put the shipped model in force (inside a write transaction)."""
    name = f"{SHIPPED.name}-{SHIPPED.version}"
    session.add(MatchModelRow(name=name, body=json.loads(SHIPPED.to_json()), created_at=now, activated_at=now))
