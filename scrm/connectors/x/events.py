"""What a delivery of the X Activity API tells, as records; pure.

docs.x.com, X Activity API event payloads, read 2026-11-24: posts and users as the lists give them, in the words of
tweets, users wrapped in `data` here and bare there. The same things get the same ids as on the lists.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scrm.connectors.base import Account, WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.x.people import key, profile
from scrm.connectors.x.translation import (
    chain_id,
    edit_order,
    follow,
    like,
    message_records,
    post_records,
)
from scrm.connectors.x.vocabulary import included_posts, references
from scrm.errors import PayloadError
from scrm.records import DeletedKind, DeletionRecord, ProfileRecord, Record, WebLink

WRITTEN = frozenset({"post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create"})
LIKED, FOLLOWED, RECEIVED, DELETED = "like.create", "follow.follow", "dm.received", "post.delete"
PROFILE = "profile.update."


def event_records(item: Payload, account: Account) -> Iterator[Record]:
    """Records of one event; nothing for types we did not ask for."""
    kind, payload = item.text("event_type"), item.child("payload")
    if kind in WRITTEN:
        yield from post_records(as_item(item), account)
    elif kind == LIKED:
        yield from _like(item, payload, account)
    elif kind == FOLLOWED:
        source, target = _bare(payload.child("source")), _bare(payload.child("target"))
        author = profile(source)
        yield author
        yield follow(author, target.text("id"), item.time("received_at"))
    elif kind == RECEIVED:
        for message in payload.children("direct_message_events"):
            if message.text("type") == "message_create":
                yield from message_records(_message(payload, message), account)
    elif kind == DELETED:
        yield DeletionRecord(key=key(payload.text("id")), kind=DeletedKind.INTERACTION)
    elif kind.startswith(PROFILE):
        yield from _change(kind.removeprefix(PROFILE), payload, account)


def as_item(item: Payload) -> Payload:
    """A post that came by an event as the lists' items have it."""
    includes = item.optional_child("includes") or Payload({})
    post = item.child("payload")
    return Payload(
        {
            "post": post.raw(),
            "posts": [one.raw() for one in included_posts(includes)],
            "users": [_bare(one).raw() for one in includes.children("users")],
        },
        item.path,
    )


def _bare(user: Payload) -> Payload:
    return user.optional_child("data") or user


def _like(item: Payload, payload: Payload, account: Account) -> Iterator[Record]:
    includes = item.optional_child("includes") or Payload({})
    posts = {one.text("id"): one for one in included_posts(includes)}
    liked, owner = payload.text("liked_tweet_id"), payload.text("liked_tweet_author_id")
    users = [_bare(one) for one in includes.children("users")]
    # who likes is told only by coming along beside whom the post belongs to
    author = next(
        (profile(one) for one in users if one.optional_text("id") not in {owner, account.key.native_id}), None
    )
    if author is None:
        raise PayloadError(f"{item.path}.includes.users: expected who likes")
    target = chain_id(posts[liked]) if liked in posts else liked
    yield author
    yield like(author, target, payload.time("created_at"))


def _message(payload: Payload, message: Payload) -> Payload:
    """A message of the older form as the lists have it."""
    created = message.child("message_create")
    sender, recipient = created.text("sender_id"), created.child("target").text("recipient_id")
    said = created.child("message_data")
    users = payload.optional_child("users")
    known = [_bare(users.child(name)).raw() for name in users.raw()] if users is not None else []
    return Payload(
        {
            "message": {
                "id": message.text("id"),
                "created_at": _time(message),
                "sender_id": sender,
                "dm_conversation_id": "-".join(sorted((sender, recipient), key=lambda one: (len(one), one))),
                "text": said.optional_text("text"),
                "entities": said.raw().get("entities"),
            },
            "users": known,
        },
        message.path,
    )


def _time(message: Payload) -> str:
    milliseconds = message.text("created_timestamp")
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 15):
        raise PayloadError(f"{message.path}.created_timestamp: expected milliseconds")
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))).isoformat()


def _change(what: str, payload: Payload, account: Account) -> Iterator[Record]:
    """One thing that we changed on our own profile."""
    after = payload.optional_text("after")
    known = {"handle": "handle", "screenname": "display_name", "bio": "bio", "geo": "location"}
    if after and what in known:
        yield ProfileRecord(key=account.key, full=False, **{known[what]: after})  # type: ignore[arg-type]
    elif after and what == "url":
        yield ProfileRecord(key=account.key, full=False, links=(WebLink(url=after),))


def event_orders(item: Payload) -> Iterator[WatchOrder]:
    """A post that came by an event may be edited like any other."""
    if item.text("event_type") in WRITTEN:
        wrapped = as_item(item)
        if not any(one.text("type") == "retweeted" for one in references(wrapped.child("post"))):
            yield from edit_order(wrapped)
