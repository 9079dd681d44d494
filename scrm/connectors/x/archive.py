"""The archive people download of their own account: JavaScript files that assign lists of objects.

Format: the archive's own README.txt and importers of it on GitHub (read 2026-11-24): `data/tweets.js` (before 2022
`tweet.js`, in large archives also `tweets-part1.js` and so on) holds posts in the words of API 1.1, with `edit_info`;
`data/direct-messages.js` holds conversations with their messages. It is not known for certain, and so left out: which
post a repost repeats, when something was liked, and the whole text of long posts.

Whether the account is protected is told only by changes of the last months; any such change counts as protected.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrm.connectors.archive import OpenArchive, open_archive
from scrm.connectors.base import Account, Archive
from scrm.connectors.payload import Payload
from scrm.connectors.x.people import NETWORK, key
from scrm.connectors.x.translation import message_records, post_records
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

OPENING = re.compile(r"^\s*window\.YTD\.\w+\.part\d+\s*=\s*\[")
ACCOUNT, PROTECTED = "data/account.js", "data/protected-history.js"
FILES = re.compile(r"(?:[^/]+/)?data/(?P<what>tweets?|direct-messages(?:-group)?)(?:-part\d+)?\.js")
REPOST = "RT @"  # posts of others, cut off and without their ids
TIME = "%a %b %d %H:%M:%S %z %Y"  # Wed Nov 18 08:01:00 +0000 2026


def recognizes(path: Path) -> bool:
    """Whether this is such an archive, by what is in it."""
    try:
        archive = open_archive(path)
        return bool(_files(archive)) and bool(_account(archive))
    except (InputError, PayloadError):
        return False


def owner(path: Path) -> Account:
    """Whose archive it is."""
    try:
        own = _account(open_archive(path))
        return Account(key=key(own.text("accountId")), handle=own.text("username"), base_url="")
    except PayloadError as why:
        raise InputError(str(why)) from None


def items(path: Path, cursor: str | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every post, then every message; the cursor names a file and how many items of it were given."""
    archive = open_archive(path)
    files, is_protected = _files(archive), _was_protected(archive)
    found = re.fullmatch(r"(\d{1,9}):(\d{1,9})", cursor or "", re.ASCII)
    at, done = (int(found[1]), int(found[2])) if found else (0, 0)
    for place, name in enumerate(files[at:], start=at):
        for given, item in enumerate(_items_of(archive, name, is_protected=is_protected), start=1):
            if place > at or given > done:
                yield item, f"{place}:{given}"


def translate(item: Payload, account: Account) -> Iterator[Record]:
    """The same records as through the API, made from the same words."""
    if "tweet" in item.raw():
        post = item.child("tweet")
        if not post.text("full_text").startswith(REPOST):
            yield from post_records(_post(post, account, is_protected=item.flag("protected")), account)
    else:
        entry = item.child("entry")
        if message := entry.optional_child("messageCreate"):  # else somebody came, left, or gave it a name
            yield from message_records(_message(message, item.text("conversation"), account), account)


def _files(archive: OpenArchive) -> list[str]:
    found = [name for name in archive.names if FILES.fullmatch(name)]
    return sorted(found, key=lambda name: ("direct" in name, len(name), name))


def _items_of(archive: OpenArchive, name: str, *, is_protected: bool) -> Iterator[Mapping[str, Any]]:
    with archive.open(name) as reader:
        if "/direct" in name:
            for conversation, entry in reader.arrays("conversationId", "messages"):
                yield {"conversation": conversation, "entry": entry}
            return
        for one in reader.listed(OPENING, name.rpartition("/")[2]):
            yield {"tweet": one.get("tweet") if isinstance(one, dict) else None, "protected": is_protected}


def _account(archive: OpenArchive) -> Payload:
    with archive.open(ACCOUNT) as reader:
        first = next(reader.listed(OPENING, ACCOUNT), None)
    own = Payload(first, ACCOUNT).child("account")
    own.text("accountId"), own.text("username")
    return own


def _was_protected(archive: OpenArchive) -> bool:
    if archive.find(PROTECTED) is None:
        return False
    with archive.open(PROTECTED) as reader:
        return next(reader.listed(OPENING, PROTECTED), None) is not None


def _post(post: Payload, account: Account, *, is_protected: bool) -> Payload:
    """A post in the words of API 2."""
    entities = post.optional_child("entities") or Payload({})
    mentions = list(entities.children("user_mentions"))
    short = [*entities.children("urls"), *entities.children("media")]
    parent = post.optional_text("in_reply_to_status_id_str")
    own = {"id": account.key.native_id, "username": account.handle, "protected": is_protected}
    others = {one.text("id_str"): one for one in mentions if one.text("id_str") != account.key.native_id}
    return Payload(
        {
            "post": {
                "id": post.text("id_str"),
                "author_id": account.key.native_id,
                "created_at": _time(post).isoformat(),
                "text": post.text("full_text"),
                "lang": post.optional_text("lang"),
                "entities": {
                    "urls": [_url(one, "expanded_url") for one in short],
                    "mentions": [{"id": one.text("id_str"), "username": one.text("screen_name")} for one in mentions],
                },
                "referenced_tweets": [{"type": "replied_to", "id": parent}] if parent else [],
                "in_reply_to_user_id": post.optional_text("in_reply_to_user_id_str"),
                "edit_history_tweet_ids": _versions(post),
            },
            "users": [own, *(_user(number, one) for number, one in others.items())],
        },
        post.path,
    )


def _user(number: str, mention: Payload) -> dict[str, Any]:
    return {"id": number, "username": mention.text("screen_name"), "name": mention.optional_text("name")}


def _url(one: Payload, name: str) -> dict[str, Any]:
    return {"url": one.optional_text("url"), "expanded_url": one.optional_text(name)}


def _versions(post: Payload) -> list[str]:
    """The ids of all versions, the first one first; empty when it was never to be edited."""
    info = post.optional_child("edit_info") or Payload({})
    changed = info.optional_child("edit")
    if changed:
        return [changed.text("initialTweetId")]
    first = info.optional_child("initial")
    return list(first.texts("editTweetIds")[:1]) if first else []


def _message(message: Payload, conversation: str, account: Account) -> Payload:
    return Payload(
        {
            "message": {
                "id": message.text("id"),
                "sender_id": message.text("senderId"),
                "dm_conversation_id": conversation,
                "created_at": message.text("createdAt"),
                "text": message.optional_text("text"),
                "entities": {"urls": [_url(one, "expanded") for one in message.children("urls")]},
            },
            "users": [{"id": account.key.native_id, "username": account.handle}],
        },
        message.path,
    )


def _time(post: Payload) -> datetime:
    try:
        return datetime.strptime(post.text("created_at"), TIME).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PayloadError(f"{post.path}.created_at: expected a time like Wed Nov 18 08:01:00 +0000 2026") from None


ARCHIVE = Archive(
    kind=f"{NETWORK}-archive",
    label=N_("X account archive"),
    recognizes=recognizes,
    owner=owner,
    items=items,
    translate=translate,
)
