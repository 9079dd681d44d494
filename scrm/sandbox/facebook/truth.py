"""The Facebook fake's own account of what concerns the company's pages, kept apart from what the API answers.

Kinds: post (a page's own), visitor_post, mention (a post elsewhere that names the page, or a comment that
does), comment, reply (to a comment), reaction, share, review, message, follow. `readable` says whether the API
can show it at all: shares and followers are only counted. Reactions have no id of their own; theirs is the
id of what they concern and of who reacts, with `#reaction-` between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.facebook.state import Comment, Human, Item, Message, Page, Post, Reaction, Review, author_id
from scrm.sandbox.graph.times import stamp

if TYPE_CHECKING:
    from datetime import datetime


def reaction_id(item: Item, author: Human | Page) -> str:
    return f"{item.id}#reaction-{author_id(author, item.page)}"


class Truth:
    """Every interaction that exists or existed and concerns a page of the company."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, post: Post) -> None:
        if post.shared:
            is_ours = post.shared.owner is post.page or post.author is post.page
            if is_ours:
                self._add(post.id, "share", post.author, post.page, post.created_at, readable=post.is_readable)
                self._entries[post.id]["object"] = post.shared.id
        elif post.is_readable:
            kind = "mention" if post.is_tagging else "post" if post.author is post.page else "visitor_post"
            self._add(post.id, kind, post.author, post.page, post.created_at)

    def commented(self, comment: Comment) -> None:
        is_naming = any(tag.author is comment.page for tag in comment.tags)
        if not comment.post.is_readable and not is_naming and comment.author is not comment.page:
            return
        kind = "mention" if is_naming else "reply" if comment.parent else "comment"
        readable = comment.post.is_readable
        self._add(comment.id, kind, comment.author, comment.page, comment.created_at, readable=readable)
        self._entries[comment.id]["object"] = (comment.parent or comment.post).id

    def reacted(self, item: Post | Comment, reaction: Reaction) -> None:
        post = item.post if isinstance(item, Comment) else item
        if post.is_readable or reaction.author is item.page:
            number = reaction_id(item, reaction.author)
            self._add(number, "reaction", reaction.author, item.page, reaction.at, readable=post.is_readable)
            self._entries[number] |= {"object": item.id, "reaction_type": reaction.type}

    def reviewed(self, review: Review) -> None:
        self._add(review.id, "review", review.author, review.page, review.created_at)

    def messaged(self, message: Message) -> None:
        page = message.conversation.page
        self._add(message.id, "message", message.author, page, message.created_at)
        self._entries[message.id]["object"] = message.conversation.id

    def followed(self, human: Human, page: Page, number: str, at: datetime) -> None:
        self._add(number, "follow", human, page, at, readable=False)

    def edited(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id]["edited_at"] = stamp(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(
        self, native_id: str, kind: str, author: Human | Page, page: Page, at: datetime, *, readable: bool = True
    ) -> None:
        self._entries[native_id] = {
            "network": "facebook",
            "native_id": native_id,
            "kind": kind,
            "author": author_id(author, page),
            "person": author.key,
            "scope": page.id,
            "object": None,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
            "readable": readable,
        }
