"""LinkedIn's posts, comments, reactions and notices as records; pure.

Entities as in posts-api, comments-api, reactions-api and organization-social-action-notifications
(learn.microsoft.com/linkedin, read 2026-11-23). Posts are known by their share or ugcPost URN, comments by theirs,
reactions by who did it to what. The ids of people hold for one app only: with another app they are other people.

Traps: a notice names the post by its activity, and the share only in the decoration; a pushed notice leaves an inner
`urn:li:` out; nobody's name stands in what they wrote, so it is read beside it and may not be visible.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from scrm.connectors.base import Account
from scrm.connectors.linkedin.text import plain
from scrm.connectors.payload import Payload
from scrm.connectors.restli import moment, tail
from scrm.errors import PayloadError
from scrm.records import (
    Audience,
    DeletedKind,
    DeletionRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
    WebLink,
)

NETWORK = "linkedin"
SITE = "https://www.linkedin.com"
PERSON, ORGANIZATION = "urn:li:person:", "urn:li:organization:"
HIDDEN = "private"  # stands for the id, and for both names, of people who do not want to be seen outside LinkedIn
AUDIENCES = {
    "PUBLIC": Audience.PUBLIC,
    "LOGGED_IN": Audience.COMMUNITY,
    "CONNECTIONS": Audience.FOLLOWERS,
    "CONTAINER": Audience.COMMUNITY,
}
SHARED = frozenset({"SHARE", "SHARE_MENTION"})
LIKE = re.compile(r"urn:li:like:\((?P<actor>[^,()]+),(?P<target>.+)\)")
COMMENT = re.compile(r"urn:li:comment:\((?P<thread>[^,()]+),(?P<number>\d+)\)")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The post of ours below which something was said, and who may read it."""

    post: str
    visibility: str

    @classmethod
    def of(cls, item: Payload) -> "Place":
        on = item.child("on")
        return cls(post=on.text("post"), visibility=on.text("visibility"))

    def item(self) -> dict[str, str]:
        return {"post": self.post, "visibility": self.visibility}


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def whole(urn: str) -> str:
    """A URN with the `urn:li:` that deliveries leave out."""
    return urn if urn.startswith("urn:") else f"urn:li:{urn}"


def comment_urn(text: str, path: str) -> str:
    """The URN of a comment as the lists write it."""
    found = COMMENT.fullmatch(text)
    if found is None:
        raise PayloadError(f"{path}: expected the URN of a comment")
    return f"urn:li:comment:({whole(found['thread'])},{found['number']})"


def comment_number(urn: str) -> str:
    found = COMMENT.fullmatch(urn)
    if found is None:
        raise PayloadError("expected the URN of a comment")
    return found["number"]


def address_of(post: str, comment: str | None = None) -> str:
    """Where people read it (from memory)."""
    return f"{SITE}/feed/update/{post}/" + (f"?commentUrn={quote(comment, safe='')}" if comment else "")


def person(urn: str, shown: Payload | None) -> ProfileRecord:
    """Somebody as LinkedIn shows them to us; `shown` None: was not asked for now."""
    if shown is None:
        return ProfileRecord(key=key(urn), full=False)
    if urn.startswith(ORGANIZATION):
        return organization(urn, shown)
    named = shown.text("id")
    if named == HIDDEN:
        return ProfileRecord(key=key(urn))
    if named != tail(urn):
        raise PayloadError(f"{shown.path}.id: expected whoever did it")
    names = [shown.optional_text("localizedFirstName"), shown.optional_text("localizedLastName")]
    name = " ".join(part for part in names if part and part != HIDDEN)
    handle = shown.optional_text("vanityName")
    return ProfileRecord(
        key=key(urn),
        handle=handle,
        display_name=name or None,
        url=f"{SITE}/in/{quote(handle, safe='')}/" if handle else None,
        bio=shown.optional_text("localizedHeadline"),
    )


def organization(urn: str, shown: Payload) -> ProfileRecord:
    """A page; whether it is ours or another one."""
    if shown.text("id") != tail(urn):
        raise PayloadError(f"{shown.path}.id: expected the page that did it")
    handle, site = shown.optional_text("vanityName"), shown.optional_text("localizedWebsite")
    return ProfileRecord(
        key=key(urn),
        handle=handle,
        display_name=shown.optional_text("localizedName"),
        url=f"{SITE}/company/{quote(handle, safe='')}/" if handle else None,
        bio=shown.optional_text("localizedDescription"),
        links=(WebLink(url=site),) if site else (),
        is_organization=True,
    )


def _actor(urn: str, item: Payload, account: Account) -> ProfileRecord:
    """Whoever did it; our own page is known since the sign-in."""
    if not urn.startswith("urn:li:"):
        raise PayloadError(f"{item.path}: expected the URN of whoever did it")
    if urn == account.key.native_id:
        return ProfileRecord(key=account.key, handle=account.handle, full=False)
    return person(urn, item.optional_child("author"))


def post_records(item: Payload, account: Account) -> Iterator[Record]:
    """A post of our page, or what it shares of others."""
    post = item.child("post")
    if post.text("author") != account.key.native_id:
        raise PayloadError(f"{post.path}.author: expected our page")
    if post.text("lifecycleState") != "PUBLISHED":
        return
    urn, text = post.text("id"), plain(post.optional_text("commentary") or "")
    context = post.optional_child("reshareContext")
    shared = context.text("parent") if context else None
    state = post.optional_child("lifecycleStateInfo")
    created = "publishedAt" if post.has("publishedAt") else "createdAt"
    yield ProfileRecord(key=account.key, handle=account.handle, full=False)
    yield InteractionRecord(
        key=key(urn),
        kind=_shared_as(text) if shared else InteractionKind.POST,
        author=account.key,
        occurred_at=moment(post, created),
        text=text or None,
        url=address_of(urn),
        audience=_audience(post.optional_text("visibility")),
        thread_key=urn,
        target=shared,
        edited_at=moment(post, "lastModifiedAt") if state and state.flag("isEditedByAuthor") else None,
        fetch_ref=f"post {urn}",
    )


