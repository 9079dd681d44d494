"""What the edges of Instagram's API list, in the order they list it.

Only the 10,000 newest media are listed, without stories; stories for 24 hours; comments of the top level alone,
newest first (from memory), their answers oldest first (a guess); all ids of a conversation's messages; of
Requests nobody answered only those with activity in thirty days (Meta's pages "IG Media", "Conversations API",
"Mentions", read 2026-11-23). What a private account publishes is in none of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.nodes import Ask, Listing
from scrm.sandbox.graph.times import milliseconds, moment
from scrm.sandbox.instagram.access import MESSAGES
from scrm.sandbox.instagram.state import STORY_LIFE, Account, Comment, Conversation, Media, Message

MOST_MEDIA = 10_000
MEDIA_TYPES = ("IMAGE", "VIDEO", "CAROUSEL_ALBUM")
TAG_PARAMETERS = frozenset({"media_type", "posted_after", "posted_before"})
CONVERSATION_PARAMETERS = frozenset({"platform", "updated_after_ms", "updated_before_ms", "user_id"})
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)


def _media_key(media: Media) -> tuple[int, str]:
    return milliseconds(media.created_at), media.id


def _comment_key(comment: Comment) -> tuple[int, str]:
    return milliseconds(comment.created_at), comment.id


def _message_key(message: Message) -> tuple[int, str]:
    return milliseconds(message.sent_at), message.id


def _conversation_key(conversation: Conversation) -> tuple[int, str]:
    return milliseconds(conversation.updated_at), conversation.id


def media(account: Account, ask: Ask) -> Listing:
    after, before = _span(ask, "since", "until")
    own = sorted((one for one in account.media if one.product != "STORY"), key=_media_key, reverse=True)
    rows = [one for one in own[:MOST_MEDIA] if after <= one.created_at <= before]
    return Listing(rows=rows, key=_media_key)


def stories(account: Account, ask: Ask) -> Listing:
    rows = [one for one in account.media if is_story_shown(one, ask.viewer.now)]
    return Listing(rows=sorted(rows, key=_media_key, reverse=True), key=_media_key)


def is_story_shown(one: Media, now: datetime) -> bool:
    return one.product == "STORY" and now - one.created_at < STORY_LIFE


def tags(account: Account, ask: Ask) -> Listing:
    after, before = _span(ask, "posted_after", "posted_before")
    kind = ask.arguments.get("media_type")
    if kind not in {None, *MEDIA_TYPES}:
        raise BadRequestError(100, message=f"(#100) Param media_type must be one of {', '.join(MEDIA_TYPES)}")
    rows = [
        one
        for one in ask.viewer.state.media.values()
        if account in one.tagged
        and not one.owner.is_private
        and kind in {None, one.type}
        and after <= one.created_at <= before
    ]
    return Listing(rows=sorted(rows, key=_media_key, reverse=True), key=_media_key)


def comments(one: Media, ask: Ask) -> Listing:
    if one.owner is not ask.viewer.account:
        raise GraphError(100, 33)
    return Listing(rows=sorted(one.comments, key=_comment_key, reverse=True), key=_comment_key)


def replies(comment: Comment, ask: Ask) -> Listing:
    if comment.media.owner is not ask.viewer.account:
        raise GraphError(100, 33)
    return Listing(rows=sorted(comment.replies, key=_comment_key), key=_comment_key, is_falling=False)


def conversations(account: Account, ask: Ask) -> Listing:
    ask.viewer.needs(MESSAGES)
    asked = ask.arguments
    if asked.get("platform", "instagram").lower() != "instagram":
        raise BadRequestError(100, message="(#100) Param platform must be one of {INSTAGRAM}")
    after, before = _milliseconds(ask, "updated_after_ms", 0), _milliseconds(ask, "updated_before_ms", None)
    rows = [
        one
        for one in ask.viewer.state.conversations.values()
        if one.owner is account
        and one.is_listed(ask.viewer.now)
        and asked.get("user_id") in {None, one.person.id_for(account)}
        and after <= milliseconds(one.updated_at) <= before
    ]
    return Listing(rows=sorted(rows, key=_conversation_key, reverse=True), key=_conversation_key)


def messages(conversation: Conversation, _: Ask) -> Listing:
    return Listing(rows=sorted(conversation.messages, key=_message_key, reverse=True), key=_message_key)


def _span(ask: Ask, first: str, last: str) -> tuple[datetime, datetime]:
    named: dict[str, Any] = {
        name: moment(ask.arguments[name], name) for name in (first, last) if name in ask.arguments
    }
    return named.get(first, BEGINNING), named.get(last, END)


def _milliseconds(ask: Ask, name: str, missing: int | None) -> float:
    text = ask.arguments.get(name)
    if text is None:
        return float("inf") if missing is None else missing
    if not text.isdecimal():
        raise BadRequestError(100, message=f"(#100) Param {name} must be an unsigned integer")
    return int(text)
