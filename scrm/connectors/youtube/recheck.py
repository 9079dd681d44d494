"""What was read becomes old: comments and videos by their ids, 50 a call, with the channels of their authors.

From youtube.v3 revision 20261104 (read 2026-11-23): `id` takes a list for both; what is gone is left out (from
memory). A subscription cannot be asked for by whoever it is to; all of them are read anew every 20 days instead.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import MOST_IDS, Item, by_ids, people, videos
from scrm.connectors.youtube.comments import PLAIN
from scrm.connectors.youtube.said import dressed, named
from scrm.connectors.youtube.translation import COMMENT_REF, VIDEO_REF, comment_records, video_records
from scrm.connectors.youtube.videos import owned, owners_of
from scrm.i18n import N_
from scrm.records import Record


class Recheck(ObjectStream):
    """Edits and deletions, and profiles that changed; reading it again is also what lets it stay."""

    name = RECHECK
    label = N_("Edits and deletions")
    batch = MOST_IDS

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        said = {ref.native_id: _video_of(ref) for ref in refs if (ref.fetch_ref or "").startswith(COMMENT_REF)}
        shown = [ref.native_id for ref in refs if ref.fetch_ref == VIDEO_REF]
        comments = by_ids(api, "comments", said, [("part", "snippet"), PLAIN])
        items: list[Item] = [{"comment": comments[one], "video": said[one]} for one in said if one in comments]
        found = videos(api, (*(item["video"] for item in items), *shown))
        whole = [found[one] for one in shown if one in found]
        who = people(api, (*named(items), *owners_of(whole)))
        return ObjectPage(
            items=(*dressed(items, found, who), *owned(whole, who)),
            gone=tuple(one for one in (*said, *shown) if one not in comments and one not in found),
            ends=tuple(ref.native_id for ref in refs if ref.native_id not in said and ref.native_id not in shown),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account) if item.has("comment") else video_records(item, account)


def _video_of(ref: ObjectRef) -> str:
    return (ref.fetch_ref or "").partition(" ")[2]
