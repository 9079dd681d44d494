"""What was read becomes old: pages and entries one by one, comments and likes item by item.

A page or an entry that is gone is answered 404, with all that stood on it. Comments and likes are looked for where
they stood: all of one item come together, so many of them cost as little as one.
"""

from collections.abc import Iterator, Mapping, Sequence

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint import comments, lists
from scrm.connectors.sharepoint.client import Item
from scrm.connectors.sharepoint.comments import PART, comments_part, likes_of
from scrm.connectors.sharepoint.place import COMMENT, ITEM, LIKE, PAGE, Place
from scrm.connectors.sharepoint.translation import comment_id, like_id, placed, records
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

MOST_PARTS = 10  # of a hundred comments each; who is not found among them is not called gone


class Recheck(ObjectStream):
    """Edits and deletions, and likes taken back."""

    name = RECHECK
    label = N_("Edits, deletions and likes taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        made: list[Item] = []
        said: list[Item] = []
        gone: list[str] = []
        below: dict[Place, list[str]] = {}
        for ref in refs:
            kind, _, rest = (ref.fetch_ref or "").partition(" ")
            place = Place.parse(rest)
            if kind in {COMMENT, LIKE}:
                below.setdefault(place, []).append(ref.native_id)
                continue
            try:
                made += _made(api, kind, place)
            except GoneError:
                gone.append(ref.native_id)
        for place, wanted in below.items():
            found, is_complete = _said(api, place)
            said += [found[one] for one in wanted if one in found]
            gone += [one for one in wanted if one not in found and is_complete]
        items = (*lists.with_people(api, made), *comments.with_people(api, said))
        return ObjectPage(items=items, gone=tuple(gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from placed(records(item), account)


def _made(api: Api, kind: str, place: Place) -> list[Item]:
    """A page or an entry as it is now."""
    if kind not in {PAGE, ITEM}:
        raise PayloadError("expected a reference of ours", network=api.network)
    entry = lists.whole_item(api, place)
    return [{"entry": entry, "page": lists.whole_page(api, place.unique_id)}] if kind == PAGE else [{"entry": entry}]


def _said(api: Api, place: Place) -> tuple[Mapping[str, Item], bool]:
    """All comments and likes of an item by their ids, and whether these are all."""
    found: dict[str, Item] = {}
    try:
        for part in range(MOST_PARTS):
            some = comments_part(api, place, part)
            for comment in some:
                found |= _by_id(place, comments.with_below(comment, place))
            if len(some) < PART:
                found |= _by_id(place, likes_of(api, place))
                return found, True
    except GoneError:
        return {}, True
    return found, False


def _by_id(place: Place, items: Iterator[Item] | Sequence[Item]) -> dict[str, Item]:
    found = {}
    for item in items:
        try:
            found[_native_id(place, Payload(item))] = item
        except PayloadError:
            continue  # without an id it is none of those that are looked for
    return found


def _native_id(place: Place, item: Payload) -> str:
    if item.has("comment"):
        return comment_id(place, item.child("comment").text("id"))
    target = item.optional_text("comment_id")
    return like_id(comment_id(place, target) if target else place.unique_id, item.child("like").text("loginName"))
