"""What stands below a post: comments with the answers to them, and reactions; each post from where it was left.

A post is read again after an eighth of the time that nothing new came, at least ten minutes and at most a day, and no
longer after a month of silence: some fifty readings for a post that nobody answers. `filter=stream` gives answers
among the comments (from memory, 2026-11-24; the parameters stand in Meta's own library, v26.0).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.facebook.client import CLIENT, RefusedError
from scrm.connectors.facebook.fields import ABOVE, COMMENT, REACTION
from scrm.connectors.facebook.position import Entry, Walk, step
from scrm.connectors.facebook.translation import comment_records, reaction_id, reaction_records
from scrm.connectors.graph import GraphPage, read_edge
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

Item = dict[str, Any]

COMMENTS, REACTIONS = "comments", "reactions"
OVERLAP = timedelta(minutes=10)
COMMENT_PAGE, REACTION_PAGE = "50", "100"
MOST_REACTIONS = 2000  # of one post; their authors' ids stand in its cursor
SOONEST, LATEST = 600.0, 86_400.0
SILENCE = timedelta(days=30)
PART = 8  # of the silence so far


def below_ref(created_at: datetime, author_id: str | None) -> str:
    """When a post was written and by whom: what its comments do not say."""
    return f"{int(created_at.timestamp())} {author_id or ''}".strip()


@dataclass(frozen=True, kw_only=True)
class Above:
    """The post that something stands below."""

    created_at: datetime
    author_id: str | None = None

    @classmethod
    def of(cls, ref: str) -> "Above":
        created, _, author = ref.partition(" ")
        if not created.removeprefix("-").isdigit():
            raise PayloadError("fetch_ref: expected a time")
        return cls(created_at=datetime.fromtimestamp(int(created), UTC), author_id=author or None)


def _about(api: Api, ref: ObjectRef, known: str | None) -> str:
    """What its order says of a post, or an earlier reading; of one that only a push has told of, it is read."""
    if ref.fetch_ref or known:
        return ref.fetch_ref or known or ""
    post = Payload(CLIENT.json(api, f"/{ref.native_id}", {"fields": ABOVE.text}), "post")
    author = post.optional_child("from")
    return below_ref(post.time("created_time"), author.optional_text("id") if author else None)


class Comments(ObjectStream):
    """Comments on a post and the answers to them, oldest first."""

    name = COMMENTS
    label = N_("Comments and answers below posts")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        ref, walk = refs[0], Walk.parse(refs[0].cursor, OVERLAP)
        params = [
            ("filter", "stream"),
            ("order", "chronological"),
            ("fields", COMMENT.text),
            ("limit", COMMENT_PAGE),
        ]
        if walk.since is not None:
            params.append(("since", str(int(walk.since.timestamp()))))
        try:
            walk = replace(walk, about=_about(api, ref, walk.about))
            page, walk = step(api, walk, f"/{ref.native_id}/comments", params)
        except (GoneError, RefusedError) as why:
            return _not_now(api, ref, walk.about, why)
        above = Above.of(walk.about or "")
        entries = {row: entry for row in page.rows if (entry := _entry(row))}
        items = [
            {"comment": row.raw(), "post": ref.native_id, "post_author": above.author_id}
            for row in page.rows
            if row not in entries or walk.is_fresh(entries[row])
        ]
        after = walk.after(list(entries.values()), page.next)
        if after.next is not None:
            return ObjectPage(items=tuple(items), again={ref.native_id: Again(after_seconds=0, cursor=after.text())})
        return _page(api, ref, items, max(above.created_at, after.latest or above.created_at), after.text())

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from comment_records(item, account)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Who reacted when the list was last read completely, and who does as far as it is read now."""

    known: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    next: str | None = None
    read_at: datetime | None = None  # None: never completely
    new_at: datetime | None = None  # when somebody new was last seen
    about: str | None = None  # of the post

    @classmethod
    def parse(cls, cursor: str | None) -> "Seen":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            known=tuple((fields.optional_text("known") or "").split()),
            found=tuple((fields.optional_text("found") or "").split()),
            next=fields.optional_text("next"),
            read_at=fields.optional_time("read_at"),
            new_at=fields.optional_time("new_at"),
            about=fields.optional_text("about"),
        )

    def missing(self) -> list[str]:
        """Whom the list no longer names; nobody as long as it was not read to its end."""
        found = set(self.found)
        return [one for one in self.known if self.next is None and one not in found]

    def text(self) -> str:
        return pack(
            {
                "known": " ".join(self.known) or None,
                "found": " ".join(self.found) or None,
                "next": self.next,
                "read_at": self.read_at.isoformat() if self.read_at else None,
                "new_at": self.new_at.isoformat() if self.new_at else None,
                "about": self.about,
            }
        )


