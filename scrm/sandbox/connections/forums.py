"""Forums: topics, the replies to them, and who likes either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.feeds import VERSION, chosen, feed, single
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
    from scrm.sandbox.connections.state import Community, Like, Post

MAKER = "Discussion Forum"
ORDER = ("email", "name", "userid", "state")
RIGHTS = "none, view_forum, create_post, edit_personal_post, del_personal_post, subscribe, like_post"
URN = "urn:lsid:ibm.com:forum:"


def forums(asking: Asking) -> tuple[str, str]:
    """Give the forums of public communities, or of the one community."""
    if uuid := asking.query.get("communityUuid"):
        return _forums(asking, [asking.community(uuid)], "Public Forums"), ATOM
    return _forums(asking, [one for one in asking.state.communities.values() if one.is_open], "Public Forums"), ATOM


def my_forums(asking: Asking) -> tuple[str, str]:
    mine = [one for one in asking.state.communities.values() if one.owner is asking.viewer]
    return _forums(asking, mine, "My Forums"), ATOM


def forum(asking: Asking) -> tuple[str, str]:
    return single(_forum(asking, _community_of(asking, asking.query["forumUuid"]))), ATOM


def _community_of(asking: Asking, forum_uuid: str) -> Community:
    for community in asking.state.communities.values():
        if community.forum == forum_uuid.lower():
            return asking.community(community.uuid)
    raise RefusedError(404)


def topics(asking: Asking) -> tuple[str, str]:
    """Give the topics of one forum, of one community, or of all public ones."""
    asked = asking.query
    if "forumUuid" in asked:
        return topics_of(asking, _community_of(asking, asked["forumUuid"])), ATOM
    if "communityUuid" in asked:
        return topics_of(asking, asking.community(asked["communityUuid"])), ATOM
    public = [one for one in asking.state.posts_of("topic") if one.community and one.community.is_open]
    return _posts(asking, chosen(asking, public), "Public Topics"), ATOM


def topics_of(asking: Asking, community: Community) -> str:
    found = [one for one in asking.state.posts_of("topic") if one.community is community]
    return _posts(asking, chosen(asking, found), f"{community.title} Topics")


def my_topics(asking: Asking) -> tuple[str, str]:
    mine = [one for one in asking.state.posts_of("topic") if one.author is asking.viewer]
    return _posts(asking, chosen(asking, mine), "My Topics"), ATOM


def replies(asking: Asking) -> tuple[str, str]:
    """Give a whole thread, flat, or what answers one reply."""
    asked = asking.query
    if "topicUuid" in asked:
        topic = asking.post(asked["topicUuid"], "topic")
        return _posts(asking, chosen(asking, topic.thread()), f"{topic.title} Replies", topic.community), ATOM
    reply = asking.post(asked["replyUuid"], "reply")
    return _posts(asking, chosen(asking, reply.answers), f"{reply.title} Replies", reply.community), ATOM


def topic(asking: Asking) -> tuple[str, str]:
    return single(_alone(asking, asking.post(asking.query["topicUuid"], "topic"))), ATOM


def reply(asking: Asking) -> tuple[str, str]:
    return single(_alone(asking, asking.post(asking.query["replyUuid"], "reply"))), ATOM


def recommendations(asking: Asking) -> tuple[str, str]:
    post = asking.post(asking.query["postUuid"], "topic", "reply")
    likes = sorted(post.likes.values(), key=lambda like: like.at, reverse=True)
    page = cut(likes, asking.query, usual=10, most=100)
    content = (
        counts(page)
        + tag("generator", f"IBM Connections - {MAKER}", {"uri": SN, "version": VERSION})
        + text("updated", stamp(max((like.at for like in likes), default=post.created)))
        + text("title", "Recommendations", {"type": "text"})
        + text("id", asking.address())
        + links(page, asking)
        + "".join(_like(asking, post, like) for like in page.items)
    )
    return DECLARATION + tag("feed", content, NAMESPACES), ATOM


def _like(asking: Asking, post: Post, like: Like) -> str:
    address = f"{asking.origin}/forums/atom/recommendation/entries?postUuid={post.uuid}"
    return tag(
        "entry",
        text("id", like.native_id)
        + text("title", "like", {"type": "text"})
        + category("recommendation")
        + asking.person("author", like.author, ORDER)
        + text("updated", stamp(like.at))
        + text("published", stamp(like.at))
        + link("self", address)
        + link("alternate", f"{asking.origin}/forums/html/topic?id={post.root.uuid}", "text/html"),
    )


def _posts(asking: Asking, posts: Sequence[Post], title: str, community: Community | None = None) -> str:
    head = _container(asking, community) if community else ""
    return feed(asking, posts, lambda post: _entry(asking, post), title=title, maker=MAKER, head=head)


def _container(asking: Asking, community: Community) -> str:
    address = f"{asking.feed_origin}/communities/service/atom/community/instance?communityUuid={community.uuid}"
    return link(f"{SN}/container", address) + text("snx:communityUuid", community.uuid)


def _alone(asking: Asking, post: Post) -> str:
    """Write an entry that is a document of its own: it names the forum it comes from."""
    community = _home(post)
    address = f"{asking.origin}/forums/atom/topics?forumUuid={community.forum}"
    source = tag(
        "source",
        text("id", address)
        + text("title", f"{community.title} Topics", {"type": "text"})
        + text("updated", stamp(post.root.updated))
        + link("alternate", f"{asking.origin}/forums/html/forum?id={community.forum}", "text/html")
        + link("self", address),
    )
    return _entry(asking, post).replace("</id>", f"</id>{source}", 1)


def _home(post: Post) -> Community:
    if post.community is None:
        raise RefusedError(404)
    return post.community


def _entry(asking: Asking, post: Post) -> str:
    community, base, uuid = _home(post), f"{asking.origin}/forums", post.uuid
    is_topic, topic_uuid = post.parent is None, post.root.uuid
    own = f"{base}/atom/topic?topicUuid={uuid}" if is_topic else f"{base}/atom/reply?replyUuid={uuid}"
    page = f"{base}/html/topic?id={topic_uuid}" + ("" if is_topic else f"#{uuid}")
    below = f"{base}/atom/replies?{'topicUuid' if is_topic else 'replyUuid'}={uuid}"
    count = len(post.thread()) if is_topic else len(post.answers)
    above = post.parent.uuid if post.parent else community.forum
    likes = len(post.likes)
    thread_likes = likes + sum(len(one.likes) for one in post.thread())
    return tag(
        "entry",
        text("id", post.native_id)
        + text("title", post.title, {"type": "text"})
        + ("" if asking.viewer.userid in post.likes else category("NotRecommendedByCurrentUser", "flags"))
        + link("recommendations", f"{base}/atom/recommendation/entries?postUuid={uuid}", snx_recommendation=likes)
        + (category("ThreadRecommendationCount", "flags", label=thread_likes) if is_topic else "")
        + text("published", stamp(post.created))
        + asking.person("author", post.author, ORDER)
        + text("updated", stamp(post.updated))
        + link("self", own)
        + link("edit", own)
        + category("forum-topic" if is_topic else "forum-reply")
        + link("alternate", page, "text/html")
        + link("replies", below, thr_count=count)
        + tag(
            "thr:in-reply-to",
            "",
            {
                "ref": f"{URN}{above}",
                "href": f"{base}/atom/topics?forumUuid={community.forum}",
                "type": "application/atom+xml",
            },
        )
        # recorded answers pad the text
        + text("content", f"\n    {asking.markup(post)}\n  ", {"type": "html"})
        # a feed of replies names the community once, above them all
        + (_container(asking, community) if is_topic else "")
        + text("snx:permissions", RIGHTS),
    )


def _forums(asking: Asking, communities: Sequence[Community], title: str) -> str:
    since = asking.since()
    found = [one for one in communities if since is None or one.changed >= since]
    page = cut(found, asking.query, usual=10, most=100)
    content = (
        counts(page)
        + links(page, asking)
        + tag("generator", f"IBM Connections - {MAKER}", {"uri": SN, "version": VERSION})
        + text("updated", stamp(asking.now))
        + text("title", title, {"type": "text"})
        + text("id", asking.address())
        + "".join(_forum(asking, one) for one in page.items)
    )
    return DECLARATION + tag("feed", content, NAMESPACES)


def _forum(asking: Asking, community: Community) -> str:
    base, uuid = f"{asking.origin}/forums", community.forum
    count = sum(post.community is community for post in asking.state.posts_of("topic"))
    return tag(
        "entry",
        text("id", f"{URN}{uuid}")
        + text("title", community.title, {"type": "text"})
        + text("published", stamp(community.created))
        + asking.person("author", community.owner, ORDER)
        + text("updated", stamp(community.changed))
        + link("self", f"{base}/atom/forum?forumUuid={uuid}")
        + category("forum-forum")
        + link("alternate", f"{base}/html/forum?id={uuid}", "text/html")
        + link("replies", f"{base}/atom/topics?forumUuid={uuid}", thr_count=count)
        + text("content", community.text, {"type": "html"})
        + _container(asking, community),
    )
