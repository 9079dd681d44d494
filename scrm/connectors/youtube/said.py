"""Comments as items: each with its author's channel, who may see its video, and whom it answers if it is ours.

An item is `comment` as received with `video`, `privacy`, `author` (a channel) and, for our own replies, `answered`
(what that comment says of its author) and `answered_author`; the first comment of a thread also has `replies`, the
number of them, `embedded`, and `held` when its thread is not public. What is not known is absent. A thread that makes
no sense becomes an item all the same, so that it is quarantined and its neighbors go on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import Item, own_account, people, videos
from scrm.connectors.youtube.translation import author_id, handle_in
from scrm.errors import PayloadError

NAMED = ("authorDisplayName", "authorChannelId", "authorChannelUrl")  # what a comment says of its author


def total(thread: Item) -> int:
    """How many replies there are. Raises PayloadError."""
    return Payload(thread).child("snippet").number("totalReplyCount") or 0


def embedded(thread: Item) -> list[Item]:
    """The replies that came along, newest first: only a few."""
    replies = Payload(thread).optional_child("replies")
    return [one.raw() for one in replies.children("comments")] if replies else []


def from_threads(api: Api, threads: Iterable[Item]) -> list[Item]:
    """The comments of threads: each first one and the replies that came along."""
    return with_people(api, bare(api, threads))


def bare(api: Api, threads: Iterable[Item]) -> list[Item]:
    """The same without what has to be read for it."""
    items: list[Item] = []
    for thread in threads:
        try:
            items += _comments(api, thread)
        except PayloadError:
            items.append({"thread": thread})
    return items


def _comments(api: Api, thread: Item) -> list[Item]:
    first, replies = _first(thread), embedded(thread)
    is_held = Payload(thread).child("snippet").raw().get("isPublic") is False
    counts = {"replies": total(thread), "embedded": len(replies)}
    item = {"comment": first, **_video(thread, first), **counts, **({"held": True} if is_held else {})}
    return [item, *_replies(api, thread, replies)]


def in_thread(api: Api, thread: Item, replies: Sequence[Item]) -> list[Item]:
    """Replies that were read for a thread."""
    return with_people(api, _replies(api, thread, replies))


def _replies(api: Api, thread: Item, replies: Sequence[Item]) -> list[Item]:
    family = [_first(thread), *replies]
    return [{"comment": one, **_video(thread, one), **_answered(api, one, family)} for one in replies]


def _first(thread: Item) -> Item:
    return Payload(thread).child("snippet").child("topLevelComment").raw()


def _video(thread: Item, comment: Item) -> Item:
    for place in (comment, thread):
        with suppress(PayloadError):
            if number := Payload(place).child("snippet").optional_text("videoId"):
                return {"video": number}
    return {}


def _answered(api: Api, comment: Item, family: Sequence[Item]) -> Item:
    """Whom our own reply answers: whose handle it begins with, else whoever began the thread."""
    us = own_account(api).key.native_id
    if _writer(comment) != us:
        return {}
    others = {_handle(one): one for one in family if _writer(one) not in {None, us}}
    addressed = handle_in(((_said(comment) or "").split() or [""])[0])
    one = others.get(addressed.casefold()) if addressed else None
    if one is None and _writer(family[0]) != us:
        one = family[0]
    if one is None:
        return {}
    snippet = Payload(one).child("snippet").raw()
    return {"answered": {name: snippet[name] for name in NAMED if name in snippet}}


def _writer(comment: Item) -> str | None:
    with suppress(PayloadError):
        return author_id(Payload(comment).child("snippet"))
    return None


def _handle(comment: Item) -> str | None:
    with suppress(PayloadError):
        handle = handle_in(Payload(comment).child("snippet").optional_text("authorDisplayName"))
        return handle.casefold() if handle else None
    return None


def _said(comment: Item) -> str | None:
    with suppress(PayloadError):
        return Payload(comment).child("snippet").optional_text("textDisplay")
    return None


def with_people(api: Api, items: list[Item]) -> list[Item]:
    """The items with the channels of whom they name, and with who may see their videos; read in bulk."""
    shown = videos(api, [item["video"] for item in items if "video" in item])
    return dressed(items, shown, people(api, named(items)))


def named(items: Iterable[Item]) -> Iterator[str]:
    """Ids of the channels that comments name."""
    for item in items:
        yield from filter(None, (_writer(item["comment"]) if "comment" in item else None, _answered_id(item)))


def dressed(items: list[Item], shown: Mapping[str, Item], who: Mapping[str, Item]) -> list[Item]:
    """The items with what was read of their videos and people."""
    for item in items:
        if "video" in item:
            item.update(_privacy(shown.get(item["video"])))
        if "comment" in item:
            item.update(_of(who, "author", _writer(item["comment"])))
        item.update(_of(who, "answered_author", _answered_id(item)))
    return items


def _answered_id(item: Item) -> str | None:
    with suppress(PayloadError):
        answered = Payload(item).optional_child("answered")
        return author_id(answered) if answered else None
    return None


def _of(found: Mapping[str, Item], name: str, number: str | None) -> Item:
    return {name: found[number]} if number and number in found else {}


def _privacy(video: Item | None) -> Item:
    with suppress(PayloadError):
        status = Payload(video).optional_child("status")
        if status and (word := status.optional_text("privacyStatus")):
            return {"privacy": word}
    return {}
