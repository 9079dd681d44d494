"""What Facebook tells of a page: posts, comments, reactions, recommendations, messages.

Values as in Meta's pages "Webhooks for Pages" and "Page webhooks reference" and in captured deliveries, read
2026-11-23: `created_time` in seconds, `timestamp` of a message in milliseconds, `parent_id` of a comment is the
comment that is answered or the post. That lists of `item` and `verb` are complete is from memory, 2026-11-24.

What is told lacks what lists have: links, whom the page answers, names of people who write messages. So what cannot
be said completely is not said here but read at once, and what is said here is completed by the next reading.
"""

from collections.abc import Iterator
from datetime import datetime

from scrm.connectors.base import RECHECK, Account, Api, WatchOrder
from scrm.connectors.facebook.below import COMMENTS, REACTIONS
from scrm.connectors.facebook.client import CLIENT
from scrm.connectors.facebook.fields import SUBSCRIBED, SUBSCRIBED_MESSAGES
from scrm.connectors.facebook.translation import (
    COMMENT_KIND,
    POST_KIND,
    REACTION_KIND,
    key,
    message_record,
    people,
    person,
    rating_record,
    reaction_id,
    someone,
)
from scrm.connectors.graph import GraphPush, milliseconds_at, seconds_at
from scrm.connectors.payload import Payload
from scrm.records import (
    DeletedKind,
    DeletionRecord,
    InteractionKind,
    InteractionRecord,
    ProfileRecord,
    Record,
)

ADDED, EDITED, REMOVED, TOUCHED = frozenset({"add"}), frozenset({"edit", "edited"}), "remove", {"hide", "unhide"}
WRITTEN = ADDED | EDITED
PLAIN_POSTS = frozenset({"status", "post"})
POSTS = PLAIN_POSTS | {"photo", "video", "share", "link", "album", "event", "note"}
REACTED = frozenset({"reaction", "like"})
GROWS_SECONDS = 30.0  # several answers to one post arrive together


class PagePush(GraphPush):
    """Webhooks of the object "page"."""

    object = "page"
    client = CLIENT

    def fields(self, api: Api) -> tuple[str, ...]:
        scopes = api.credentials.get("scopes")
        may_read_messages = scopes is None or "pages_messaging" in scopes.split()
        return (*SUBSCRIBED, *SUBSCRIBED_MESSAGES) if may_read_messages else SUBSCRIBED

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("messaging"):
            yield from _message(item.child("messaging"), account)
            return
        told, field = Told(item.child("value")), item.text("field")
        if field == "ratings":
            yield from _rating(told, account)
        elif field in {"feed", "mention"}:
            yield from _written(told, account, is_mention=field == "mention")

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        if item.optional_text("field") != "feed":
            return
        told = Told(item.child("value"))
        post, comment = told.value.optional_text("post_id"), told.value.optional_text("comment_id")
        is_own = told.author_is(account)
        if post and comment and told.item == "comment":
            if told.verb in WRITTEN:
                yield _order(COMMENTS, post, 0 if is_own else GROWS_SECONDS)
            elif told.verb in TOUCHED:
                yield _order(RECHECK, comment, 0, f"{COMMENT_KIND} {post}")
        elif post and told.item in POSTS and told.verb in EDITED | TOUCHED:
            yield _order(RECHECK, post, 0, POST_KIND)
        elif post and not comment and told.item in REACTED and is_own:
            yield _order(REACTIONS, post, GROWS_SECONDS)

    def wakes(self, item: Payload) -> tuple[str, ...]:
        if item.has("messaging"):
            return ("conversations",) if item.child("messaging").has("message") else ()
        if item.optional_text("field") not in {"feed", "mention"}:
            return ()
        told = Told(item.child("value"))
        return ("feed",) if told.item in POSTS and told.verb in ADDED else ()


class Told:
    """The value of a change, whose names differ from field to field."""

    def __init__(self, value: Payload) -> None:
        self.value = value
        self.item = value.optional_text("item") or ""
        self.verb = value.optional_text("verb") or ""

    def author(self, account: Account) -> ProfileRecord | None:
        for native, name in (("sender_id", "sender_name"), ("reviewer_id", "reviewer_name")):
            if found := self.value.optional_text(native):
                return person(found, self.value.optional_text(name), account)
        return someone(self.value.optional_child("from"), account)

    def author_is(self, account: Account) -> bool:
        author = self.author(account)
        return author is not None and author.key == account.key

    @property
    def at(self) -> datetime:
        return seconds_at(self.value, "created_time")


