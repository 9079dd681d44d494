"""Google+ posts, comments, +1s and reshares as records; pure.

Shape: the list of keys in FiXato/Plexodus-Tools (activity_data_structure.md) and its scripts for the activity log;
kugelfish.com, "Google+ Migration", parts II and IV (read 2026-11-24). All keys may be missing. The same post is saved
as JSON or as HTML, as the person chose, so everything is known by what both of them tell: a post by the end of its
address, a person by the number or else the name in theirs, a comment by its post, its second and the name of its
author. Nothing tells when somebody gave a +1 or reshared; the post's time stands for it.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote

from scrm.connectors.base import Account
from scrm.connectors.googleplus.places import SITE, audience, community, key, place
from scrm.connectors.payload import EARLIEST, LATEST, Payload
from scrm.connectors.text import html_to_text
from scrm.errors import PayloadError
from scrm.records import (
    Audience,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
)

ADDRESS = re.compile(r"https?://plus\.google\.com/(?:u/\d+/)?(?P<who>\+[^/?#]+|\d+)(?:/posts/(?P<post>[\w-]+))?")
MENTION = re.compile(r"<a\b[^>]*\bproflink\b[^>]*>")
MENTIONED = re.compile(r'\boid="(\d+)"')
EVERYBODY = "PUBLIC"  # in the activity log


def person(who: Payload | None) -> ProfileRecord | None:
    """Somebody as a post names them; None when neither number nor address came along."""
    if who is None:
        return None
    found = ADDRESS.match(who.optional_text("profilePageUrl") or "")
    number = (who.optional_text("resourceName") or "").removeprefix("users/")
    shown = unquote(found["who"]) if found else ""
    native = number if number.isascii() and number.isdigit() else shown.casefold()
    if not native:
        return None
    return ProfileRecord(
        key=key(native),
        handle=shown.removeprefix("+") if shown.startswith("+") else None,
        display_name=who.optional_text("displayName"),
        url=f"{SITE}/{found['who'] if found else native}",
        full=False,
    )


def post_id(post: Payload) -> str:
    """The end of a post's address, else the name by which the archive knows it."""
    found = ADDRESS.match(post.optional_text("url") or "")
    return (found["post"] if found else None) or post.text("resourceName")


def records(item: Payload, account: Account) -> Iterator[Record]:
    """The records of one item of an archive."""
    parts = item.raw()
    if "activity" in parts:
        yield from _activity(item, account)
    elif "comment" in parts:
        yield from _comment(item.child("comment"), item.child("post"), account)
    elif "plus_one" in parts:
        who = item.child("plus_one").optional_child("plusOner")
        yield from _reaction(who, item.child("post"), InteractionKind.REACTION, account)
    elif "reshare" in parts:
        who = item.child("reshare").optional_child("resharer")
        yield from _reaction(who, item.child("post"), InteractionKind.SHARE, account)
    else:
        yield from _post(item.child("post"), account)


def _post(post: Payload, account: Account) -> Iterator[Record]:
    author = person(post.optional_child("author"))
    if author is None:
        raise PayloadError(f"{post.path}.author: expected somebody with an address")
    shared = post.optional_child("resharedPost")
    whose = person(shared.optional_child("author")) if shared else None
    counterpart = whose if whose and whose.key != author.key else None
    html, said_at = post.optional_text("content"), post.time("creationTime")
    text = _text(html) or _link(post)
    mentions = _mentions(html, author, account)
    if within := community(post):
        yield within
    yield author
    if counterpart:
        yield counterpart
    yield InteractionRecord(
        key=key(post_id(post)),
        kind=_kind(is_shared=shared is not None, has_text=html is not None, names_us=bool(mentions)),
        author=author.key,
        occurred_at=said_at,
        text=text,
        url=post.optional_text("url"),
        audience=audience(post),
        community=within.key if within else None,
        thread_key=post_id(post),
        target=_shared_id(shared) if shared else None,
        counterpart=counterpart.key if counterpart else None,
        edited_at=_edited(post, said_at),
        mentions=mentions,
    )


def _kind(*, is_shared: bool, has_text: bool, names_us: bool) -> InteractionKind:
    if is_shared:
        return InteractionKind.QUOTE if has_text else InteractionKind.SHARE
    return InteractionKind.MENTION if names_us else InteractionKind.POST


def _shared_id(shared: Payload) -> str | None:
    found = ADDRESS.match(shared.optional_text("url") or "")
    return (found["post"] if found else None) or shared.optional_text("resourceName")


def _comment(comment: Payload, post: Payload, account: Account) -> Iterator[Record]:
    author = person(comment.optional_child("author"))
    if author is None:
        raise PayloadError(f"{comment.path}.author: expected somebody with an address")
    html, at, said_at = comment.optional_text("content"), post_id(post), comment.time("creationTime")
    owner = person(post.optional_child("author")) if author.key == account.key else None
    answered = owner if owner and owner.key != account.key else None
    yield author
    if answered:
        yield answered
    yield InteractionRecord(
        key=key(comment_id(at, said_at, author.display_name)),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=said_at,
        text=_text(html),
        url=post.optional_text("url"),
        audience=audience(post),
        community=place(post),
        thread_key=at,
        in_reply_to=at,
        counterpart=answered.key if answered else None,
        edited_at=_edited(comment, said_at),
        mentions=_mentions(html, author, account),
    )


