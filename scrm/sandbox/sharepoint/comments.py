"""SharePoint's own REST: comments, answers and likes of a page or an item, with the people.

Newest first; without `$top` only thirty come (pnp/pnpcore#1361, read 2026-11-24), and the next page is `$skip` away.
Texts are encoded as HTML, mentions stand in them as `@mention&#123;0&#125;`, a number in `mentions` (several public
clients of the call, read 2026-11-24). The order, the top of a page's size and the links to more are from memory. A
deleted item takes its comments along; nothing tells that a comment was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, json, request

from scrm.sandbox.sharepoint.errors import OutOfSpecError, RefusedError, is_new_form
from scrm.sandbox.sharepoint.gate import reader
from scrm.sandbox.sharepoint.ids import fine_stamp
from scrm.sandbox.sharepoint.odata import Entity, asked, link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scrm.sandbox.sharepoint.state import Comment, Item, Like, Site, State, User

UNASKED = 30
MOST = 1_000
EXPANDABLE = frozenset({"replies", "likedBy", "replies/likedBy"})
PERSON = 1  # principalType of a user, not of a group
ENCODED = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
        ":": "&#58;",
        "{": "&#123;",
        "}": "&#125;",
    }
)


class CommentReader:
    """Answers the calls below `_api`; the caller holds the lock."""

    def __init__(self, state: State) -> None:
        self._state = state

    def views(self) -> Mapping[str, Callable[..., Response]]:
        return {
            "comments": self.comments,
            "comment": self.comment,
            "replies": self.replies,
            "liked_by": self.liked_by,
        }

    def _item(self, site: str, list_id: str, number: str) -> Item:
        found = self._state.sites.get(site)
        if found is None:
            raise RefusedError("itemNotFound", "404 FILE NOT FOUND")
        if not found.is_for(reader()):
            raise RefusedError("accessDenied", "Access denied. You do not have permission to perform this action.")
        of = found.lists.get(list_id.lower())
        if of is None:
            raise RefusedError(
                "listNotFound",
                "List does not exist. The page you selected contains a list that does "
                "not exist. It may have been deleted by another user.",
            )
        item = of.items.get(int(number) if number.isdigit() else 0)
        if item is None:
            raise RefusedError("itemNotFound", "Item does not exist. It may have been deleted by another user.")
        return item

    def _comment(self, item: Item, number: str) -> Comment:
        found = item.comments.get(int(number) if number.isdigit() else 0)
        if found is None:
            raise RefusedError("itemNotFound", "The comment does not exist.")
        return found

    def comments(self, site: str, list_id: str, number: str) -> Response:
        item = self._item(site, list_id, number)
        found = [one for one in item.comments.values() if one.parent is None]
        return _page(sorted(found, key=lambda one: one.number, reverse=True))

    def comment(self, site: str, list_id: str, number: str, comment: str) -> Response:
        return _json(_comment(self._comment(self._item(site, list_id, number), comment), _expanded()))

    def replies(self, site: str, list_id: str, number: str, comment: str) -> Response:
        return _page(self._comment(self._item(site, list_id, number), comment).replies)

    def liked_by(self, site: str, list_id: str, number: str) -> Response:
        item = self._item(site, list_id, number)
        expanded = {name.lower() for name in asked("$expand").split(",") if name}
        if expanded - {"likedby"}:
            raise OutOfSpecError("badRequest", "The query specified in the URI is not valid.")
        shown: Entity = {"isLikedByUser": _is_liked(item.likes), "likeCount": len(item.likes)}
        if expanded:
            shown["likedBy"] = [_like(one, item.list.site) for one in item.likes.values()]
        return _json(shown)


def _expanded() -> frozenset[str]:
    names = frozenset(name.strip() for name in asked("$expand").split(",") if name)
    if names - EXPANDABLE or ("replies/likedBy" in names and "replies" not in names):
        raise OutOfSpecError("badRequest", "The query specified in the URI is not valid.")
    return names


def _page(found: Sequence[Comment]) -> Response:
    expanded = _expanded()
    size, start = int(asked("$top") or UNASKED), int(asked("$skip") or 0)
    if not 1 <= size <= MOST or start < 0:
        raise OutOfSpecError("badRequest", "The query specified in the URI is not valid.")
    body: Entity = {"value": [_comment(one, expanded) for one in found[start : start + size]]}
    prefix = "@odata" if is_new_form() else "odata"
    if asked("$inlineCount").lower() == "allpages":
        body[f"{prefix}.count"] = len(found) if is_new_form() else str(len(found))
    if start + size < len(found):
        body[f"{prefix}.nextLink"] = link(skip=str(start + size))
    return _json(body)


def _json(body: Entity) -> Response:
    accepted = request.headers["Accept"].partition(",")[0]
    return Response(json.dumps(body), content_type=f"{accepted};streaming=true;charset=utf-8")


def _author(user: User, site: Site) -> Entity:
    return {
        "email": user.mail or "",
        "expiration": None,
        "id": site.number_of(user),
        "isActive": True,
        "isExternal": user.is_guest,
        "jobTitle": user.person.title or None,
        "loginName": user.login_name,
        "name": user.display_name,
        "principalType": PERSON,
        "userId": None,
        "userPrincipalName": None,
    }


def _like(like: Like, site: Site) -> Entity:
    return {
        "creationDate": fine_stamp(like.at),
        "email": like.user.mail or "",
        "id": site.number_of(like.user),
        "loginName": like.user.login_name,
        "name": like.user.display_name,
    }


def _is_liked(likes: Mapping[str, Like]) -> bool:
    user = reader()
    return user is not None and user.id in likes


def text_of(comment: Comment) -> str:
    """Return the text as it is stored: mentions by number, everything else encoded."""
    named = "".join(f"@mention&#123;{number}&#125; " for number in range(len(comment.mentions)))
    return named + comment.text.translate(ENCODED)


def _comment(comment: Comment, expanded: frozenset[str]) -> Entity:
    site = comment.item.list.site
    replies = comment.replies
    shown: Entity = {
        "author": _author(comment.author, site),
        "createdDate": fine_stamp(comment.created_at),
        "id": str(comment.number),
        "isLikedByUser": _is_liked(comment.likes),
        "isReply": comment.parent is not None,
        "itemId": comment.item.number,
        "likeCount": len(comment.likes),
        "listId": comment.item.list.id,
        "mentions": [
            {"email": one.mail or "", "loginName": one.login_name, "name": one.display_name}
            for one in comment.mentions
        ],
        "parentId": str(comment.parent.number) if comment.parent else "0",
        "replyCount": len(replies),
        "text": text_of(comment),
    }
    if "likedBy" in expanded:
        shown["likedBy"] = [_like(one, site) for one in comment.likes.values()]
    if "replies" in expanded:
        below = frozenset({"likedBy"}) if "replies/likedBy" in expanded else frozenset[str]()
        shown["replies"] = [_comment(one, below) for one in replies]
    return shown
