"""Facebook's posts, comments, reactions, recommendations and messages as records; pure.

Fields as `fields` lists them. A person's id holds for one page alone (Meta's page "Pages API overview", read
2026-11-23), so everything has the page as its scope. What has no author (`from` is left out where the access lacks a
permission, and for some people always) belongs on nobody's timeline and gives no records. A reaction has no id; it is
known by who reacts to what.

From memory, 2026-11-24: accounts that are closed are named "Facebook User"; `reply_to` of a message holds `mid` or
`id`; `privacy.value` of a post is EVERYONE or empty when it is public.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.records import Audience, InteractionKind, InteractionRecord, Key, ProfileRecord, Record, WebLink

NETWORK = "facebook"
NOBODY = "Facebook User"
PUBLIC = frozenset({"", "EVERYONE"})
# the first word of every fetch_ref
POST_KIND, COMMENT_KIND, MESSAGE_KIND, RATING_KIND, REACTION_KIND = "post", "comment", "message", "rating", "reaction"


def key(native_id: str, account: Account) -> Key:
    return Key(network=NETWORK, native_id=native_id, scope=account.key.scope)


def page_key(page_id: str) -> Key:
    """The key of a connected page: it is its own scope."""
    return Key(network=NETWORK, native_id=page_id, scope=page_id)


def reaction_id(object_id: str, author_id: str) -> str:
    return f"reaction:{author_id}:{object_id}"


def own_profile(page: Payload) -> ProfileRecord:
    """The connected page as it shows itself."""
    website, place = page.optional_text("website"), page.optional_child("location")
    parts = [place.optional_text(name) for name in ("city", "country")] if place else []
    return ProfileRecord(
        key=page_key(page.text("id")),
        handle=page.optional_text("username"),
        display_name=page.text("name"),
        url=page.optional_text("link"),
        bio=page.optional_text("about"),
        location=", ".join(part for part in parts if part) or None,
        email=next(iter(page.texts("emails")), None),
        links=(WebLink(url=website),) if website else (),
        is_organization=True,
    )


def person(native_id: str, name: str | None, account: Account) -> ProfileRecord:
    """Somebody of whom nothing but a name is ever shown."""
    return ProfileRecord(key=key(native_id, account), display_name=None if name == NOBODY else name, full=False)


def people(account: Account, *records: ProfileRecord | None) -> Iterator[ProfileRecord]:
    """Those who are not the page itself, of whom its own reading tells more."""
    return (record for record in records if record is not None and record.key != account.key)


def someone(who: Payload | None, account: Account) -> ProfileRecord | None:
    """The profile of `{"id", "name"}`; None without an id."""
    native = who.optional_text("id") if who else None
    return person(native, who.optional_text("name"), account) if who and native else None


def post_records(post: Payload, account: Account) -> Iterator[Record]:
    """A post of the page, of a visitor on it, or of somebody elsewhere who names it."""
    author = someone(post.optional_child("from"), account)
    native, text, shared = post.text("id"), post.optional_text("message"), post.optional_text("parent_id")
    if author is None:
        return
    yield from people(account, author)
    yield InteractionRecord(
        key=key(native, account),
        kind=post_kind(native, account, shared=shared, text=text),
        author=author.key,
        occurred_at=post.time("created_time"),
        text=text,
        url=post.optional_text("permalink_url"),
        audience=_post_audience(post),
        thread_key=native,
        target=shared,
        fetch_ref=POST_KIND,
        mentions=_mentions(post, account),
    )


def post_kind(native: str, account: Account, *, shared: str | None, text: str | None) -> InteractionKind:
    """By where it stands: an id begins with whose timeline that is."""
    if shared:
        return InteractionKind.QUOTE if text else InteractionKind.SHARE
    is_on_page = native.startswith(f"{account.key.native_id}_")
    return InteractionKind.POST if is_on_page else InteractionKind.MENTION


def comment_records(item: Payload, account: Account) -> Iterator[Record]:
    """A comment or an answer to one, with whom the page answers."""
    comment = item.child("comment")
    native, post_id = comment.text("id"), item.text("post")
    author = someone(comment.optional_child("from"), account)
    parent = comment.optional_child("parent")
    if author is None:
        return
    answered = someone(parent.optional_child("from"), account) if parent else None
    if parent is None and (above := item.optional_text("post_author")):
        answered = person(above, None, account)
    counterpart = answered if author.key == account.key and answered and answered.key != account.key else None
    yield from people(account, author, counterpart)
    yield InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=comment.time("created_time"),
        text=comment.optional_text("message"),
        url=comment.optional_text("permalink_url"),
        audience=comment_audience(comment),
        thread_key=post_id,
        in_reply_to=parent.text("id") if parent else post_id,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=f"{COMMENT_KIND} {post_id}",
        mentions=_mentions(comment, account),
    )


def reaction_records(item: Payload, account: Account) -> Iterator[Record]:
    """Who reacts to what. The network does not say when, so the item says when it was seen."""
    author, object_id = someone(item.child("reaction"), account), item.text("object")
    seen_at, above = item.time("seen_at"), item.optional_text("object_author")
    if author is None:
        return
    is_own = author.key == account.key
    counterpart = person(above, None, account) if is_own and above and above != account.key.native_id else None
    yield from people(account, author, counterpart)
    yield InteractionRecord(
        key=key(reaction_id(object_id, author.key.native_id), account),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=seen_at,
        target=object_id,
        thread_key=object_id,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=f"{REACTION_KIND} {object_id} {author.key.native_id}",
    )


def rating_records(rating: Payload, account: Account) -> Iterator[Record]:
    """A recommendation of the page, or a warning; known by the story it is told in."""
    author = someone(rating.optional_child("reviewer"), account)
    native, at = rating.child("open_graph_story").text("id"), rating.time("created_time")
    if author is None:
        return
    yield from people(account, author)
    yield rating_record(native, author.key, at, rating.optional_text("review_text"), account)


def rating_record(native: str, author: Key, at: datetime, text: str | None, account: Account) -> InteractionRecord:
    return InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.MENTION,
        author=author,
        occurred_at=at,
        text=text,
        thread_key=native,
        fetch_ref=RATING_KIND,
        mentions=(account.key,),
    )


def message_records(item: Payload, account: Account) -> Iterator[Record]:
    """A message between the page and one person; one without details tells nothing."""
    message = item.child("message")
    sender = someone(message.optional_child("from"), account)
    other = someone(item.optional_child("with"), account)
    native, at, answered = message.text("id"), message.time("created_time"), message.optional_child("reply_to")
    if sender is None or other is None:
        return
    yield from people(account, other)
    if sender.key not in {other.key, account.key}:
        yield sender
    yield message_record(
        native,
        at,
        message.optional_text("message"),
        (answered.optional_text("mid") or answered.optional_text("id")) if answered else None,
        sender=sender.key,
        other=other.key,
        account=account,
    )


def message_record(  # noqa: PLR0913 - what a message is made of
    native: str,
    at: datetime,
    text: str | None,
    answered: str | None,
    *,
    sender: Key,
    other: Key,
    account: Account,
) -> InteractionRecord:
    """The same whether it was listed or told: seconds are all that lists know of the time."""
    at = at.astimezone(UTC).replace(microsecond=0)
    return InteractionRecord(
        key=key(native, account),
        kind=InteractionKind.MESSAGE,
        author=sender,
        occurred_at=at,
        text=text,
        audience=Audience.PRIVATE,
        thread_key=f"messages:{other.native_id}",
        in_reply_to=answered,
        counterpart=other if sender == account.key else None,
        fetch_ref=f"{MESSAGE_KIND} {other.native_id} {int(at.timestamp())}",
    )


def comment_audience(comment: Payload) -> Audience:
    """Hidden by the page: its author and their friends still see it. Private: nobody but the page and its author."""
    if comment.flag("is_private"):
        return Audience.PRIVATE
    return Audience.FOLLOWERS if comment.flag("is_hidden") else Audience.PUBLIC


def _post_audience(post: Payload) -> Audience:
    privacy = post.optional_child("privacy")
    said = (privacy.optional_text("value") or "") if privacy else ""
    return Audience.PUBLIC if said in PUBLIC else Audience.FOLLOWERS


def _mentions(item: Payload, account: Account) -> tuple[Key, ...]:
    named = any(tag.optional_text("id") == account.key.native_id for tag in item.children("message_tags"))
    return (account.key,) if named else ()
