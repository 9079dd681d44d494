"""Find contacts by the beginning of a name, by e-mail address or by handle; each by an index, at any size."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scrm.matching.keys import make_key
from scrm.matching.normalize import parse_email
from scrm.models import Contact, HandleHistory, Link, MatchKey, Profile, Side
from scrm.sync.contacts import fold

LAST: Final = "zzzzzzzz"  # sorts behind every continuation, whatever the database's collation makes of marks
SHORTEST_HANDLE: Final = 3
LONGEST: Final = 200


def find(db: Session, asked: str, *, limit: int) -> list[Contact]:
    """Contacts that the words may mean, best first."""
    asked = asked.strip()[:LONGEST]
    found: dict[int, Contact] = {}
    for query in _queries(asked, limit):
        for row in db.scalars(query):
            found.setdefault(row.id, row)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def after(db: Session, start: tuple[str, int] | None, *, limit: int) -> Sequence[Contact]:
    """Contacts in the order of their names, a page at a time."""
    query = _alive().order_by(Contact.sort_name, Contact.id).limit(limit)
    if start is not None:
        name, row_id = start
        query = query.where((Contact.sort_name > name) | ((Contact.sort_name == name) & (Contact.id > row_id)))
    return db.scalars(query).all()


def _queries(asked: str, limit: int) -> list[Select[Contact]]:
    queries = []
    address = parse_email(asked)
    if address is not None:
        queries.append(_by_key("e", address.address).limit(limit))
    handle = asked.removeprefix("@").lower()
    if len(handle) >= SHORTEST_HANDLE and " " not in handle:
        queries.append(_by_handle(handle).limit(limit))
    words = fold(asked).split()
    for order in dict.fromkeys((" ".join(words), " ".join(words[::-1]))):
        if order:
            within = _alive().where(
                Contact.sort_name >= order, Contact.sort_name < order + LAST, Contact.sort_name.startswith(order)
            )
            queries.append(within.order_by(Contact.sort_name, Contact.id).limit(limit))
    return queries


def _alive() -> Select[Contact]:
    return select(Contact).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))


def _by_key(family: str, value: str) -> Select[Contact]:
    owners = select(MatchKey.owner_id).where(
        MatchKey.side == Side.CONTACT.value, MatchKey.key == int(make_key(family, value))
    )
    return _alive().where(Contact.id.in_(owners))


def _by_handle(handle: str) -> Select[Contact]:
    """Whoever is linked with a profile that has, or had, this handle."""
    owners = (
        select(Link.contact_id)
        .join(Profile, Profile.id == Link.profile_id)
        .join(HandleHistory, HandleHistory.profile_id == Profile.id)
        .where(HandleHistory.handle == handle)
    )
    return _alive().where(Contact.id.in_(owners))