def comment_records(item: Payload, account: Account) -> Iterator[Record]:
    """A comment below a post of ours, or an answer to one."""
    comment, place = item.child("comment"), Place.of(item)
    urn = comment_urn(comment.text("commentUrn"), f"{comment.path}.commentUrn")
    author = _actor(comment.text("actor"), item, account)
    parent, answered = comment.optional_text("parentComment"), item.optional_text("answered")
    parent = comment_urn(parent, f"{comment.path}.parentComment") if parent else None
    is_ours = author.key == account.key
    counterpart = key(answered) if is_ours and answered and answered != account.key.native_id else None
    said, changed = moment(comment.child("created"), "time"), moment(comment.child("lastModified"), "time")
    message = comment.child("message")
    yield author
    if counterpart:
        yield ProfileRecord(key=counterpart, full=False)
    yield InteractionRecord(
        key=key(urn),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=said,
        text=message.optional_text("text"),
        url=address_of(place.post, urn),
        audience=_audience(place.visibility),
        thread_key=place.post,
        in_reply_to=parent or place.post,
        counterpart=counterpart,
        edited_at=changed if changed > said else None,
        fetch_ref=f"comment {parent or place.post} {comment.text('id')} {place.post} {place.visibility}",
        mentions=(account.key,) if account.key.native_id in _named(message) else (),
    )


def _named(message: Payload) -> set[str]:
    """The URNs of those who are named in a comment."""
    found = set()
    for attribute in message.children("attributes"):
        value = attribute.optional_child("value")
        for kind in ("organization", "person"):
            inner = value.optional_child(kind) if value else None
            urn = inner.optional_text(kind) if inner else None
            if urn:
                found.add(urn)
    return found


def reaction_records(item: Payload, account: Account) -> Iterator[Record]:
    """A reaction to a post of ours or to a comment below one; of which kind is not kept."""
    reaction, place, target = item.child("reaction"), Place.of(item), item.text("target")
    author = _actor(reaction.child("created").text("actor"), item, account)
    yield author
    yield InteractionRecord(
        key=key(reaction.text("id")),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=moment(reaction.child("created"), "time"),
        url=address_of(place.post, target if target != place.post else None),
        audience=_audience(place.visibility),
        thread_key=place.post,
        target=target,
        fetch_ref=f"reaction {target} {author.key.native_id} {place.post} {place.visibility}",
    )


def notice_records(item: Payload, account: Account) -> Iterator[Record]:
    """What a notice says by itself; comments are read where they stand, because there is more of them there."""
    notice = item.child("notice")
    action = notice.text("action")
    if action == "LIKE":
        yield from _liked(notice, account)
    elif action == "COMMENT_DELETE":
        yield _deleted(comment_urn(notice.text("generatedActivity"), f"{notice.path}.generatedActivity"))
    elif action in SHARED:
        yield from _shared(item, notice, action, account)


def source_of(notice: Payload, account: Account) -> str | None:
    """The post of ours that a notice is about, as long as it exists."""
    source = notice.optional_child("decoratedSourcePost")
    if source is None or source.optional_text("owner") != account.key.native_id:
        return None
    return source.text("entity")


def _liked(notice: Payload, account: Account) -> Iterator[Record]:
    """The same reaction as in the list; names are found there, and whether it still stands."""
    found = LIKE.fullmatch(notice.text("generatedActivity"))
    post = source_of(notice, account)
    if found is None:
        raise PayloadError(f"{notice.path}.generatedActivity: expected the URN of a like")
    if post is None:
        return
    actor = whole(found["actor"])
    author = _actor(actor, notice, account)
    yield author
    yield InteractionRecord(
        key=key(f"urn:li:reaction:({actor},{whole(found['target'])})"),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=moment(notice, "lastModifiedAt"),
        url=address_of(post),
        thread_key=post,
        target=post,
        fetch_ref=f"reaction {post} {actor} {post} PUBLIC",
    )


def _shared(item: Payload, notice: Payload, action: str, account: Account) -> Iterator[Record]:
    """Somebody shared a post of ours, or named us; without its decoration what they wrote is gone."""
    urn = notice.text("generatedActivity")
    decorated = notice.optional_child("decoratedGeneratedActivity")
    share = decorated.optional_child("share") if decorated else None
    if share is None:
        yield _deleted(urn)
        return
    author, text = _actor(share.text("owner"), item, account), share.optional_text("text")
    is_mention = action == "SHARE_MENTION"
    yield author
    yield InteractionRecord(
        key=key(share.text("entity")),
        kind=InteractionKind.MENTION if is_mention else _shared_as(text),
        author=author.key,
        occurred_at=moment(notice, "lastModifiedAt"),
        text=text,
        url=address_of(share.text("entity")),
        thread_key=share.text("entity"),
        target=None if is_mention else source_of(notice, account),
        fetch_ref=f"notice {notice.number('lastModifiedAt')} {share.text('entity')}",
        mentions=(account.key,) if is_mention else (),
    )


def _deleted(urn: str) -> DeletionRecord:
    return DeletionRecord(key=key(urn), kind=DeletedKind.INTERACTION)


def _shared_as(text: str | None) -> InteractionKind:
    return InteractionKind.QUOTE if text else InteractionKind.SHARE


def _audience(visibility: str | None) -> Audience:
    """Who may read it; a word we do not know counts as the narrowest."""
    return AUDIENCES.get(visibility or "", Audience.PRIVATE)
