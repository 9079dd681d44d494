"""Find contacts by words of name, company or e-mail, by an exact address, or by the beginning of a handle.

Each question goes along an index and reads a bounded number of rows, so it may be asked at every key, at any size.
What begins with the words comes first, then whoever has them anywhere. A handle leads to a contact only where the
network's terms let the role see it, and while nobody objects to the link.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from scrm.connectors.registry import connectors
from scrm.matching.keys import make_key
from scrm.matching.normalize import parse_email
from scrm.models import Contact, HandleHistory, Link, MatchKey, Profile, Side, undoubted
from scrm.models.words import named, opening
from scrm.policy import Use, permit
from scrm.sync.contacts import fold

LAST: Final = "zzzzzzzz"  # sorts behind every continuation, whatever the database's collation makes of marks
SHORTEST_HANDLE: Final = 3
LONGEST: Final = 200
MOST_HELD: Final = 500  # contacts that may have the words; more is a search that has to go on


def find(db: Session, asked: str, *, limit: int, role: str) -> list[Contact]:
    """Contacts that the words may mean, best first, as far as this role may find them."""
    asked = asked.strip()[:LONGEST]
    found: dict[int, Contact] = {}
    for query in _queries(db, asked, limit, role):
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


def _queries(db: Session, asked: str, limit: int, role: str) -> Iterator[Select[Contact]]:
    address = parse_email(asked)
    if address is not None:
        yield _by_keys([("e", address.address)]).limit(limit)
    handle = asked.removeprefix("@").lower()
    if len(handle) >= SHORTEST_HANDLE and " " not in handle:
        shown = [name for name in connectors() if permit(name, Use.SHOW, role=role).allowed]
        yield _by_keys([("a", f"{network}:{handle}") for network in connectors()]).limit(limit)
        for condition in (HandleHistory.handle == handle, _begins(HandleHistory.handle, handle)):
            yield _by_handle(condition, shown, limit)
    words = fold(asked).split()
    for order in dict.fromkeys((" ".join(words), " ".join(words[::-1]))):
        if order:
            within = _alive().where(_begins(Contact.sort_name, order))
            yield within.order_by(Contact.sort_name, Contact.id).limit(limit)
    phrases = opening(asked)
    if phrases:
        some = named(db, phrases, MOST_HELD).subquery()
        yield _alive().join(some, some.c.id == Contact.id).order_by(Contact.sort_name, Contact.id).limit(limit)


def _begins(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return (column >= text) & (column < text + LAST) & column.startswith(text, autoescape=True)


def _alive() -> Select[Contact]:
    return select(Contact).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))


def _by_keys(values: Sequence[tuple[str, str]]) -> Select[Contact]:
    keys = [int(make_key(family, value)) for family, value in values]
    owners = select(MatchKey.owner_id).where(MatchKey.side == Side.CONTACT.value, MatchKey.key.in_(keys))
    return _alive().where(Contact.id.in_(owners))


def _by_handle(condition: ColumnElement[bool], networks: Sequence[str], limit: int) -> Select[Contact]:
    """Whoever is linked with a profile that has, or had, such a handle."""
    owners = (
        select(Link.contact_id)
        .join(Profile, Profile.id == Link.profile_id)
        .join(HandleHistory, HandleHistory.profile_id == Profile.id)
        .where(condition, Profile.network.in_(networks), undoubted())
        .order_by(HandleHistory.handle)
        .limit(limit)
    )
    return _alive().where(Contact.id.in_(owners.scalar_subquery()))
