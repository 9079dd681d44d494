"""What stands below a content: answers to it and to each other, and who likes any of that.

Discussions have messages, everything else has comments; each names what it answers. MessageService and
CommentService of developers.jivesoftware.com/api/v3/cloud/rest (read 2026-11-23). That a list comes oldest first with
`hierarchical=false` is from memory: should it not, it is read from its beginning each time. Lists know no "since", so
each content remembers how far its list was read, and a few entries before that are read once more, because deletions
move the rest up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.jive.client import (
    OBJECTS,
    Item,
    labeled,
    listed,
    the_object,
    walked,
    with_authors,
)
from scrm.connectors.jive.likes import liker_records
from scrm.connectors.jive.translation import is_narrow, native_of, optional_native_in, said_records
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

REPLIES = "replies"
PAGE = 50
OVERLAP = 5  # so many may be deleted between two looks before the list is read from its beginning
MOST_LIKE_PAGES = 20
LIKE_PAGE = 100
MOST_KNOWN = 1000  # people who like something; others are given again, which changes nothing
HOUR = 3600.0
SOONEST, LATEST = HOUR, 3 * 24 * HOUR
WATCHED = timedelta(days=60)


def looked_at_after(age: timedelta) -> float | None:
    """Seconds until a content that has been quiet for so long is looked at again; None: when its list tells of it."""
    if age > WATCHED:
        return None
    return min(max(age.total_seconds() / 8, SOONEST), LATEST)


@dataclass(kw_only=True)
class Visit:
    """How far what stands below a content has been read."""

    start: int = 0  # where the list of answers goes on
    mark: datetime | None = None  # the newest answer of the last complete reading
    last: str | None = None  # its native id
    head: datetime | None = None  # the newest answer of this reading
    head_id: str | None = None
    looks: str | None = None  # number of answers and time of the latest activity at the last complete reading
    is_under_way: bool = False
    likers: list[str] = field(default_factory=list)  # who liked the content itself
    likes: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> "Visit":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        start, likes = fields.optional_text("start") or "0", fields.optional_text("likes") or "0"
        if not (start.isdecimal() and likes.isdecimal()):
            raise PayloadError("cursor: expected numbers")
        return cls(
            start=int(start),
            mark=fields.optional_time("mark"),
            last=fields.optional_text("last"),
            head=fields.optional_time("head"),
            head_id=fields.optional_text("head_id"),
            looks=fields.optional_text("looks"),
            is_under_way=fields.has("is_under_way"),
            likers=(fields.optional_text("likers") or "").split(),
            likes=int(likes),
        )

    def text(self) -> str:
        return pack(
            {
                "start": str(self.start),
                "mark": self.mark.isoformat() if self.mark else None,
                "last": self.last,
                "head": self.head.isoformat() if self.head else None,
                "head_id": self.head_id,
                "looks": self.looks,
                "is_under_way": "yes" if self.is_under_way else None,
                "likers": " ".join(self.likers[-MOST_KNOWN:]) or None,
                "likes": str(self.likes),
            }
        )

    def takes(self, at: datetime, native_id: str) -> bool:
        """Whether an answer is new; notes the newest."""
        if self.head is None or at >= self.head:
            self.head, self.head_id = at, native_id
        return self.mark is None or at > self.mark or (at == self.mark and native_id != self.last)

    def close(self) -> None:
        """The list was read to its end."""
        if self.head is not None and (self.mark is None or self.head >= self.mark):
            self.mark, self.last = self.head, self.head_id
        self.head = self.head_id = None
        self.is_under_way = False


class Replies(ObjectStream):
    """One page of each content's answers at a time."""

    name = REPLIES
    label = N_("Answers and who likes what")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        gone: list[str] = []
        ends: list[str] = []
        again: dict[str, Again] = {}
        for ref in refs:
            try:
                found, wish = _visit(api, ref)
            except GoneError:
                gone.append(ref.native_id)
            else:
                items += found
                if wish is None:
                    ends.append(ref.native_id)
                else:
                    again[ref.native_id] = wish
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ends), again=again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("liker"):
            yield from liker_records(item, account)
        else:
            yield from said_records(item, account)


def _visit(api: Api, ref: ObjectRef) -> tuple[list[Item], Again | None]:
    """What is new below a content, and when to come again. Raises GoneError."""
    visit, content = Visit.parse(ref.cursor), the_object(api, ref.native_id)
    if content is None:
        raise GoneError("the content is gone", network=api.network)
    shown = Payload(content, "content")
    items: list[Item] = []
    looks = f"{shown.number('replyCount')} {shown.optional_text('lastActivityDate')}"
    path = _answers_path(shown, ref.native_id)
    if path is None or shown.number("replyCount") == 0:
        visit.start, visit.is_under_way = 0, False
    elif visit.is_under_way or looks != visit.looks:
        items += _answers(api, visit, content, path)
    if not visit.is_under_way:
        visit.looks = looks
        items += _content_likes(api, visit, shown, ref.native_id)
        return items, _later(api, visit, shown)
    return items, Again(after_seconds=0, cursor=visit.text())


