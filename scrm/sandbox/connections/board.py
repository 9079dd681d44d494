"""The message board of Profiles in Atom: what people write on their own board and on others', with comments.

Entries as in the IBM Connections 3.0 documentation ("Message content", "Profiles comment content", read 2026-11-24).
A feed shows of a message's comments the first, the last but one and the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.feeds import VERSION, chosen
from scrm.sandbox.connections.paging import counts, cut, links
from scrm.sandbox.connections.xml import (
    ATOM,
    DECLARATION,
    NAMESPACES,
    SN,
    category,
    link,
    stamp,
    tag,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account, Post

ORDER = ("name", "email", "userid", "state")
SHOWN_WHOLE = 3


def board(asking: Asking) -> tuple[str, str]:
    """Give what stands on somebody's board, whoever wrote it."""
    owner = asking.whose()
    found = [one for one in asking.state.posts_of("status") if one.board is owner]
    return _feed(asking, _sorted(asking, found), f"Board of {owner.name if owner else ''}"), ATOM


def boards(asking: Asking) -> tuple[str, str]:
    """Give what stands on all boards, or what one person wrote on any."""
    author: Account | None = asking.whose()
    found = [one for one in asking.state.posts_of("status") if author is None or one.author is author]
    return _feed(asking, _sorted(asking, found), "All board entries"), ATOM


def comments(asking: Asking) -> tuple[str, str]:
    post = asking.post(asking.query["entryId"], "status")
    return _feed(asking, chosen(asking, post.answers), "Comments"), ATOM


def _sorted(asking: Asking, posts: Sequence[Post]) -> list[Post]:
    since = asking.since()
    is_by_creation = asking.query.get("sortBy") in {"created", "published"}
    return sorted(
        (post for post in posts if since is None or post.updated >= since),
        key=lambda post: post.created if is_by_creation else post.updated,
        reverse=asking.query.get("sortOrder") != "asc",
    )


def _feed(asking: Asking, posts: Sequence[Post], title: str) -> str:
    page = cut(posts, asking.query, usual=10, most=100)
    entries = "".join(_with_comments(asking, post) for post in page.items)
    content = (
        text("id", "tag:profiles.ibm.com,2006:feed")
        + tag("generator", "IBM Connections - Profiles", {"version": VERSION, "uri": SN})
        + text("title", title, {"type": "text"})
        + text("updated", stamp(max((post.updated for post in posts), default=asking.now)))
        + counts(page)
        + links(page, asking)
        + entries
    )
    return DECLARATION + tag("feed", content, NAMESPACES)


def _with_comments(asking: Asking, post: Post) -> str:
    wish = asking.query.get("comments", "none")
    written = [_entry(asking, one) for one in _some(post.thread())] if wish != "none" else []
    if wish == "inline" and written:
        inner = [one.replace("<entry>", f'<entry xmlns="{NAMESPACES["xmlns"]}">', 1) for one in written]
        return _entry(asking, post, tag("comments", "".join(inner), {"xmlns": SN}))
    return _entry(asking, post) + "".join(written)


def _some(comments_below: list[Post]) -> list[Post]:
    if len(comments_below) <= SHOWN_WHOLE:
        return comments_below
    return [comments_below[0], *comments_below[-2:]]


def _entry(asking: Asking, post: Post, more: str = "") -> str:
    base = f"{asking.origin}/profiles/atom/mv/theboard"
    if post.board is None:
        raise RefusedError(404)
    is_comment = post.parent is not None
    kind, form = ("comment", "simpleComment") if is_comment else ("entry", _form(post))
    about = (
        tag(
            "thr:in-reply-to",
            "",
            {
                "ref": _tag_of(post.root),
                "href": f"{base}/entry.do?entryId={post.root.uuid}",
                "type": "application/atom+xml",
            },
        )
        if is_comment
        else link("replies", f"{base}/comments.do?entryId={post.uuid}", thr_total=len(post.thread()))
    )
    return tag(
        "entry",
        text("id", _tag_of(post))
        + text("title", post.title, {"type": "text"})
        + category(kind)
        + category(form, "message-type")
        + link("self", f"{base}/{'comment' if is_comment else 'entry'}.do?entryId={post.uuid}")
        + about
        + text("summary", post.text, {"type": "text"})
        + text("content", post.text, {"type": "text"})
        + text("published", stamp(post.created))
        + text("updated", stamp(post.updated))
        + asking.person("author", post.author, ORDER)
        + asking.person("contributor", post.author, ORDER)
        + more,
    )


def _form(post: Post) -> str:
    return "status" if post.board is post.author else "simpleEntry"


def _tag_of(post: Post) -> str:
    return f"tag:profiles.ibm.com,2006:entry{post.uuid}"
