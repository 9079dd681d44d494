"""What was read becomes old: comments and videos by their ids, 50 a call, with the channels of their authors.

From youtube.v3 revision 20261104 (read 2026-11-23): `id` takes a list for both; what is gone is left out (from
memory). A subscription cannot be asked for by whoever it is to; all of them are read anew every 20 days instead.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import MOST_IDS, by_ids, closed, people, videos
from scrm.connectors.youtube.comments import PLAIN
from scrm.connectors.youtube.said import bare, dressed, named
from scrm.connectors.youtube.translation import (
    ANSWER_REF,
    THREAD_REF,
    VIDEO_REF,
    comment_records,
    video_records,
)
from scrm.connectors.youtube.videos import owned, owners_of
from scrm.i18n import N_
from scrm.records import Record

PARAMS = (("part", "snippet"), PLAIN)


class Recheck(ObjectStream):
    """Edits and deletions, and profiles that changed; reading it again is also what lets it stay."""

    name = RECHECK
    label = N_("Edits and deletions")
    batch = MOST_IDS

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        asked = {kind: _named(refs, kind) for kind in (VIDEO_REF, THREAD_REF, ANSWER_REF)}
        threads = by_ids(api, "commentThreads", asked[THREAD_REF], PARAMS)
        answers = by_ids(api, "comments", asked[ANSWER_REF], PARAMS)
        items = bare(api, threads.values())
        items += [{"comment": one, "video": asked[ANSWER_REF].get(number)} for number, one in answers.items()]
        found = videos(api, (*filter(None, (item.get("video") for item in items)), *asked[VIDEO_REF]))
        whole = [found[one] for one in asked[VIDEO_REF] if one in found]
        who = people(api, (*named(items), *owners_of(whole)))
        missing = {one: video for kind in (THREAD_REF, ANSWER_REF) for one, video in asked[kind].items()}
        missing = {one: video for one, video in missing.items() if one not in threads and one not in answers}
        hidden = closed(api, filter(None, missing.values()))  # by the owner, who may open them again
        gone = [one for one, video in missing.items() if video not in hidden]
        known = {one for ids in asked.values() for one in ids}
        return ObjectPage(
            items=(*dressed(items, found, who), *owned(whole, who)),
            gone=(*gone, *(one for one in asked[VIDEO_REF] if one not in found)),
            ends=tuple(ref.native_id for ref in refs if ref.native_id not in known),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account) if item.has("comment") else video_records(item, account)


def _named(refs: Sequence[ObjectRef], kind: str) -> dict[str, str]:
    """The objects of one kind, each with the video that it is below."""
    places = {ref.native_id: (ref.fetch_ref or "").partition(" ") for ref in refs}
    return {native_id: place[2] for native_id, place in places.items() if place[0] == kind}
