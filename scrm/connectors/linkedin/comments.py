"""Comments below a post of ours, the answers to them, and the reactions to both.

comments-api and reactions-api (learn.microsoft.com/linkedin, read 2026-11-23). Comments come in no order of time, so
a post's list is walked whole at each visit. Answers and reactions are lists of their own, read when their number has
changed, and answers once a day in any case; each remembers by itself how far it was read. What was read once is not
given again: LinkedIn lets us keep it for two days, and reading it anew must not make three of them.
"""

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
from scrm.connectors.restli import Item, Window, encoded, milliseconds, part_of, stamp, walk, whole_number
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

COUNT = 20  # comments per call of `read`; each may have answers and reactions to be read
MOST_PAGES = 20  # of 100 answers or reactions each


@dataclass(kw_only=True)
class Below:
    """What stood below a comment when it was last looked at: how much, and how old the newest of it was."""

    answers: int = 0
    reactions: int = 0
    answered_at: int
    reacted_at: int

    @classmethod
    def parse(cls, text: str) -> "Below":
        parts = text.split("/")
        if len(parts) != 4 or not all(part.isdecimal() for part in parts):
            raise PayloadError("cursor.below: expected four numbers for each comment")
        answers, reactions, answered_at, reacted_at = map(int, parts)
        return cls(answers=answers, reactions=reactions, answered_at=answered_at, reacted_at=reacted_at)

    def text(self) -> str:
        return f"{self.answers}/{self.reactions}/{self.answered_at}/{self.reacted_at}"


@dataclass(kw_only=True)
class Visit:
    """One walk through the comments of a post, and what earlier ones found."""

    window: Window  # of the comments themselves
    begun: int  # when the post was first visited
    since: int  # nothing older is given
    thorough_at: int | None  # when answers were last read whatever their number
    is_thorough: bool
    start: int
    below: dict[str, Below] = field(default_factory=dict)  # by the number of the comment

    @classmethod
    def parse(cls, cursor: str | None, now: datetime) -> "Visit":
        fields = unpack(cursor)
        thorough_at = whole_number(fields, "thorough_at")
        start = whole_number(fields, "start") or 0
        is_due = thorough_at is None or thorough_at <= milliseconds(now - DAILY)
        entries = [entry.partition("=") for entry in (fields.optional_text("below") or "").split()]
        return cls(
            window=Window.parse(fields, since=now - HISTORY),
            begun=whole_number(fields, "begun") or milliseconds(now),
            since=milliseconds(now - HISTORY),
            thorough_at=thorough_at,
            is_thorough=fields.optional_text("is_thorough") == "yes" if start else is_due,
            start=start,
            below={name: Below.parse(text) for name, _, text in entries},
        )

    def text(self) -> str:
        kept = {name: one for name, one in self.below.items() if one.answers or one.reactions}
        return pack(
            {
                **self.window.fields(),
                "begun": str(self.begun),
                "thorough_at": None if self.thorough_at is None else str(self.thorough_at),
                "is_thorough": "yes" if self.is_thorough and self.start else None,
                "start": str(self.start) if self.start else None,
                "below": " ".join(f"{name}={one.text()}" for name, one in kept.items()) or None,
            }
        )

    def below_of(self, comment: Item) -> Below:
        name = str(comment.get("id"))
        return self.below.setdefault(name, Below(answered_at=self.since, reacted_at=self.since))

    def go_on(self, following: int | None, now: datetime) -> Again | None:
        """When to come again; None: this post has been quiet for so long that notices must tell."""
        if following is not None:
            self.start = following
            return Again(after_seconds=0, cursor=self.text())
        self.start = 0
        self.window.close()
        if self.is_thorough:
            self.thorough_at = milliseconds(now)
        times = [at for one in self.below.values() for at in (one.answered_at, one.reacted_at) if at > self.since]
        pause = pause_after(max([self.begun, self.window.head or 0, *times]), now)
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
        if visit.window.takes_item(comment, "id", "lastModified", "time"):
            said.append({"comment": comment, "on": place.item()})
        below = visit.below_of(comment)
        answers = _answers(api, visit, comment, below)
        for one in (comment, *answers):
            reacted += _reactions(api, place, one, visit.below_of(one))
        known = below.answered_at
        for one in answers:
            at = stamp(one, "created", "time")
            below.answered_at = max(below.answered_at, at or 0)
            if at is None or at > known:
                said.append({"comment": one, "on": place.item(), **_answered(comment)})
    shown = people(api, [urn for item in said if isinstance(urn := item["comment"].get("actor"), str)])
    for item in said:
        author = shown.get(str(item["comment"].get("actor")))
        yield item | ({"author": author} if author else {})
    yield from reacted


def _answered(comment: Item) -> Item:
    """Whom an answer answers; LinkedIn knows two levels, so it is whoever wrote the comment above."""
    actor = comment.get("actor")
    return {"answered": actor} if isinstance(actor, str) else {}


def _answers(api: Api, visit: Visit, comment: Item, below: Below) -> list[Item]:
    """The answers to a comment, if they are to be read now."""
    number, urn = _count(comment, "commentsSummary", "totalFirstLevelComments"), comment.get("commentUrn")
    is_due = number != below.answers or (visit.is_thorough and number > 0)
    if not isinstance(urn, str) or not is_due:
        return []
    try:
        found, _ = walk(api, comments_of(urn), most=MOST_PAGES)
    except GoneError:
        return []
    below.answers = number
    return found


def _reactions(api: Api, place: Place, comment: Item, below: Below) -> list[Item]:
    """The reactions to a comment that are new, if their number has changed."""
    number, urn = _count(comment, "likesSummary", "totalLikes"), comment.get("commentUrn")
    if number == below.reactions or not isinstance(urn, str):
        return []
    window = Window(mark=below.reacted_at, recent={})
    try:
        found = list(reactions_to(api, place, urn, window))
    except GoneError:
        return []
    below.reactions, below.reacted_at = number, window.head or below.reacted_at
    return found


def _count(comment: Item, summary: str, name: str) -> int:
    try:
        inner = Payload(comment).optional_child(summary)
        return (inner.number(name) or 0) if inner else 0
    except PayloadError:
        return 0
