"""Messages and likes as items: each with what its own JSON lacks and nothing else, so that it can go by itself.

A message is `message` as received without those who like it, `people` (whom it refers to), `above` (id and sender of
the message it answers), `group` (the community) and, in private, `participants`. A like is `like` (a person),
`message` (what is needed of it) and `seen` (when it was first seen, unless it was there from the start). What the
network itself says when somebody joins or founds a community is left out.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import Feed, Item, group_of, slim, users_of
from scrm.connectors.yammer.translation import MENTION
from scrm.errors import PayloadError

LEFT_OUT = frozenset({"liked_by", "notified_user_ids"})
NEEDED = ("id", "thread_id", "sender_id", "created_at", "web_url", "direct_message", "privacy", "group_id")


def message_items(page: Feed) -> Iterator[Item]:
    """The messages of a page; one that makes no sense is given too, to be quarantined alone."""
    for message in page.messages:
        try:
            if not is_system(message):
                yield message_item(message, page.references)
        except PayloadError:
            yield {"message": message}


def is_system(message: Item) -> bool:
    shown = Payload(message, "message")
    return shown.flag("system_message") or shown.optional_text("message_type") == "system"


def message_item(message: Item, references: tuple[Item, ...]) -> Item:
    """A message with what it refers to. Raises PayloadError."""
    shown = Payload(message, "message")
    above = _referred(references, "message", shown.optional_text("replied_to_id"))
    body = shown.optional_child("body")
    people = [shown.text("sender_id"), *MENTION.findall((body and body.optional_text("parsed")) or "")]
    item: Item = {"message": {name: value for name, value in message.items() if name not in LEFT_OUT}}
    if above is not None:
        sender = Payload(above, "above").text("sender_id")
        people.append(sender)
        item["above"] = {"id": shown.text("replied_to_id"), "sender_id": sender}
    if shown.flag("direct_message"):
        there = _participants(references, shown)
        people += there
        item["participants"] = [{"id": number} for number in there]
    group = _referred(references, "group", shown.optional_text("group_id"))
    if group is not None:
        item["group"] = group_of(group)
    item["people"] = users_of(references, people)
    return item


def _referred(references: tuple[Item, ...], kind: str, number: str | None) -> Item | None:
    return next(
        (one for one in references if number and one.get("type") == kind and str(one.get("id")) == number), None
    )


def _participants(references: tuple[Item, ...], message: Payload) -> list[str]:
    number = message.optional_text("conversation_id") or message.text("thread_id")
    conversation = _referred(references, "conversation", number)
    return [one.text("id") for one in Payload(conversation or {}, "conversation").children("participating_names")]


def shown_likers(message: Item) -> tuple[int, list[Item]]:
    """How many like a message, and those of them that it names. Raises PayloadError."""
    liked = Payload(message, "message").optional_child("liked_by")
    if liked is None:
        return 0, []
    found = [
        {
            "type": "user",
            "id": one.text("user_id"),
            "name": one.optional_text("permalink"),
            "full_name": one.optional_text("full_name"),
        }
        for one in liked.children("names")
    ]
    return max(liked.number("count") or 0, len(found)), [slim(one) for one in found]


def like_item(message: Item, liker: Item, seen: datetime | None) -> Item:
    needed = {name: message[name] for name in NEEDED if message.get(name) is not None}
    return {"like": liker, "message": needed} | ({"seen": seen.isoformat()} if seen else {})


def named_likes(page: Feed) -> Iterator[Item]:
    """Likes that the messages of a page name, there from the start as far as we know."""
    for message in page.messages:
        with suppress(PayloadError):
            if not is_system(message):
                yield from (like_item(message, one, None) for one in shown_likers(message)[1])
