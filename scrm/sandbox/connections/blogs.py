"""Blogs: entries, the comments below them, and who likes either.

Pages count from 0, times carry the server's offset, and every address names a blog's handle; `homepage` stands for
all of them. Feeds go from the latest entry to the oldest, `since` asks for what was published, so neither tells of
an edit, and a page holds 50 at most (IBM Connections 2.5 and 3.0 documentation, "Getting a feed of the latest posts
added to all blogs" and "... of recent posts for a blog", read 2026-11-24). How a like looks is from memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.feeds import VERSION, matching, single
from scrm.sandbox.connections.ids import bare
from scrm.sandbox.connections.paging import counts, cut, links
from scrm.sandbox.connections.xml import (
    BLOG_ATOM,
    NAMESPACES,
    SN,
    blog_stamp,
    category,
    link,
    tag,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Community, Like, Post

HOMEPAGE = "homepage"
ORDER = ("name", "email", "userid", "state", "external")
DECLARATION = "<?xml version=\"1.0\" encoding='utf-8'?>\n"
USUAL, MOST = 50, 50
SORTED: Mapping[str, Callable[[Post], Any]] = {
    "commented": lambda post: len(post.thread()),
    "modified": lambda post: post.updated,
    "recommended": lambda post: len(post.likes),
    "title": lambda post: post.title,
    "visited": lambda _post: 0,  # visits are not counted
}


def blogs(asking: Asking) -> tuple[str, str]:
    entries = [_blog(asking, one) for one in _seen(asking)]
    return _feed(asking, entries, "Blogs - All Weblogs", "urn:lsid:ibm.com:blogs:blogs", asking.now), BLOG_ATOM


def entries(asking: Asking) -> tuple[str, str]:
    return _posts(asking, _of(asking, "entry"), "Blogs", "urn:lsid:ibm.com:blogs:entries"), BLOG_ATOM


def comments(asking: Asking) -> tuple[str, str]:
    return _posts(asking, _of(asking, "comment"), "Blogs (Comments)", "urn:lsid:ibm.com:blogs:comments"), BLOG_ATOM


def entry_comments(asking: Asking) -> tuple[str, str]:
    """Give the comments below one entry, which its anchor names (or its id)."""
    anchor = asking.places["anchor"]
    found = next((one for one in _of(asking, "entry") if anchor in {_anchor(one), one.uuid}), None)
    if found is None:
        raise RefusedError(404)
    return _posts(asking, found.thread(), f"{found.title} - Comments", "urn:lsid:ibm.com:blogs:comments"), BLOG_ATOM


def entry(asking: Asking) -> tuple[str, str]:
    return single(_entry(asking, _one(asking, asking.query["entryid"], "entry"))), BLOG_ATOM


def comment(asking: Asking) -> tuple[str, str]:
    return single(_entry(asking, _one(asking, asking.query["commentid"], "comment"))), BLOG_ATOM


def entry_likes(asking: Asking) -> tuple[str, str]:
    return _likes(asking, _one(asking, asking.places["id"], "entry")), BLOG_ATOM


def comment_likes(asking: Asking) -> tuple[str, str]:
    return _likes(asking, _one(asking, asking.places["id"], "comment")), BLOG_ATOM


def _seen(asking: Asking) -> list[Community]:
    handle = asking.places["handle"]
    if handle == HOMEPAGE:
        return [one for one in asking.state.communities.values() if one.shows(asking.viewer)]
    found = next((one for one in asking.state.communities.values() if _handle(one) == handle), None)
    if found is None:
        raise RefusedError(404)
    return [asking.community(found.uuid)]


def _of(asking: Asking, kind: str) -> list[Post]:
    seen = _seen(asking)
    return [post for post in asking.state.posts_of(kind) if post.community in seen]


def _one(asking: Asking, native_id: str, kind: str) -> Post:
    _seen(asking)
    return asking.post(bare(native_id), kind)


def _handle(community: Community) -> str:
    """Return the handle of a community's blog, which is made of the community's id."""
    return f"W{community.blog.replace('-', '_')}"


def _anchor(post: Post) -> str:
    return re.sub(r"\W+", "_", post.title)[:40].strip("_") + f"_{post.uuid[:4]}"


def _posts(asking: Asking, posts: Sequence[Post], title: str, native_id: str) -> str:
    since, by = asking.since(), SORTED.get(asking.query.get("sortBy", ""))
    found = sorted(
        (post for post in matching(asking, posts) if since is None or post.created >= since),
        key=lambda post: (by(post) if by else post.created, post.created, post.uuid),
        reverse=asking.query.get("sortOrder") != "asc",
    )
    changed = max((post.updated for post in found), default=asking.now)
    return _feed(asking, [_entry(asking, post) for post in found], title, native_id, changed)


def _feed(asking: Asking, items: Sequence[str], title: str, native_id: str, changed: datetime) -> str:
    page = cut(items, asking.query, usual=USUAL, most=MOST, first=0)
    content = (
        text("title", title, {"type": "html"})
        + text("id", native_id)
        + links(page, asking)
        + counts(page)
        + text("updated", blog_stamp(changed))
        + tag("generator", "IBM Connections - Blogs", {"uri": SN, "version": VERSION})
        + "\n".join(page.items)
    )
    return DECLARATION + tag("feed", content, NAMESPACES)


def _blog(asking: Asking, community: Community) -> str:
    address = f"{asking.origin}/blogs/{_handle(community)}"
    return tag(
        "entry",
        text("id", f"urn:lsid:ibm.com:blogs:blog-{community.blog}")
        + text("title", community.title, {"type": "text"})
        + text("snx:handle", _handle(community))
        + text("snx:communityUuid", community.uuid)
        + asking.person("author", community.owner, ORDER)
        + link("alternate", f"{address}/?lang=en_us", "text/html")
        + text("published", blog_stamp(community.created))
        + text("updated", blog_stamp(community.changed))
        + _rank("recommendations", 0)
        + category("communityblog"),
    )


def _rank(name: str, count: int) -> str:
    return text("snx:rank", count, {"scheme": f"{SN}/{name}"})


def _entry(asking: Asking, post: Post) -> str:
    """Write an entry, or a comment, which differs in its links and says what it answers."""
    community = post.community
    if community is None:
        raise RefusedError(404)
    base = f"{asking.origin}/blogs/{_handle(community)}"
    page = f"{base}/entry/{_anchor(post.root)}?lang=en_us"
    is_entry = post.parent is None
    if is_entry:
        own = f"{base}/feed/entry/atom?entryid={post.uuid}&lang=en_us"
        likes = f"{base}/feed/entryrecommendations/{post.uuid}/atom?lang=en_us"
        below = f"{base}/feed/entrycomments/{_anchor(post)}/atom?lang=en_us"
        more = link("replies", below, thr_count=len(post.thread()))
    else:
        own = f"{base}/feed/comment/atom?commentid={post.uuid}&lang=en_us"
        likes = f"{base}/feed/commentrecommendations/{post.uuid}/atom?lang=en_us"
        more = tag(
            "thr:in-reply-to",
            "",
            {
                "ref": post.root.native_id,
                "source": f"{base}/feed/entries/atom?lang=en_us",
                "href": page,
                "type": "text/html",
            },
        )
    title = post.title if is_entry else f"Re: {post.root.title}"
    words = {"type": "html"} if is_entry else {"type": "text"}
    said = f" {asking.markup(post)} " if is_entry else post.text
    return tag(
        "entry",
        text("id", post.native_id)
        + text("title", title, {"type": "text"})
        + asking.person("author", post.author, ORDER)
        + ("" if is_entry else asking.person("contributor", post.author, ORDER))
        + link("alternate", page if is_entry else f"{page}#threadid={post.uuid}", "text/html")
        + link("self", own)
        + link(f"{SN}/recommendations", likes)
        + more
        + text("published", blog_stamp(post.created))
        + text("updated", blog_stamp(post.updated))
        + text("content", said, words)
        + text("summary", post.text, words)
        + _rank("recommendations", len(post.likes))
        + (_rank("comment", len(post.thread())) + _rank("hit", 0) if is_entry else "")
        + _source(post, community, base),
    )


def _source(post: Post, community: Community, base: str) -> str:
    """Name the blog an entry stands in, or the entry a comment stands below."""
    if post.parent:
        return tag("source", text("id", post.root.native_id) + text("title", f"{post.root.title} - Comments"))
    return tag(
        "source",
        text("id", f"urn:lsid:ibm.com:blogs:entries-{community.blog}")
        + text("title", community.title, {"type": "text"})
        + link("self", f"{base}/feed/entries/atom?lang=en_us")
        + text("snx:communityUuid", community.uuid)
        + category("communityblog"),
    )


def _likes(asking: Asking, post: Post) -> str:
    likes = sorted(post.likes.values(), key=lambda like: like.at, reverse=True)
    items = [_like(asking, like) for like in likes]
    changed = max((like.at for like in likes), default=post.created)
    return _feed(asking, items, f"{post.title} - Likes", "urn:lsid:ibm.com:blogs:recommendations", changed)


def _like(asking: Asking, like: Like) -> str:
    return tag(
        "entry",
        text("id", like.native_id)
        + text("title", "like", {"type": "text"})
        + category("recommendation")
        + asking.person("author", like.author, ORDER)
        + text("published", blog_stamp(like.at))
        + text("updated", blog_stamp(like.at)),
    )
