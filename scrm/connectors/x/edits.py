"""Posts once more, when nobody can edit them any longer: an edit is a new post that names its earlier versions.

docs.x.com, edit posts, read 2026-11-23. Where an edited post still stands on a list of ours, the list tells it
anyway; this finds the rest. On the day on which a post was first read it costs nothing.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import Listing, found
from scrm.connectors.x.items import post_items
from scrm.connectors.x.translation import EDITS, post_records
from scrm.connectors.x.vocabulary import history, vocabulary
from scrm.i18n import N_
from scrm.records import Record


class Edits(ObjectStream):
    """What was changed in the hour in which that is possible."""

    name = EDITS
    label = N_("Edits")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        asked = {ref.fetch_ref or ref.native_id: ref.native_id for ref in refs}
        page = _posts(api, list(asked))
        newest = [history(Payload(post))[-1:] for post in page.data]
        later = [ids[0] for ids in newest if ids and ids[0] not in asked]
        items = post_items(api, _posts(api, later)) if later else ()
        hidden = {"resource-not-found", "not-authorized-for-resource"}
        gone = [asked[native] for native, kind in page.missing.items() if native in asked and kind in hidden]
        return ObjectPage(items=items, gone=tuple(gone), ends=tuple(asked.values()))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)


def _posts(api: Api, ids: Sequence[str]) -> Listing:
    return found(api, "/2/tweets", [("ids", ",".join(ids)), *vocabulary(api.app).posts()])
