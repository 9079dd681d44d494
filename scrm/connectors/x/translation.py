"""X's posts, messages and reactions as records; pure.

A post that was edited is one interaction: it is known by the first id of its chain whichever version came. Likes,
reposts and follows are known by who did it to what, because lists give them no id of their own. Object model and edit
history: docs.x.com, data dictionary and edit posts, read 2026-11-23.
"""

from collections.abc import Iterator
from datetime import datetime

from scrm.connectors.base import Account, WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.x.ids import moment
from scrm.connectors.x.people import SITE, bare, is_protected, key, person, profile, spelled_out
from scrm.connectors.x.vocabulary import history, note, references
from scrm.records import (
    Audience,
    DeletedKind,
    DeletionRecord,
    InteractionKind,
    InteractionRecord,
    ProfileRecord,
    Record,
)

NO_LANGUAGE = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})  # from memory, 2026-11-24
EDITS = "edits"
SETTLES_SECONDS = 60.0
LIKE, REPOST, FOLLOW = "like", "repost", "follow"


def chain_id(post: Payload) -> str:
    """The id by which a post is known for good: that of its first version."""
    return next(iter(history(post)), None) or post.text("id")


def post_records(item: Payload, account: Account) -> Iterator[Record]:
    """The author, whom the post answers, and the post itself."""
    post, users = item.child("post"), list(item.children("users"))
    target = {one.text("type"): one.text("id") for one in references(post)}
    others = {one.text("id"): one for one in item.children("posts")}
    author = person(post.text("author_id"), users)
    counterpart = _counterpart(post, target, others, users, author)
    if counterpart and counterpart.key == account.key:
        counterpart = None
    yield author
    if counterpart:
        yield counterpart
    repeated = target.get("retweeted")
    if repeated:
        fetch_ref = f"post {post.text('id')} {author.key.native_id}"
        yield share(author, _first(repeated, others), post.time("created_at"), counterpart, fetch_ref)
        return
    native = chain_id(post)
    parent, quoted = target.get("replied_to"), target.get("quoted")
    is_edited = native != post.text("id")
    created_at = post.time("created_at")
    yield InteractionRecord(
        key=key(native),
        kind=kind_of(post, account),
        author=author.key,
        occurred_at=(moment(native) or created_at) if is_edited else created_at,
        text=text_of(post),
        url=f"{SITE}/{author.handle or 'i'}/status/{post.text('id')}",
        audience=Audience.FOLLOWERS if is_protected(author.key.native_id, users) else Audience.PUBLIC,
        language=_language(post),
        thread_key=post.optional_text("conversation_id"),
        in_reply_to=_first(parent, others) if parent else None,
        target=_first(quoted, others) if quoted else None,
        counterpart=counterpart.key if counterpart else None,
        edited_at=created_at if is_edited else None,
        fetch_ref=f"post {post.text('id')} {author.key.native_id}",
        mentions=(account.key,) if names_us(post, account) else (),
    )


def _counterpart(
    post: Payload,
    target: dict[str, str],
    others: dict[str, Payload],
    users: list[Payload],
    author: ProfileRecord,
) -> ProfileRecord | None:
    """Whom the post answers, else whose post it quotes or repeats; nobody where people talk to themselves."""
    native = post.optional_text("in_reply_to_user_id")
    shown = others.get(target.get("quoted") or target.get("retweeted") or "")
    if native is None and shown is not None:
        native = shown.optional_text("author_id")
    return person(native, users) if native and native != author.key.native_id else None


def _first(native: str, others: dict[str, Payload]) -> str:
    """The id by which a post is known that is named by the id of one of its versions."""
    return chain_id(others[native]) if native in others else native


def kind_of(post: Payload, account: Account) -> InteractionKind:
    """What the post itself is, on whatever way it came."""
    kinds = {one.text("type") for one in references(post)}
    if "replied_to" in kinds or post.has("in_reply_to_user_id"):
        return InteractionKind.REPLY
    if "quoted" in kinds:
        return InteractionKind.QUOTE
    return InteractionKind.MENTION if names_us(post, account) else InteractionKind.POST


