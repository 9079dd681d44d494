"""Find everything that is one person's, when a request to forget or to export them begins."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.models import Contact, Forgetting, HandleHistory, Link, Profile
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local_contacts import native_ids, source_ids
from scrm.tombstones.sought import Sought

OURS = N_("This is one of our own people. Take them off the list of own people first.")
NOBODY = N_("Nobody is known by this.")


def gather(session: Session, row: Forgetting, sought: Sought) -> None:
    """Find everything that is this person's now: a contact with those merged into it and the profiles linked to it.

    For one named by address or account alone, whoever has that.
    """
    contacts = {row.contact_id} if row.contact_id is not None else set()
    profiles = {row.profile_id} if row.profile_id is not None else set()
    local = native_ids(session, sought.sources)
    sought.records = _unique([*sought.records, *([LOCAL, native_id] for native_id in local)])
    contacts |= set(session.scalars(select(Contact.id).where(Contact.crm_id == LOCAL, Contact.native_id.in_(local))))
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
