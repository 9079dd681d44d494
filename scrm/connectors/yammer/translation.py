"""People, messages and likes as records; pure.

Shapes from apache/camel (camel-yammer), pnp/cli-microsoft365 (read 2026-11-24) and the sheet of the API of
2026-11-23; `[[user:1496]]` in `body.parsed` is from memory. Ids are the same for everybody, so there is no scope. The
network is the company's own: what is said in a public community or to everybody is read in the whole company and
nowhere else, what is said in a private one by its members. A like has
no id and no time of its own: it is known by message and person, and happened when it was first seen, or, if it was
there from the start, as early as it can have.
"""

import re
from collections.abc import Iterator

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import moment
from scrm.records import (
    Audience,
    CommunityRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
    Visibility,
    WebLink,
)

NETWORK = "yammer"
MENTION = re.compile(r"\[\[user:(\d+)\]\]")
LIKE = "#like-"
MESSAGE_REF, LIKE_REF = "message", "like"  # how the recheck asks; both name the thread, a like also its message


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def like_id(message: str, person: str) -> str:
    return f"{message}{LIKE}{person}"


def profile(user: Payload) -> ProfileRecord:
    """A person as the directory shows them."""
    number, contact = user.text("id"), user.optional_child("contact")
    email = _email(contact) if contact else None
    return ProfileRecord(
        key=key(number),
        handle=user.optional_text("name"),
        display_name=user.optional_text("full_name"),
        url=user.optional_text("web_url"),
        bio=user.optional_text("summary"),
        location=user.optional_text("location"),
        title=user.optional_text("job_title"),
        email=email,
        email_verified=email is not None,
        links=tuple(WebLink(url=url) for url in user.texts("external_urls")),
        fetch_ref=number,
    )


def _email(contact: Payload) -> str | None:
    """The directory's address of somebody; one that the network made up is none."""
    if contact.flag("has_fake_email"):
        return None
    for one in contact.children("email_addresses"):
        if one.optional_text("type") == "primary":
            return one.optional_text("address")
    return None


def mentioned(user: Payload) -> ProfileRecord:
    """A person as a message refers to them."""
    number = user.text("id")
    return ProfileRecord(
        key=key(number),
        handle=user.optional_text("name"),
        display_name=user.optional_text("full_name"),
        url=user.optional_text("web_url"),
        title=user.optional_text("job_title"),
        is_bot=user.optional_text("type") == "bot",
        fetch_ref=number,
        full=False,
    )


def community(group: Payload) -> CommunityRecord:
    """A community; a private one that the directory does not show is known to its members alone."""
    is_open = group.optional_text("privacy") == "public"
    is_listed = str(group.raw().get("show_in_directory")).lower() != "false"  # written as a text
    closed = Visibility.CLOSED if is_listed else Visibility.PRIVATE
    return CommunityRecord(
        key=key(group.text("id")),
        visibility=Visibility.ORGANIZATION if is_open else closed,
        name=group.optional_text("full_name"),
        url=group.optional_text("web_url"),
        description=group.optional_text("description"),
    )


def _place(message: Payload) -> Key | None:
    """The community that a message stands in."""
    group = None if message.flag("direct_message") else message.optional_text("group_id")
    return key(group) if group else None


def message_records(item: Payload, account: Account) -> Iterator[Record]:
    """Who is part of it, and what was said."""
    message, body = item.child("message"), item.child("message").child("body")
    number, thread, author = message.text("id"), message.text("thread_id"), key(message.text("sender_id"))
    people = {one.key: one for one in map(mentioned, item.children("people"))}
    yield people.get(author) or ProfileRecord(key=author, fetch_ref=author.native_id, full=False)
    answered = _answered(item, author)
    if answered:
        yield people.get(answered) or ProfileRecord(key=answered, fetch_ref=answered.native_id, full=False)
    group = item.optional_child("group")
    if group:
        yield community(group)
    mentions = tuple(map(key, dict.fromkeys(MENTION.findall(body.optional_text("parsed") or ""))))
    yield InteractionRecord(
        key=key(number),
        kind=_kind(message, is_about_us=account.key in mentions and author != account.key),
        author=author,
        occurred_at=moment(message, "created_at"),
        text=_whole(message.optional_text("title"), body.optional_text("plain")),
        url=message.optional_text("web_url"),
        audience=_audience(message),
        language=message.optional_text("language"),
        thread_key=thread,
        in_reply_to=message.optional_text("replied_to_id"),
        counterpart=answered,
        fetch_ref=f"{MESSAGE_REF} {thread}",
        mentions=(account.key,) if account.key in mentions else (),
        community=_place(message),
    )


def _kind(message: Payload, *, is_about_us: bool) -> InteractionKind:
    if message.flag("direct_message"):
        return InteractionKind.MESSAGE
    if is_about_us:
        return InteractionKind.MENTION
    return InteractionKind.REPLY if message.has("replied_to_id") else InteractionKind.POST


def _audience(message: Payload) -> Audience:
    """Without a community it is between people, unless it is said to everybody."""
    if message.flag("direct_message"):
        return Audience.PRIVATE
    if message.has("group_id"):
        return Audience.COMMUNITY
    return Audience.ORGANIZATION if message.optional_text("privacy") == "public" else Audience.PRIVATE


def _answered(item: Payload, author: Key) -> Key | None:
    """Whose message it answers; of a private one with nobody else's above it, the other person."""
    above = item.optional_child("above")
    other = key(above.text("sender_id")) if above else author
    if other != author:
        return other
    if not item.child("message").flag("direct_message"):
        return None
    others = [one for one in (key(one.text("id")) for one in item.children("participants")) if one != author]
    return others[0] if len(others) == 1 else None


def _whole(title: str | None, text: str | None) -> str | None:
    """Title and text; an announcement's text may begin with the title."""
    if title and text and text.startswith(title):
        return text
    return "\n\n".join(part for part in (title, text) if part) or None


def like_records(item: Payload, account: Account) -> Iterator[Record]:
    """Who likes a message; what we like belongs to whoever wrote it."""
    message, liker = item.child("message"), mentioned(item.child("like"))
    number, thread = message.text("id"), message.text("thread_id")
    author = message.optional_text("sender_id")
    yield liker
    counterpart = key(author) if author and liker.key == account.key and author != liker.key.native_id else None
    if counterpart:
        yield ProfileRecord(key=counterpart, fetch_ref=author, full=False)
    yield InteractionRecord(
        key=key(like_id(number, liker.key.native_id)),
        kind=InteractionKind.REACTION,
        author=liker.key,
        occurred_at=item.optional_time("seen") or moment(message, "created_at"),
        url=message.optional_text("web_url"),
        audience=_audience(message),
        thread_key=thread,
        target=number,
        counterpart=counterpart,
        fetch_ref=f"{LIKE_REF} {thread} {number}",
        community=_place(message),
    )


def records(item: Payload, account: Account) -> Iterator[Record]:
    """What an item of any stream of messages says."""
    yield from like_records(item, account) if item.has("like") else message_records(item, account)