def names_us(post: Payload, account: Account) -> bool:
    entities = post.optional_child("entities")
    own = account.handle.casefold()
    return any(
        one.optional_text("id") == account.key.native_id or (one.optional_text("username") or "").casefold() == own
        for one in (entities.children("mentions") if entities else ())
    )


def text_of(post: Payload) -> str | None:
    """The whole text, with real links."""
    long = note(post)
    if long and long.has("text"):
        return spelled_out(long.text("text"), long.optional_child("entities") or post.optional_child("entities"))
    return spelled_out(post.optional_text("text"), post.optional_child("entities"))


def _language(post: Payload) -> str | None:
    language = post.optional_text("lang")
    return None if language in NO_LANGUAGE else language


def share(
    author: ProfileRecord,
    target: str,
    at: datetime,
    counterpart: ProfileRecord | None = None,
    fetch_ref: str | None = None,
) -> InteractionRecord:
    """Somebody repeated a post."""
    return InteractionRecord(
        key=key(f"{REPOST}:{author.key.native_id}:{target}"),
        kind=InteractionKind.SHARE,
        author=author.key,
        occurred_at=at,
        url=f"{SITE}/i/status/{target}",
        target=target,
        thread_key=target,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=fetch_ref or f"user {author.key.native_id}",
    )


def like(author: ProfileRecord, target: str, at: datetime) -> InteractionRecord:
    return InteractionRecord(
        key=key(f"{LIKE}:{author.key.native_id}:{target}"),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=at,
        url=f"{SITE}/i/status/{target}",
        target=target,
        thread_key=target,
        fetch_ref=f"user {author.key.native_id}",
    )


def follow(author: ProfileRecord, target: str, at: datetime) -> InteractionRecord:
    return InteractionRecord(
        key=key(f"{FOLLOW}:{author.key.native_id}:{target}"),
        kind=InteractionKind.FOLLOW,
        author=author.key,
        occurred_at=at,
        url=author.url,
        target=target,
        fetch_ref=f"user {author.key.native_id}",
    )


def reaction_records(item: Payload) -> Iterator[Record]:
    """Who likes or repeated a post. Lists do not say when, so the time of reading counts."""
    author = profile(item.child("user"))
    did = share if item.text("did") == REPOST else like
    yield author
    yield did(author, item.text("target"), item.time("at"))


def message_records(item: Payload, account: Account) -> Iterator[Record]:
    """A direct message of two people; who the other one is stands in the conversation's id."""
    message, users = item.child("message"), list(item.children("users"))
    author = person(message.text("sender_id"), users)
    conversation = message.text("dm_conversation_id")
    others = [one for one in conversation.split("-") if one not in {author.key.native_id, account.key.native_id}]
    counterpart = person(others[0], users) if others and author.key == account.key and "-" in conversation else None
    yield author
    if counterpart:
        yield counterpart
    yield InteractionRecord(
        key=key(message.text("id")),
        kind=InteractionKind.MESSAGE,
        author=author.key,
        occurred_at=message.time("created_at"),
        text=spelled_out(message.optional_text("text"), message.optional_child("entities")),
        audience=Audience.PRIVATE,
        thread_key=conversation,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=f"user {author.key.native_id}",
    )


def closed_account(native_id: str, at: datetime | None) -> DeletionRecord:
    return DeletionRecord(key=bare(native_id).key, kind=DeletedKind.PROFILE, deleted_at=at)


def edit_order(item: Payload) -> Iterator[WatchOrder]:
    """Have a post read once more when it cannot be edited any longer; nothing for those that never could."""
    post = item.child("post")
    controls = post.optional_child("edit_controls")
    until = controls.optional_time("editable_until") if controls else None
    if controls is None or until is None or not controls.flag("is_edit_eligible"):
        return
    read_at = item.optional_time("at") or post.time("created_at")
    if until > read_at:
        yield WatchOrder(
            stream=EDITS,
            native_id=chain_id(post),
            fetch_ref=post.text("id"),
            after_seconds=(until - read_at).total_seconds() + SETTLES_SECONDS,
        )
