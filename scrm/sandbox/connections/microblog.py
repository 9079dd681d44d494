"""The microblog in JSON: notes on boards of people and communities, comments and likes below them.

Addresses as on IBM's pages "Retrieving microblog entries" and "Dealing with microblog recommendations" (API
reference 5.0, read 2026-11-24); a note's members as one recorded by OpenNTF/SocialSDK; `totalResults` is as useless
here as in the activity stream, from memory.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scrm.sandbox.connections.errors import JSON, RefusedError
from scrm.sandbox.connections.ids import COMMUNITY, ORGANIZATION, PERSON, bare
from scrm.sandbox.connections.xml import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account, Like, Post

ROOTS = ("note", "status")
COMMENTS = ("note_comment", "status_comment")
USUAL, MOST = 20, 200


def me(asking: Asking) -> tuple[str, str]:
    viewer, email = asking.viewer, asking.email_of(asking.viewer)
    entry: dict[str, Any] = {
        "appData": {
            "connections": {"isExternal": str(viewer.is_external).lower(), "organizationId": ORGANIZATION},
        },
        "displayName": viewer.name,
        "id": viewer.urn,
    }
    if email:
        entry["emails"] = [{"type": "primary", "value": email, "primary": True}]
    return json.dumps({"entry": entry}), JSON


def notes(asking: Asking) -> tuple[str, str]:
    """Give the notes on one board, or all the viewer may see."""
    return _listed(asking, [note(asking, post) for post in _sorted(asking, _on_board(asking))])


def one_note(asking: Asking) -> tuple[str, str]:
    post = asking.post(bare(asking.places["note"]), *ROOTS, *COMMENTS)
    return json.dumps({"entry": note(asking, post)}), JSON


def comments(asking: Asking) -> tuple[str, str]:
    post = asking.post(bare(asking.places["note"]), *ROOTS)
    return _listed(asking, [note(asking, one) for one in _sorted(asking, post.answers)])


def likes(asking: Asking) -> tuple[str, str]:
    post = asking.post(bare(asking.places["note"]), *ROOTS, *COMMENTS)
    found = sorted(post.likes.values(), key=lambda like: like.at, reverse=True)
    return _listed(asking, [_like(asking, post, like) for like in found])


def one_like(asking: Asking) -> tuple[str, str]:
    post = asking.post(bare(asking.places["note"]), *ROOTS, *COMMENTS)
    word = asking.places["liker"]
    like = post.likes.get(asking.viewer.userid if word == "@me" else bare(word))
    if like is None:
        raise RefusedError(404)
    return json.dumps({"entry": _like(asking, post, like)}), JSON


def _on_board(asking: Asking) -> list[Post]:
    user, group = asking.places["user"], asking.places["group"]
    if group != "@all":
        raise RefusedError(400, fault=f"a board has no group {group}")
    if user.startswith(COMMUNITY):
        community = asking.community(bare(user))
        return [one for one in asking.state.posts_of("note") if one.community is community]
    if user in {"@all", "@public"}:
        return [one for one in asking.state.posts_of(*ROOTS) if one.shows(asking.viewer)]
    owner = find_person(asking, user)
    return [one for one in asking.state.posts_of("status") if one.board is owner]


def find_person(asking: Asking, word: str) -> Account:
    if word == "@me":
        return asking.viewer
    found = asking.state.accounts.get(word.removeprefix(PERSON))
    if found is None:
        raise RefusedError(404)
    return found


def _sorted(asking: Asking, posts: Sequence[Post]) -> list[Post]:
    is_upward = asking.query.get("sortOrder") == "ascending"
    return sorted(posts, key=lambda post: (post.created, post.uuid), reverse=not is_upward)


def _listed(asking: Asking, items: Sequence[object]) -> tuple[str, str]:
    start = int(asking.query.get("startIndex", 0))
    count = min(int(asking.query.get("count", USUAL)), MOST)
    shown = items[start : start + count]
    answer = {
        "startIndex": start,
        "totalResults": -1,
        "filtered": True,
        "sorted": True,
        "itemsPerPage": len(shown),
        "list": shown,
    }
    return json.dumps(answer), JSON


def person(account: Account) -> dict[str, object]:
    """Write somebody as the streams do: never with an e-mail address."""
    return {
        "connections": {"state": account.state},
        "objectType": "person",
        "id": account.urn,
        "displayName": account.name,
    }


def note(asking: Asking, post: Post) -> dict[str, object]:
    below = f"{asking.origin}/connections/opensocial/rest/ublog/@all/@all/{post.native_id}"
    written: dict[str, object] = {
        "summary": post.text,
        "content": asking.markup(post) if post.mentions else post.text,
        "objectType": "comment" if post.parent else "note",
        "author": person(post.author),
        "id": post.native_id,
        "likes": {"totalItems": len(post.likes), "url": f"{below}/likes"},
        "published": stamp(post.created),
        "updated": stamp(post.updated),
        "url": page_of(asking, post),
    }
    if not post.parent:
        written["replies"] = {"totalItems": len(post.answers), "url": f"{below}/comments"}
    return written


def page_of(asking: Asking, post: Post) -> str:
    """Return where people read it."""
    root = post.root
    if post.application == "forums":
        return f"{asking.origin}/forums/html/topic?id={root.uuid}" + (f"#{post.uuid}" if post.parent else "")
    if post.application == "blogs":
        return f"{asking.origin}/blogs/roller-ui/blog/entry?id={root.uuid}" + (f"#{post.uuid}" if post.parent else "")
    if root.community:
        updates = f"{asking.origin}/communities/service/html/community/updates"
        return f"{updates}?communityUuid={root.community.uuid}&entryId={root.uuid}"
    owner = root.board.userid if root.board else ""
    return f"{asking.origin}/profiles/html/profileView.do?userid={owner}&entryId={root.uuid}"


def _like(asking: Asking, post: Post, like: Like) -> dict[str, object]:
    base = f"{asking.origin}/connections/opensocial/rest/ublog/@all/@all/{post.native_id}"
    return {**person(like.author), "published": stamp(like.at), "url": f"{base}/likes/{like.author.userid}"}
