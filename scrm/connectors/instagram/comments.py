"""Comments below our posts: newest first, with their answers, each post from where it was left.

A post that is talked about is looked at often, a quiet one ever more seldom, and after three months not at all; what
comes later is told by the webhook. Fifty comments a page are from memory. Two levels are all there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.graph import GraphPage, read_edge
from scrm.connectors.instagram.client import CLIENT, WRITTEN, Item, is_above, moment, place_of, rest_of
from scrm.connectors.instagram.translation import comment_records
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError
from scrm.i18n import N_
from scrm.records import Record

COMMENTS = "comments"
PAGE = 50
TIME = "timestamp"
KEPT = frozenset(WRITTEN.split(","))
ASKED = f"{WRITTEN},media{{id,permalink,comments_count}},replies.limit({PAGE}){{{WRITTEN}}}"
PARAMS = (("fields", ASKED), ("limit", str(PAGE)))
# so long after the last word, a post is looked at so often
RHYTHM = (
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=30), timedelta(hours=6)),
    (timedelta(days=90), timedelta(days=1)),
)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a post's comments were read: the newest one known, how many there were, and a reading under way."""

    mark: str | None = None
    count: int = 0  # of comments and answers when it was last read to its end
    head: str | None = None
    found: int = 0  # new ones since the reading under way began
    next: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> "Walk":
        """Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            mark=fields.optional_text("mark"),
            count=int(fields.optional_text("count") or 0),
            head=fields.optional_text("head"),
            found=int(fields.optional_text("found") or 0),
            next=fields.optional_text("next"),
        )

    def text(self) -> str:
        return pack(
            {
                "mark": self.mark,
                "count": str(self.count),
                "head": self.head,
                "found": str(self.found),
                "next": self.next,
            }
        )


@dataclass(kw_only=True)
class _Read:
    """What one page of a post's comments gave."""

    items: list[Item] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    total: int = 0
    has_old: bool = False


class Comments(ObjectStream):
    """Comments and answers below posts of ours."""

    name = COMMENTS
    label = N_("Comments below your posts")
    batch = 3

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        ends, again = [], {}
        for ref in refs:
            try:
                found, walk = _page(api, ref)
            except GoneError:  # the recheck says of the post itself that it is gone
                ends.append(ref.native_id)
                continue
            items += found
            seconds = 0.0 if walk.next else _rest(api.now(), ref, walk)
            if seconds is None:
                ends.append(ref.native_id)
            else:
                again[ref.native_id] = Again(after_seconds=seconds, cursor=walk.text())
        return ObjectPage(items=tuple(items), ends=tuple(ends), again=again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account)


def _page(api: Api, ref: ObjectRef) -> tuple[list[Item], Walk]:
    """The new comments of one page, and where the reading stands after it. Raises GoneError."""
    walk = Walk.parse(ref.cursor)
    page = read_edge(CLIENT, api, walk.next or f"/{ref.native_id}/comments", () if walk.next else PARAMS)
    read = _sorted_out(api, page, walk.mark)
    head = max(filter(None, (walk.head, *read.places)), default=None)
    found = walk.found + len(read.items)
    is_missing_some = read.total > walk.count + found  # an answer further down, below a comment known long ago
    if page.next and (not read.has_old or is_missing_some):
        return read.items, replace(walk, head=head, found=found, next=page.next)
    mark = max(filter(None, (walk.mark, head)), default=None)
    return read.items, Walk(mark=mark, count=read.total)


def _sorted_out(api: Api, page: GraphPage, mark: str | None) -> _Read:
    read = _Read()
    for row in page.rows:
        media = row.child("media")
        read.total = max(read.total, media.number("comments_count") or 0)
        told = {"media": {name: media.optional_text(name) for name in ("id", "permalink")}, "is_own": True}
        comment = row.raw()
        answers = [one.raw() for one in rest_of(api, row.optional_child("replies"))]
        for one in ({"comment": comment}, *({"comment": answer, "parent": comment} for answer in answers)):
            written = Payload(one["comment"], "comment")
            read.places.append(place_of(written, TIME))
            if is_above(written, TIME, mark):
                read.items.append(_item(one) | told)
        read.has_old = read.has_old or not is_above(row, TIME, mark)
    return read


def _item(one: Item) -> Item:
    """Without what is an item of its own, so that a comment stays the same when somebody answers it."""
    return {part: {name: one[part][name] for name in one[part] if name in KEPT} for part in one}


def _rest(now: datetime, ref: ObjectRef, walk: Walk) -> float | None:
    """How long to leave a post alone; None: for good."""
    times = [moment(at.split(" ")[0]) for at in (walk.mark, ref.fetch_ref) if at]
    quiet = now - max(times, default=now)
    return next((pause.total_seconds() for age, pause in RHYTHM if quiet < age), None)
