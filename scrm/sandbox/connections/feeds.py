"""What the Atom applications have in common: the frame of a feed, choosing, and sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.connections.paging import counts, cut, links
from scrm.sandbox.connections.xml import DECLARATION, NAMESPACES, SN, stamp, tag, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Post

VERSION = "5.0.0.0"


def chosen(asking: Asking, posts: Sequence[Post]) -> list[Post]:
    """Keep what the viewer may see and the parameters allow, sorted as asked, the latest change first if not."""
    since, is_by_creation = asking.since(), asking.query.get("sortBy") == "created"
    return sorted(
        (post for post in matching(asking, posts) if since is None or post.updated >= since),
        key=lambda post: (post.created if is_by_creation else post.updated, post.uuid),
        reverse=asking.query.get("sortOrder") != "asc",
    )


def matching(asking: Asking, posts: Sequence[Post]) -> list[Post]:
    """Keep what the viewer may see, of the author and with the words and tags asked for."""
    asked = asking.query
    author = asking.whose() if {"email", "userid"} & set(asked) else None
    words = asked.get("search", "").lower()
    return [
        post
        for post in posts
        if post.shows(asking.viewer)
        and (author is None or post.author is author)
        and words in f"{post.title}\n{post.text}".lower()
        and not {"tag", "tags"} & set(asked)  # nobody here tags anything
    ]


def feed(  # noqa: PLR0913 - a feed is made of these
    asking: Asking,
    items: Sequence[Post],
    entry: Callable[[Post], str],
    *,
    title: str,
    maker: str,
    usual: int = 10,
    most: int = 100,
    head: str = "",
) -> str:
    """Write one page of a feed of posts."""
    page = cut(items, asking.query, usual=usual, most=most)
    content = (
        counts(page)
        + tag("generator", f"IBM Connections - {maker}", {"uri": SN, "version": VERSION})
        + text("updated", stamp(max((post.updated for post in items), default=asking.now)))
        + text("title", title, {"type": "text"})
        + text("id", asking.address())
        + links(page, asking)
        + head
        + "".join(entry(post) for post in page.items)
    )
    return DECLARATION + tag("feed", content, NAMESPACES)


def single(entry: str) -> str:
    """Write a document that is one entry: the same with the namespaces at its root."""
    spaces = "".join(f' {name}="{space}"' for name, space in NAMESPACES.items())
    return DECLARATION + entry.replace("<entry>", f"<entry{spaces}>", 1)
