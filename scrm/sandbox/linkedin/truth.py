"""The LinkedIn fake's own account of what concerns the page, kept apart from what the API answers.

Kinds: post (the page's own, in words of its own), reply (a comment, ours or on what is ours), mention (somebody
else's words that name us), quote (a share with words), share, like, follow, lead. `shown` names the call that gives
a row to the page's people, None where LinkedIn tells nobody: what is said under other people's posts, who follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.linkedin.state import Organization, Post

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.linkedin.leads import Lead
    from scrm.sandbox.linkedin.state import Actor, Comment, Member, Reaction

NETWORK = "linkedin"


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Truth:
    """Every interaction that exists or existed and concerns the page."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def wrote(self, post: Post) -> None:
        kind = _kind_of_post(post)
        if kind:
            on = post.reshare_of.urn if post.reshare_of else None
            is_public = post.visibility == "PUBLIC"
            shown = "posts" if _is_page(post.author) else "notifications" if is_public else None
            self._add(post.urn, kind, post.author, on, post.created_at, shown)
            self._entries[post.urn]["visibility"] = post.visibility

    def commented(self, comment: Comment) -> None:
        kind = _kind_of_comment(comment)
        if kind:
            shown = "comments" if _is_page(comment.post.author) else None
            on = comment.parent.urn if comment.parent else comment.post.urn
            self._add(comment.urn, kind, comment.author, on, comment.created_at, shown)

    def reacted(self, reaction: Reaction) -> None:
        target = reaction.target
        is_in_our_thread = _is_page(target.post.author)
        if is_in_our_thread or _is_page(target.author) or _is_page(reaction.actor):
            shown = "reactions" if is_in_our_thread else None
            self._add(reaction.urn, "like", reaction.actor, target.urn, reaction.at, shown)

    def followed(self, native_id: str, member: Member, at: datetime) -> None:
        self._add(native_id, "follow", member, None, at, None)

    def led(self, lead: Lead) -> None:
        self._add(lead.id, "lead", lead.member, lead.form.urn, lead.at, "leads")

    def edited(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id]["edited_at"] = stamp(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(self, native_id: str, kind: str, author: Actor, on: str | None, at: datetime, shown: str | None) -> None:
        self._entries[native_id] = {
            "network": NETWORK,
            "native_id": native_id,
            "kind": kind,
            "author": author.urn,
            "person": author.person.key,
            "object": on,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
            "shown": shown,
        }


def _is_page(actor: Actor) -> bool:
    return isinstance(actor, Organization)


def _kind_of_post(post: Post) -> str | None:
    is_ours = _is_page(post.author)
    if post.reshare_of and (is_ours or _is_page(post.reshare_of.author)):
        return "quote" if post.text else "share"
    if is_ours:
        return "post"
    return "mention" if any(_is_page(one) for one in post.mentions) else None


def _kind_of_comment(comment: Comment) -> str | None:
    if _is_page(comment.author) or _is_page(comment.post.author):
        return "reply"
    if any(_is_page(one) for one in comment.mentions):
        return "mention"
    above = comment.parent.author if comment.parent else None
    return "reply" if above and _is_page(above) else None