def _later(api: Api, visit: Visit, content: Payload) -> Again | None:
    active = content.optional_time("lastActivityDate") or content.time("published")
    seconds = looked_at_after(api.now() - active)
    return None if seconds is None else Again(after_seconds=seconds, cursor=visit.text())


def _answers_path(content: Payload, native_id: str) -> str | None:
    """Where the answers are listed; a content that can have none names no such list."""
    resources = content.optional_child("resources")
    if resources is None:
        return None
    if resources.has("messages"):
        return f"/messages{native_id}"
    return f"{native_id}/comments" if resources.has("comments") else None


def _answers(api: Api, visit: Visit, content: Item, path: str) -> list[Item]:
    """One page of answers: those that are new, each with what it answers, and who likes them."""
    start = visit.start if visit.is_under_way else max(0, visit.start - OVERLAP)
    params = [("hierarchical", "false"), ("startIndex", str(start)), ("count", str(PAGE))]
    try:
        page, following = listed(api, path, params, client=OBJECTS)
    except GoneError:  # the content is there, but no list of answers
        visit.start, visit.is_under_way = 0, False
        return []
    times = [Payload(one).optional_time("published") for one in page]
    is_beyond = start > 0 and (not times or (visit.mark is not None and (times[0] or visit.mark) > visit.mark))
    if is_beyond and not visit.is_under_way:
        visit.start, visit.is_under_way = 0, True  # more was deleted than we look back
        return []
    new = [one for one, at in zip(page, times, strict=True) if at is None or visit.takes(at, native_of(Payload(one)))]
    is_sorted = times == sorted(times, key=lambda at: (at is not None, at))
    visit.is_under_way, visit.start = following is not None, start + (PAGE if following else len(page))
    if following is None:
        visit.close()
    if not is_sorted and following is None:
        visit.start = 0
    items = with_authors(api, list(_with_parents(api, content, page, new)), "said", "parent")
    for one in new:
        if (Payload(one).number("likeCount") or 0) > 0:
            native_id = native_of(Payload(one))
            items += _likes(api, native_id, ())
    return items


def _with_parents(api: Api, content: Item, page: list[Item], new: list[Item]) -> Iterator[Item]:
    """New answers, each with whoever wrote what it answers; what is not on the page is asked for once."""
    known: dict[str, Item | None] = {native_of(Payload(one)): one for one in [content, *page]}
    is_private = is_narrow(Payload(content, "content"))
    for one in new:
        item: Item = {"said": one, "is_private": is_private}
        parent = optional_native_in(Payload(one), "parent")
        if parent is not None and parent not in known:
            known[parent] = the_object(api, parent)
        found = known.get(parent or "")
        if found is not None and isinstance(found.get("author"), dict):
            item["parent"] = {"author": found["author"]}
        yield item


def _content_likes(api: Api, visit: Visit, content: Payload, native_id: str) -> list[Item]:
    """Who likes the content itself, if the number has changed; those who were given are not given again."""
    number = content.number("likeCount") or 0
    if number == visit.likes:
        return []
    items = _likes(api, native_id, visit.likers) if number else []
    visit.likes = number
    visit.likers += [str(item["liker"].get("id")) for item in items]
    return items


def _likes(api: Api, native_id: str, known: Sequence[str]) -> list[Item]:
    """Who likes something, but for those who are known."""
    try:
        found, _ = likers_of(api, native_id)
    except GoneError:  # it went since it was listed, or what is of its kind has no such list
        return []
    return [_liked(api, native_id, person) for person in found if str(person.get("id")) not in known]


def likers_of(api: Api, native_id: str) -> tuple[list[Item], bool]:
    """Who likes something, and whether that is all of them."""
    params = [("fields", "@all"), ("count", str(LIKE_PAGE))]
    return walked(api, f"{native_id}/likes", params, most=MOST_LIKE_PAGES)


def _liked(api: Api, native_id: str, person: Item) -> Item:
    return {
        "liker": {name: person[name] for name in ("id", "displayName", "jive", "resources") if name in person},
        "liker_profile": labeled(api.app, person),
        "liked": native_id,
        "seen_at": api.now().isoformat(),
    }
