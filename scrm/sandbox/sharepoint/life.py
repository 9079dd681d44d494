"""What people do in the sites, and what else changes by it: marks of changes, truth, notices.

Neither a comment nor a like touches its page or item (from memory, 2026-11-24: not always), so only counts tell. A
liked thing that is unliked and liked again is one row of the truth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrm.sandbox.sharepoint.ids import guid
from scrm.sandbox.sharepoint.state import Comment, Item, Like

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scrm.sandbox.sharepoint.state import Site, SiteList, State, Target, User
    from scrm.sandbox.sharepoint.truth import Truth

LONGEST_TITLE = 80
WRITES_PAGES = frozenset({"company", "staff"})


def title_of(text: str) -> str:
    """Return the first sentence, as people write titles."""
    first = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0]
    return first if len(first) <= LONGEST_TITLE else f"{first[: LONGEST_TITLE - 1]}…"


class Life:
    """Plays what people do; the caller holds the lock."""

    def __init__(self, state: State, truth: Truth, notify: Callable[[SiteList], None]) -> None:
        self._state = state
        self._truth = truth
        self._notify = notify

    def write(self, author: User, text: str, site: Site, *, at: datetime, mentions: Sequence[User]) -> str:
        """Publish a page for the company's people, an item of the forum for everybody else."""
        _enter(author, site)
        of = site.pages if author.person.role in WRITES_PAGES else site.forum
        of.last_number += 1
        item = Item(
            number=of.last_number,
            unique_id=guid("item", of.id, of.last_number),
            list=of,
            author=author,
            title=title_of(text),
            text=_with_names(text, mentions),
            created_at=at,
            modified_at=at,
            modified_by=author,
            mentions=tuple(mentions),
        )
        of.items[item.number] = item
        self._state.targets[item.native_id] = item
        self._changed(item, at)
        self._truth.wrote(item)
        return item.native_id

    def comment(self, author: User, text: str, target: Target, *, at: datetime, mentions: Sequence[User]) -> str:
        item = target.item
        _enter(author, item.list.site)
        parent = (target.parent or target) if isinstance(target, Comment) else None
        item.last_comment += 1
        comment = Comment(
            number=item.last_comment,
            item=item,
            author=author,
            text=text,
            created_at=at,
            mentions=tuple(mentions),
            parent=parent,
        )
        item.comments[comment.number] = comment
        self._state.targets[comment.native_id] = comment
        self._truth.commented(comment)
        return comment.native_id

    def like(self, user: User, target: Target, *, at: datetime) -> str:
        _enter(user, target.item.list.site)
        if user.id not in target.likes:
            like = target.likes[user.id] = Like(user=user, target=target, at=at)
            self._truth.liked(like)
        return target.likes[user.id].native_id

    def unlike(self, user: User, target: Target, *, at: datetime) -> None:
        if like := target.likes.pop(user.id, None):
            self._truth.deleted(like.native_id, at)

    def edit(self, target: Target, text: str, *, at: datetime) -> None:
        if isinstance(target, Comment):
            target.text = text
        else:
            target.title, target.text = title_of(text), _with_names(text, target.mentions)
            target.modified_at, target.modified_by = at, target.author
            target.version += 1
            self._changed(target, at)
        self._truth.edited(target.native_id, at)

    def delete(self, target: Target, *, at: datetime) -> None:
        """Delete a comment with the answers to it, or a page or item with everything on it."""
        below = target.replies if isinstance(target, Comment) else list(target.comments.values())
        for comment in below:
            self._forget(comment, at)
        self._forget(target, at)
        if isinstance(target, Comment):
            return
        target.list.remove(target, at)
        self._notify(target.list)

    def _forget(self, target: Target, at: datetime) -> None:
        for like in target.likes.values():
            self._truth.deleted(like.native_id, at)
        if isinstance(target, Comment):
            del target.item.comments[target.number]
        del self._state.targets[target.native_id]
        self._truth.deleted(target.native_id, at)

    def _changed(self, item: Item, at: datetime) -> None:
        item.list.touch(item, at)
        self._notify(item.list)


def _with_names(text: str, mentions: Sequence[User]) -> str:
    """Return a page's text; there a mention is plain text."""
    return "".join(f"@{one.display_name} " for one in mentions) + text


def _enter(user: User, site: Site) -> None:
    """Let somebody act in a site; whoever does it for the first time gets a number there."""
    if not site.is_for(user):
        raise ValueError(f"{user.person.key} is no member of {site.display_name}")
    site.number_of(user)