def _order(stream: str, native_id: str, after_seconds: float, fetch_ref: str | None = None) -> WatchOrder:
    return WatchOrder(stream=stream, native_id=native_id, fetch_ref=fetch_ref, after_seconds=after_seconds)


def _gone(native_id: str, account: Account) -> DeletionRecord:
    return DeletionRecord(key=key(native_id, account), kind=DeletedKind.INTERACTION)


def _written(told: Told, account: Account, *, is_mention: bool) -> Iterator[Record]:
    author = told.author(account)
    if told.item in REACTED:
        yield from _reaction(told, author, account)
    elif told.item == "comment":
        yield from _comment(told, author, account, is_mention=is_mention)
    elif told.item in POSTS:
        yield from _post(told, author, account, is_mention=is_mention)


def _post(told: Told, author: ProfileRecord | None, account: Account, *, is_mention: bool) -> Iterator[Record]:
    """Plain posts; of those with pictures and the like lists tell more."""
    native = told.value.text("post_id")
    if told.verb == REMOVED:
        yield _gone(native, account)
    if told.verb not in ADDED or told.item not in PLAIN_POSTS or author is None:
        return
    yield from people(account, author)
    yield InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.MENTION if is_mention else InteractionKind.POST,
        author=author.key,
        occurred_at=told.at,
        text=told.value.optional_text("message"),
        thread_key=native,
        fetch_ref=POST_KIND,
        mentions=(account.key,) if is_mention else (),
    )


def _comment(told: Told, author: ProfileRecord | None, account: Account, *, is_mention: bool) -> Iterator[Record]:
    """What people write; whom the page itself answers is not told, so its comments are read."""
    native, post = told.value.text("comment_id"), told.value.text("post_id")
    if told.verb == REMOVED:
        yield _gone(native, account)
    if told.verb not in WRITTEN or author is None or author.key == account.key:
        return
    yield author
    yield InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=told.at,
        text=told.value.optional_text("message"),
        thread_key=post,
        in_reply_to=told.value.optional_text("parent_id") or post,
        fetch_ref=f"{COMMENT_KIND} {post}",
        mentions=(account.key,) if is_mention else (),
    )


def _reaction(told: Told, author: ProfileRecord | None, account: Account) -> Iterator[Record]:
    """Taken back by the same key; to whom the page reacts is not told, so its reactions are read."""
    where = told.value.optional_text("comment_id") or told.value.text("post_id")
    if author is None:
        return
    native = reaction_id(where, author.key.native_id)
    if told.verb == REMOVED:
        yield DeletionRecord(key=key(native, account), kind=DeletedKind.INTERACTION, deleted_at=told.at)
    if told.verb not in WRITTEN or author.key == account.key:
        return
    yield author
    yield InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=told.at,
        target=where,
        thread_key=told.value.text("post_id"),
        fetch_ref=f"{REACTION_KIND} {where} {author.key.native_id}",
    )


def _rating(told: Told, account: Account) -> Iterator[Record]:
    author, native = told.author(account), told.value.optional_text("open_graph_story_id")
    if told.item != "rating" or native is None:
        return
    if told.verb == REMOVED:
        yield _gone(native, account)
    elif told.verb in WRITTEN and author is not None:
        yield author
        yield rating_record(native, author.key, told.at, told.value.optional_text("review_text"), account)


def _message(event: Payload, account: Account) -> Iterator[Record]:
    """A message or our answer to one. Receipts and the like are no messages; names are read by the list."""
    message = event.optional_child("message")
    if message is None:
        return
    sender, recipient = event.child("sender").text("id"), event.child("recipient").text("id")
    other = person(recipient if sender == account.key.native_id else sender, None, account)
    answered = message.optional_child("reply_to")
    yield from people(account, other)
    yield message_record(
        message.text("mid"),
        milliseconds_at(event, "timestamp"),
        message.optional_text("text"),
        answered.optional_text("mid") if answered else None,
        sender=key(sender, account),
        other=other.key,
        account=account,
    )
