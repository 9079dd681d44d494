"""Comments below a post of ours, the answers to them, and the reactions to both.

comments-api and reactions-api (learn.microsoft.com/linkedin, read 2026-11-23). Comments come in no order of time, so
a post's list is walked whole at each visit. Answers and reactions are lists of their own, read when their number has
changed, and answers once a day in any case. What was read once is not given again: LinkedIn lets us keep it for two
days, and reading it anew must not make three of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.linkedin.people import people
from scrm.connectors.linkedin.reactions import reactions_to
from scrm.connectors.linkedin.translation import Place, comment_records, reaction_records
from scrm.connectors.linkedin.watching import COMMENTS, DAILY, HISTORY, pause_after, place_in, visited
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import Item, Window, encoded, milliseconds, part_of, walk, whole_number
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

COUNT = 20  # comments per call of `read`; each may have answers and reactions to be read
COUNTED = re.compile(r"[^=]+=\d+/\d+")
MOST_PAGES = 20  # of 100 answers or reactions each


@dataclass(kw_only=True)
class Visit:
    """One walk through the comments of a post, and what earlier ones found."""

    window: Window
    begun: int  # when the post was first visited
    thorough_at: int | None  # when answers were last read whatever their number
    is_thorough: bool
    start: int
    counts: dict[str, str] = field(default_factory=dict)  # comment to "answers/reactions", as they were last read

    @classmethod
    def parse(cls, cursor: str | None, now: datetime) -> "Visit":
        fields = unpack(cursor)
        thorough_at = whole_number(fields, "thorough_at")
        start = whole_number(fields, "start") or 0
        is_due = thorough_at is None or thorough_at <= milliseconds(now - DAILY)
        counts = (fields.optional_text("counts") or "").split()
        if not all(COUNTED.fullmatch(entry) for entry in counts):
            raise PayloadError("cursor.counts: expected comments with two numbers")
        return cls(
            window=Window.parse(fields, since=now - HISTORY),
            begun=whole_number(fields, "begun") or milliseconds(now),
            thorough_at=thorough_at,
            is_thorough=fields.optional_text("is_thorough") == "yes" if start else is_due,
            start=start,
            counts=dict(entry.split("=") for entry in counts),
        )

    def text(self) -> str:
        return pack(
            {
                **self.window.fields(),
                "begun": str(self.begun),
                "thorough_at": None if self.thorough_at is None else str(self.thorough_at),
                "is_thorough": "yes" if self.is_thorough and self.start else None,
                "start": str(self.start) if self.start else None,
                "counts": " ".join(f"{name}={numbers}" for name, numbers in self.counts.items()) or None,
            }
        )

    def go_on(self, following: int | None, now: datetime) -> Again | None:
        """When to come again; None: this post has been quiet for so long that notices must tell."""
        if following is not None:
            self.start = following
            return Again(after_seconds=0, cursor=self.text())
        self.start = 0
        self.window.close()
        if self.is_thorough:
            self.thorough_at = milliseconds(now)
        pause = pause_after(self.window, self.begun, now)
        return None if pause is None else Again(after_seconds=pause.total_seconds(), cursor=self.text())


class Comments(ObjectStream):
    """One part of each post's comments at a time."""

    name = COMMENTS
    label = N_("Comments and answers")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        return visited(refs, partial(_visit, api))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("reaction"):
            yield from reaction_records(item, account)
        else:
            yield from comment_records(item, account)


def _visit(api: Api, ref: ObjectRef) -> tuple[list[Item], Again | None]:
    visit, place = Visit.parse(ref.cursor, api.now()), place_in(ref)
    part = part_of(api, comments_of(place.post), start=visit.start, count=COUNT)
    found = list(_read(api, place, visit, list(part.items)))
    return found, visit.go_on(part.next, api.now())


def comments_of(urn: str) -> str:
    """Where the comments on a post, or the answers to a comment, are listed."""
    return f"/rest/socialActions/{encoded(urn)}/comments"


def _read(api: Api, place: Place, visit: Visit, comments: list[Item]) -> Iterator[Item]:
    """What is new of these comments and below them, with those who said it."""
    said, reacted = [], []
    for comment in comments:
        answers = _answers(api, visit, comment)
        for one in (comment, *answers):
            reacted += _reactions(api, place, visit, one)
            if visit.window.takes_item(one, "id", "lastModified", "time"):
                said.append({"comment": one, "on": place.item(), **_answered(one, comment)})
    shown = people(api, [urn for item in said if isinstance(urn := item["comment"].get("actor"), str)])
    for item in said:
        author = shown.get(str(item["comment"].get("actor")))
        yield item | ({"author": author} if author else {})
    yield from reacted


def _answered(one: Item, comment: Item) -> Item:
    """Whom an answer answers; LinkedIn knows two levels, so it is whoever wrote the comment above."""
    actor = comment.get("actor")
    return {"answered": actor} if one is not comment and isinstance(actor, str) else {}


def _answers(api: Api, visit: Visit, comment: Item) -> list[Item]:
    """The answers to a comment, if they are to be read now."""
    number = _count(comment, "commentsSummary", "totalFirstLevelComments")
    known = visit.counts.get(str(comment.get("id")), "0/0").partition("/")[0]
    urn = comment.get("commentUrn")
    if not isinstance(urn, str) or (number == int(known) and not (visit.is_thorough and number)):
        return []
    try:
        found, _ = walk(api, comments_of(urn), most=MOST_PAGES)
    except GoneError:
        return []
    return found


def _reactions(api: Api, place: Place, visit: Visit, comment: Item) -> list[Item]:
    """The reactions to a comment that are new, if their number has changed; notes both numbers."""
    answers = _count(comment, "commentsSummary", "totalFirstLevelComments")
    likes = _count(comment, "likesSummary", "totalLikes")
    native, urn = str(comment.get("id")), comment.get("commentUrn")
    known = visit.counts.get(native, "0/0").rpartition("/")[2]
    if answers or likes:
        visit.counts[native] = f"{answers}/{likes}"
    else:
        visit.counts.pop(native, None)
    if likes == int(known) or not likes or not isinstance(urn, str):
        return []
    try:
        return list(reactions_to(api, place, urn, visit.window))
    except GoneError:
        return []


def _count(comment: Item, summary: str, name: str) -> int:
    try:
        inner = Payload(comment).optional_child(summary)
        return (inner.number(name) or 0) if inner else 0
    except PayloadError:
        return 0
