"""What an activity event carries.

docs.x.com, X Activity API event payloads, read 2026-11-24. The samples use the tweet names whatever the calls use;
users stand wrapped in `data` in some and bare in others. The doubled numbers (`…_str`) are left out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import content
from scrm.sandbox.x.ids import stamp
from scrm.sandbox.x.views import Selection, post_view, references, user_view
from scrm.sandbox.x.vocabulary import TWEET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scrm.sandbox.x.state import Message, Post, State, User, Version

ALL = Selection.everything(TWEET)


def user(one: User, state: State) -> dict[str, Any]:
    return user_view(one, ALL, None, state)


def post(version: Version, state: State) -> dict[str, Any]:
    return post_view(version, ALL, state)


def post_includes(version: Version, state: State) -> dict[str, Any]:
    others = [other for _, other in references(version.post) if other.post.deleted_at is None]
    users = [version.post.author, *version.post.mentions]
    includes = {"users": _users(users, state), "tweets": [post(one, state) for one in others]}
    return {name: items for name, items in includes.items() if items}


def _users(users: Iterable[User], state: State) -> list[dict[str, Any]]:
    return [user(one, state) for one in dict.fromkeys(users)]


def like(who: User, liked: Post, at: datetime) -> dict[str, Any]:
    return {
        "id": hashlib.md5(f"{who.id} {liked.id}".encode(), usedforsecurity=False).hexdigest(),
        "created_at": stamp(at),
        "timestamp_ms": str(round(at.timestamp() * 1000)),
        "liked_tweet_id": str(liked.newest.id),
        "liked_tweet_author_id": str(liked.author.id),
    }


def like_includes(who: User, liked: Post, state: State) -> dict[str, Any]:
    return {"users": _users((who, liked.author), state), "tweets": [post(liked.newest, state)]}


def follow(source: User, target: User, state: State) -> dict[str, Any]:
    return {"source": {"data": user(source, state)}, "target": {"data": user(target, state)}}


def message(one: Message, state: State) -> dict[str, Any]:
    text, _ = content.render(one.text, {})
    event = {
        "type": "message_create",
        "id": str(one.id),
        "created_timestamp": str(round(one.at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": str(one.recipient.id)},
            "sender_id": str(one.sender.id),
            "message_data": {
                "text": text,
                "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
            },
        },
    }
    users = {str(who.id): {"data": user(who, state)} for who in (one.sender, one.recipient)}
    return {"direct_message_events": [event], "users": users}
