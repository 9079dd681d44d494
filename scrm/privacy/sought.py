"""Whom a request to forget is about: rows, marks for the tombstones, texts to look for. Sealed until it is done."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import Contact, Forgetting, HandleHistory, Link, Profile
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local_contacts import source_ids
from scrm.tombstones import (
    Mark,
    account_mark,
    contact_mark,
    email_mark,
    handle_mark,
    profile_mark,
    source_mark,
)
from scrm.vault import Vault

SHORTEST_TEXT = 4  # shorter ones stand in everybody's rows; those are found by their place alone
OURS = N_("This is one of our own people. Take them off the list of own people first.")
NOBODY = N_("Nobody is known by this.")


@dataclass(kw_only=True)
class Sought:
    """One person, as far as we know them."""

    profiles: list[int] = field(default_factory=list)
    contacts: list[int] = field(default_factory=list)
    natives: list[list[str]] = field(default_factory=list)  # [network, scope, native id]
    records: list[list[str]] = field(default_factory=list)  # [CRM, record id]
    sources: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    handles: list[list[str]] = field(default_factory=list)  # [network, handle]
    names: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # external keys of what the CRM held
    is_gathered: bool = False

    def marks(self) -> set[Mark]:
        """What they could be known again by; a handle alone tells too little of a profile, see `contact_marks`."""
        marks = {profile_mark(*native) for native in map(tuple, self.natives)}
        marks |= {account_mark(network, native_id) for network, _scope, native_id in self.natives}
        marks |= {contact_mark(crm_id, native_id) for crm_id, native_id in self.records}
        marks |= {source_mark(source) for source in self.sources}
        marks |= {email_mark(email) for email in self.emails}
        return marks | {handle_mark(network, handle) for network, handle in self.handles}

    def texts(self) -> list[str]:
        """By which they are found in what nobody understood: ids, addresses and handles, the longest first."""
        found = {native[2] for native in self.natives} | set(self.emails) | {handle for _n, handle in self.handles}
        return sorted((text for text in found if len(text) >= SHORTEST_TEXT), key=len, reverse=True)


def seal(vault: Vault, row_id: object, sought: Sought) -> str:
    return vault.seal({"sought": json.dumps(asdict(sought))}, _place(row_id))


def unseal(vault: Vault, row: Forgetting) -> Sought:
    if row.sought is None:
        return Sought()
    return Sought(**json.loads(vault.open(row.sought, _place(row.public_id))["sought"]))


def _place(row_id: object) -> str:
    return f"forgetting/{row_id}/sought"


def gather(session: Session, row: Forgetting, sought: Sought) -> None:
    """Find everything that is this person's now: a contact with those merged into it and the profiles linked to it.

    For one named by address or account alone, whoever has that.
    """
    contacts = {row.contact_id} if row.contact_id is not None else set()
    profiles = {row.profile_id} if row.profile_id is not None else set()
    contacts = _with_merged(session, contacts | _contacts_with(session, sought.emails))
    people = session.scalars(select(Contact).where(Contact.id.in_(contacts)).with_for_update()).all()
    _of_contacts(session, sought, people)
    profiles |= set(_with_account(session, sought.natives)) | set(_with_email(session, sought.emails))
    if contacts:
        profiles |= set(session.scalars(select(Link.profile_id).where(Link.contact_id.in_(contacts))))
    rows = session.scalars(select(Profile).where(Profile.id.in_(profiles)).with_for_update()).all()
    _of_profiles(session, sought, [one for one in rows if not one.is_internal])
    sought.is_gathered = True


def check(session: Session, *, contact_id: int | None, profile_id: int | None) -> None:
    """Raises InputError when nobody can be forgotten by this."""
    profile = session.get(Profile, profile_id) if profile_id is not None else None
    if profile is not None and profile.is_internal:
        raise InputError(OURS)
    if profile is None and (contact_id is None or session.get(Contact, contact_id) is None):
        raise InputError(NOBODY)


def _of_profiles(session: Session, sought: Sought, rows: Sequence[Profile]) -> None:
    sought.profiles = sorted(row.id for row in rows)
    sought.natives = _unique([*sought.natives, *([row.network, row.scope, row.native_id] for row in rows)])
    handles = [[row.network, row.handle] for row in rows if row.handle]
    network = {row.id: row.network for row in rows}
    older = session.execute(
        select(HandleHistory.profile_id, HandleHistory.handle).where(HandleHistory.profile_id.in_(network))
    )
    sought.handles = _unique([*sought.handles, *handles, *([network[id_], handle] for id_, handle in older)])
    sought.emails = sorted({*sought.emails, *(row.email for row in rows if row.email)})
    sought.names = sorted({*sought.names, *(row.display_name for row in rows if row.display_name)})


def _of_contacts(session: Session, sought: Sought, rows: Sequence[Contact]) -> None:
    sought.contacts = sorted(row.id for row in rows)
    sought.records = _unique([*sought.records, *([row.crm_id, row.native_id] for row in rows)])
    local = [row.native_id for row in rows if row.crm_id == LOCAL]
    sought.sources = sorted({*sought.sources, *source_ids(session, local)})
    emails = {email for row in rows for email in row.emails}
    others = {email for email in emails if _contacts_with(session, [email]) - set(sought.contacts)}
    sought.emails = sorted({*sought.emails, *(emails - others)})  # info@ is of others, too
    sought.names = sorted({*sought.names, *(row.full_name for row in rows if row.full_name)})
    named = [[one["network"], one["handle"]] for row in rows for one in row.handles]
    sought.handles = _unique([*sought.handles, *named])


def _with_merged(session: Session, ids: set[int]) -> set[int]:
    reached: set[int] = set()
    fresh = ids
    while fresh:
        reached |= fresh
        fresh = set(session.scalars(select(Contact.id).where(Contact.merged_into_id.in_(fresh)))) - reached
    return reached


def _contacts_with(session: Session, emails: Iterable[str]) -> set[int]:
    """Contacts that have one of these addresses."""
    found: set[int] = set()
    for email in emails:
        wanted = email.casefold()
        some = func.lower(cast(Contact.emails, Text)).contains(wanted, autoescape=True)
        rows = session.execute(select(Contact.id, Contact.emails).where(some))
        found |= {row.id for row in rows if wanted in {str(one).casefold() for one in row.emails}}
    return found


def _with_account(session: Session, natives: Sequence[Sequence[str]]) -> Iterable[int]:
    """Profiles with one of these accounts; without a scope in whichever."""
    for network, scope, native_id in natives:
        query = select(Profile.id).where(Profile.network == network, Profile.native_id == native_id)
        yield from session.scalars(query.where(Profile.scope == scope) if scope else query)


def _with_email(session: Session, emails: Iterable[str]) -> Iterable[int]:
    return session.scalars(select(Profile.id).where(func.lower(Profile.email).in_([one.lower() for one in emails])))


def _unique(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    return sorted([list(row) for row in dict.fromkeys(map(tuple, rows))])
