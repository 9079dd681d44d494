"""Whether what was read still stands as it was read: edits, deletions, likes taken back.

404 and 410 say that something is gone, 403 that it is closed to us now
(developers.jivesoftware.com/api/v3/cloud/rest,
read 2026-11-23); closed counts as gone once it is sure that not everything is closed.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.jive.client import HiddenError, Item, own_person, the_object, with_authors
from scrm.connectors.jive.replies import likers_of
from scrm.connectors.jive.translation import LIKE, PRIVATE, SAID, said_records
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record


class Recheck(ObjectStream):
    """Contents and answers one by one, likes list by list."""

    name = RECHECK
    label = N_("Edits, deletions and likes taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        gone: list[str] = []
        likes: dict[str, list[str]] = {}
        for ref in refs:
            if ref.fetch_ref == LIKE:
                likes.setdefault(ref.native_id.partition("/likes/")[0], []).append(ref.native_id)
            elif ref.fetch_ref in {SAID, PRIVATE}:
                found = the_object(api, ref.native_id)
                if found is None:
                    gone.append(ref.native_id)
                else:
                    items.append({"said": found, "is_private": ref.fetch_ref == PRIVATE})
            else:
                raise PayloadError("expected a reference of ours", network=api.network)
        for liked, native_ids in likes.items():
            gone += _taken_back(api, liked, native_ids)
        return ObjectPage(items=tuple(with_authors(api, items, "said")), gone=tuple(gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from said_records(item, account)


def _taken_back(api: Api, liked: str, native_ids: Sequence[str]) -> list[str]:
    """Those of these likes that are no more; of a list too long to finish none."""
    try:
        found, is_complete = likers_of(api, liked)
    except HiddenError:
        own_person(api)
        return list(native_ids)
    except GoneError:
        return list(native_ids)
    there = {str(person.get("id")) for person in found}
    return [one for one in native_ids if is_complete and one.rpartition("/")[2] not in there]