class Reactions(ObjectStream):
    """Reactions to a post.

    The list has neither times nor an order to rely on, so it is always read completely: what is missing from it was
    taken back.
    """

    name = REACTIONS
    label = N_("Reactions to posts")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        ref, seen = refs[0], Seen.parse(refs[0].cursor)
        try:
            seen = replace(seen, about=_about(api, ref, seen.about))
            page, seen = _reactions(api, ref, seen)
        except (GoneError, RefusedError) as why:
            return _not_now(api, ref, seen.about, why)
        above = Above.of(seen.about or "")
        rows = {row.text("id"): row for row in page.rows if row.has("id")}
        fresh = [row for native, row in rows.items() if native not in {*seen.known, *seen.found}]
        now = api.now().replace(microsecond=0)
        # at the first reading nobody knows for how long they have been there
        seen_at = now if seen.read_at is not None else above.created_at
        items = [_reaction_item(row, ref, above, seen_at) for row in fresh]
        seen = replace(
            seen,
            found=tuple(dict.fromkeys((*seen.found, *rows))),
            next=page.next,
            new_at=seen_at if fresh else seen.new_at,
        )
        if page.next is not None and len(seen.found) < MOST_REACTIONS:
            return ObjectPage(items=tuple(items), again={ref.native_id: Again(after_seconds=0, cursor=seen.text())})
        gone = [reaction_id(ref.native_id, one) for one in seen.missing()]
        after = Seen(known=seen.found, read_at=now, new_at=seen.new_at, about=seen.about)
        active_at = max(above.created_at, seen.new_at or above.created_at)
        return _page(api, ref, items, active_at, after.text(), gone=gone)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from reaction_records(item, account)


def _reactions(api: Api, ref: ObjectRef, seen: Seen) -> tuple[GraphPage, Seen]:
    """The next page, and what was seen so far: begun anew when the place at which it goes on is lost."""
    if seen.next is not None:
        try:
            return read_edge(CLIENT, api, seen.next), seen
        except RefusedError:
            seen = replace(seen, found=(), next=None)
    params = [("fields", REACTION.text), ("limit", REACTION_PAGE)]
    return read_edge(CLIENT, api, f"/{ref.native_id}/reactions", params), seen


def _reaction_item(row: Payload, ref: ObjectRef, above: Above, seen_at: datetime) -> Item:
    return {
        "reaction": row.raw(),
        "object": ref.native_id,
        "object_author": above.author_id,
        "seen_at": seen_at.isoformat(),
    }


def _page(
    api: Api,
    ref: ObjectRef,
    items: Sequence[Item],
    active_at: datetime,
    cursor: str,
    *,
    gone: Sequence[str] = (),
) -> ObjectPage:
    """A complete reading, and when to read again; never, when nothing has happened for long."""
    silence = api.now() - active_at
    if silence >= SILENCE:
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=(ref.native_id,))
    wait = min(max(silence.total_seconds() / PART, SOONEST), LATEST)
    again = {ref.native_id: Again(after_seconds=wait, cursor=cursor)}
    return ObjectPage(items=tuple(items), gone=tuple(gone), again=again)


def _not_now(api: Api, ref: ObjectRef, about: str | None, why: GoneError | RefusedError) -> ObjectPage:
    """Whether a post is gone is for the recheck to find out, which ends this too; what has no such list ends here."""
    is_young = about is not None and api.now() - Above.of(about).created_at < SILENCE
    if isinstance(why, GoneError) and is_young:
        return ObjectPage(items=(), again={ref.native_id: Again(after_seconds=LATEST, cursor=ref.cursor)})
    return ObjectPage(items=(), ends=(ref.native_id,))


def _entry(comment: Payload) -> Entry | None:
    """None for a comment that makes no sense; it is handed over to be put aside."""
    try:
        return Entry.of(comment.text("id"), comment.time("created_time"))
    except PayloadError:
        return None
