"""What is said below pages and entries, and who likes them, through SharePoint's own REST.

@pnp/sp 4.21.0 (read 2026-11-23), which calls it beta: without `$top` thirty comments come, newest first; answers and
likes can be had with them. It knows no mark, and neither a comment nor a like touches its page (from memory), so
each page is looked at again, the longer it was quiet the more seldom. What looks as before is not given again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint.client import REST, SITE_PATH, Item, values
from scrm.connectors.sharepoint.people import directory, logins
from scrm.connectors.sharepoint.place import COMMENTS, Place
from scrm.connectors.sharepoint.translation import placed, said_records
from scrm.errors import GoneError, PayloadError, RetryLaterError
from scrm.i18n import N_
from scrm.records import Record

PART = 100  # comments per call
PRINT = 16  # letters that tell one look from another
SOONEST, LATEST = timedelta(minutes=15), timedelta(days=2)
QUIET_PARTS = 10  # what was quiet for ten days is looked at once a day
EXPANDED = "replies,likedBy,replies/likedBy"


class Comments(ObjectStream):
    """Comments, answers and likes of one page after the other."""

    name = COMMENTS
    label = N_("Comments, answers and likes")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[Item] = []
        gone: list[str] = []
        again: dict[str, Again] = {}
        for ref in refs:
            try:
                found, again[ref.native_id] = _visit(api, ref)
            except GoneError:
                gone.append(ref.native_id)
            else:
                items += found
        return ObjectPage(items=tuple(with_people(api, items)), gone=tuple(gone), again=again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from placed(said_records(item), account)


@dataclass(kw_only=True)
class Visit:
    """How far one page was read, and how each part of it looked the last time."""

    part: int = 0
    latest: datetime | None = None  # when something was last said or liked
    prints: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, cursor: str | None) -> "Visit":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        part = fields.optional_text("part") or "0"
        if not part.isdecimal():
            raise PayloadError("cursor.part: expected a whole number")
        return cls(
            part=int(part),
            latest=fields.optional_time("latest"),
            prints=(fields.optional_text("prints") or "").split(),
        )

    def text(self) -> str:
        return pack(
            {
                "part": str(self.part) if self.part else None,
                "latest": self.latest.isoformat() if self.latest else None,
                "prints": " ".join(self.prints) or None,
            }
        )

    def looks_new(self, items: list[Item]) -> bool:
        """Whether this part differs from what it was; notes how it looks now."""
        looks = sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()[:PRINT]
        known = self.prints[self.part] if self.part < len(self.prints) else None
        self.prints[self.part : self.part + 1] = [looks]
        return looks != known


def _visit(api: Api, ref: ObjectRef) -> tuple[list[Item], Again]:
    place, visit = Place.parse(ref.fetch_ref or ""), Visit.parse(ref.cursor)
    comments = comments_part(api, place, visit.part)
    items = [one for comment in comments for one in with_below(comment, place)]
    if not visit.part:
        items += likes_of(api, place)
    found = items if visit.looks_new(items) else []
    visit.latest = max(filter(None, (visit.latest, place.at, *map(_time, items))))
    if len(comments) == PART:
        visit.part += 1
        return found, Again(after_seconds=0, cursor=visit.text())
    del visit.prints[visit.part + 1 :]
    visit.part = 0
    pause = min(max((api.now() - visit.latest) / QUIET_PARTS, SOONEST), LATEST)
    return found, Again(after_seconds=pause.total_seconds(), cursor=visit.text())


def in_item(api: Api, place: Place) -> str:
    """Where SharePoint's own REST knows a page or an entry."""
    site = f"{api.app['sharepoint_url'].rstrip('/')}{api.credentials[SITE_PATH]}"
    return f"{site}/_api/web/lists(guid'{place.list_id}')/items({place.number})"


def comments_part(api: Api, place: Place, part: int) -> list[Item]:
    """Some comments with the answers to them and their likes."""
    params = {"$expand": EXPANDED, "$top": str(PART), **({"$skip": str(part * PART)} if part else {})}
    answer = REST.json(api, f"{in_item(api, place)}/comments", params)
    found = values(Payload(answer, "comments"), api.network)
    if len(found) > PART:
        raise RetryLaterError("more came than was asked for", network=api.network)
    return found


def likes_of(api: Api, place: Place) -> list[Item]:
    """Who likes a page or an entry itself."""
    answer = REST.json(api, f"{in_item(api, place)}/likedByInformation", {"$expand": "likedby"})
    likes = Payload(answer, "likes").children("likedBy")
    return [{"like": one.raw(), "place": place.item()} for one in likes]


def with_below(comment: Item, place: Place) -> Iterator[Item]:
    """A comment, the answers to it and the likes of all of them, as items."""
    yield from _one(comment, place, {})
    answered = comment.get("author")
    for reply in Payload(comment, "comment").children("replies"):
        yield from _one(reply.raw(), place, {"answered": answered} if isinstance(answered, dict) else {})


def _one(comment: Item, place: Place, more: Item) -> Iterator[Item]:
    bare = {name: value for name, value in comment.items() if name not in NOT_KEPT}
    yield {"comment": bare, "place": place.item(), **more}
    for like in Payload(comment, "comment").children("likedBy"):
        yield {"like": like.raw(), "comment_id": comment.get("id"), "place": place.item()}


NOT_KEPT = frozenset({"replies", "likedBy", "likeCount", "isLikedByUser", "replyCount"})


def _time(item: Item) -> datetime | None:
    try:
        if "like" in item:
            return Payload(item).child("like").optional_time("creationDate")
        return Payload(item).child("comment").optional_time("createdDate")
    except PayloadError:
        return None  # to be quarantined


def with_people(api: Api, items: list[Item]) -> Iterator[Item]:
    """Comments and likes, each with those of its people whom the directory knows."""
    people = {str(one.get("userPrincipalName")).lower(): one for one in directory(api, _named(items))}
    by_id = {str(one.get("id")): one for one in people.values()}
    for item in items:
        names = [name for name in _named([item]) if name in people]
        author = by_id.get(str(item["place"]["author"]))
        shown = [people[name] for name in dict.fromkeys(names)]
        yield item | {"people": shown + ([author] if author is not None and author not in shown else [])}


def _named(items: list[Item]) -> Iterator[str | None]:
    for item in items:
        comment = item.get("comment") or {}
        mentions = comment.get("mentions")
        named = [item.get("like"), comment.get("author"), item.get("answered")]
        named += mentions if isinstance(mentions, list) else []
        yield from logins([one for one in named if isinstance(one, dict)])