def comment_id(post: str, at: datetime, name: str | None) -> str:
    """What pages and JSON both tell of a comment; the name only as a digest."""
    who = hashlib.sha256((name or "").encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"comment:{post}:{int(at.timestamp())}:{who}"


def _reaction(who: Payload | None, post: Payload, kind: InteractionKind, account: Account) -> Iterator[Record]:
    author = person(who)
    if author is None:
        raise PayloadError(f"{post.path}: expected somebody with an address")
    owner = person(post.optional_child("author")) if author.key == account.key else None
    if owner and owner.key == author.key:
        owner = None
    yield author
    if owner:
        yield owner
    at, seen_by = post.time("creationTime"), audience(post)
    yield _reacted(author.key, post_id(post), at, kind, seen_by, owner, within=place(post))


def _reacted(  # noqa: PLR0913 - a reaction is made of these
    author: Key,
    post: str,
    at: datetime,
    kind: InteractionKind,
    seen_by: Audience,
    owner: ProfileRecord | None,
    *,
    within: Key | None = None,
) -> InteractionRecord:
    word = "plus-one" if kind is InteractionKind.REACTION else "reshare"
    return InteractionRecord(
        key=key(f"{word}:{author.native_id}:{post}"),
        kind=kind,
        author=author,
        occurred_at=at,
        audience=seen_by,
        community=within,
        target=post,
        thread_key=post,
        counterpart=owner.key if owner else None,
    )


def _activity(item: Payload, account: Account) -> Iterator[Record]:
    """What the owner did at posts of others; nothing for the log's other sorts of entries."""
    entry = item.child("activity")
    said, liked = entry.optional_child("commentCreatedItem"), entry.optional_child("postPlusOneAddedItem")
    what = said or liked
    if what is None:
        return
    address = what.text("postPermalink")
    found = ADDRESS.match(address)
    if found is None or found["post"] is None:
        raise PayloadError(f"{what.path}.postPermalink: expected the address of a post")
    us, owner = item.optional_child("owner"), person(Payload({"profilePageUrl": address}))
    if owner and owner.key in {account.key, *_own_keys(us)}:
        owner = None
    at = _milliseconds(entry)
    seen_by = Audience.PUBLIC if entry.optional_text("visibility") == EVERYBODY else Audience.PRIVATE
    yield ProfileRecord(key=account.key, full=False)
    if owner:
        yield owner
    if liked:
        yield _reacted(account.key, found["post"], at, InteractionKind.REACTION, seen_by, owner)
        return
    yield InteractionRecord(
        key=key(comment_id(found["post"], at, us.optional_text("displayName") if us else None)),
        kind=InteractionKind.REPLY,
        author=account.key,
        occurred_at=at,
        text=_text(entry.optional_text("primaryText")),
        url=address,
        audience=seen_by,
        thread_key=found["post"],
        in_reply_to=found["post"],
        counterpart=owner.key if owner else None,
    )


def _own_keys(us: Payload | None) -> Iterator[Key]:
    """By what else than their number the owner is known: the name in the address of their posts."""
    record = person(Payload({"profilePageUrl": us.optional_text("profilePageUrl")})) if us else None
    if record:
        yield record.key


def _milliseconds(entry: Payload) -> datetime:
    text = entry.text("timestampMs")
    try:
        at = datetime.fromtimestamp(int(text) // 1000, UTC)  # posts know whole seconds only
    except (ValueError, OverflowError, OSError):
        at = None
    if at is None or not EARLIEST <= at.year < LATEST:
        raise PayloadError(f"{entry.path}.timestampMs: expected milliseconds since 1970")
    return at


def _edited(item: Payload, said_at: datetime) -> datetime | None:
    changed = item.optional_time("updateTime")
    return changed if changed and changed > said_at else None


def _text(html: str | None) -> str | None:
    """The text; people who are named stay as +Name, without the address of a page that is gone."""
    return html_to_text(MENTION.sub("<a>", html)) or None if html else None


def _link(post: Payload) -> str | None:
    """What a post without words shows: the page it links to."""
    link = post.optional_child("link")
    parts = [link.optional_text("title"), link.optional_text("url")] if link else []
    return "\n".join(part for part in parts if part) or None


def _mentions(html: str | None, author: ProfileRecord, account: Account) -> tuple[Key, ...]:
    if html is None or "proflink" not in html:
        return ()
    named = {number for tag in MENTION.findall(html) for number in MENTIONED.findall(tag)}
    return (account.key,) if account.key.native_id in named and author.key != account.key else ()
