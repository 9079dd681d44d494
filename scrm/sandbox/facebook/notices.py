"""What the webhooks of a page say, and which field each belongs to.

Values of `feed`, `mention`, `ratings` and `messages` as in Meta's page "Page webhooks reference" and captured
payloads (read 2026-11-23). In webhooks two reactions have other names than in the API: sorry and anger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.facebook.state import Comment, Human, Message, Page, Post, Reaction, Review, author_id
from scrm.sandbox.graph.times import milliseconds, seconds

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.graph.webhooks import Webhooks

WIRE_REACTIONS = {"SAD": "sorry", "ANGRY": "anger"}


class Notices:
    """Tells the app's webhooks of everything that happens to a page."""

    def __init__(self, webhooks: Webhooks, app_id: str) -> None:
        self._webhooks = webhooks
        self._app_id = app_id

    def post(self, post: Post, verb: str, at: datetime) -> None:
        if post.owner is not post.page:
            if post.is_tagging:
                self._mention(post.page, post, {"item": "post", "verb": verb, "post_id": post.id}, at)
            return
        value = {"item": "share" if post.shared else "status", "post_id": post.id, "verb": verb, "published": 1}
        if post.shared:
            value["share_id"] = post.shared.id
        self._feed(post, value, at)

    def comment(self, comment: Comment, verb: str, at: datetime) -> None:
        value = {
            "item": "comment",
            "verb": verb,
            "comment_id": comment.id,
            "post_id": comment.post.id,
            "parent_id": (comment.parent or comment.post).id,
        }
        if comment.post.owner is comment.page:
            self._feed(comment, value, at)
        elif any(tag.author is comment.page for tag in comment.tags):
            self._mention(comment.page, comment, value, at)

    def reaction(self, item: Post | Comment, reaction: Reaction, verb: str, at: datetime) -> None:
        post = item.post if isinstance(item, Comment) else item
        if post.owner is not item.page:
            return
        value = {
            "item": "reaction",
            "verb": verb,
            "reaction_type": WIRE_REACTIONS.get(reaction.type, reaction.type.lower()),
            "post_id": post.id,
            "parent_id": item.id,
            "from": _who(reaction.author, item.page),
            "created_time": seconds(at),
        }
        if isinstance(item, Comment):
            value["comment_id"] = item.id
        self._webhooks.changed(item.page.id, "feed", value)

    def review(self, review: Review, verb: str, at: datetime) -> None:
        value = {
            "item": "rating",
            "verb": verb,
            "recommendation_type": "positive" if review.is_positive else "negative",
            "review_text": review.text,
            "reviewer_id": author_id(review.author, review.page),
            "reviewer_name": review.author.name,
            "open_graph_story_id": review.id,
            "created_time": seconds(at),
        }
        self._webhooks.changed(review.page.id, "ratings", value)

    def message(self, message: Message) -> None:
        thread = message.conversation
        content: dict[str, Any] = {"mid": message.id, "text": message.text}
        if message.reply_to:
            content["reply_to"] = {"mid": message.reply_to.id}
        sender, recipient = thread.psid, thread.page.id
        is_echo = message.author is thread.page
        if is_echo:
            sender, recipient = recipient, sender
            content |= {"is_echo": True, "app_id": int(self._app_id)}
        event = {
            "sender": {"id": sender},
            "recipient": {"id": recipient},
            "timestamp": milliseconds(message.created_at),
            "message": content,
        }
        self._webhooks.messaged(thread.page.id, "message_echoes" if is_echo else "messages", event)

    def _feed(self, item: Post | Comment, value: dict[str, Any], at: datetime) -> None:
        told = {**value, "from": _who(item.author, item.page), "created_time": seconds(item.created_at)}
        if value["verb"] == "remove":
            told["created_time"] = seconds(at)
        else:
            told["message"] = item.text
        if value["verb"] in {"hide", "unhide"}:
            told["is_hidden"] = item.is_hidden
        self._webhooks.changed(item.page.id, "feed", told)

    def _mention(self, page: Page, item: Post | Comment, value: dict[str, Any], at: datetime) -> None:
        sender = {"sender_id": author_id(item.author, page), "sender_name": item.author.name}
        told = {**value, **sender, "created_time": seconds(at)}
        if value["verb"] != "remove":
            told["message"] = item.text
        self._webhooks.changed(page.id, "mention", told)


def _who(author: Human | Page, page: Page) -> dict[str, str]:
    return {"id": author_id(author, page), "name": author.name}
