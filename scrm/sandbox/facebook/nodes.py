"""Facebook's nodes: every field the SDK names, and how those are read that the fake has values for.

Fields answered unasked, `tasks`, the pictures, attachments of shared posts and `reply_to` of a message from
memory and Meta's page "Conversations API" (read 2026-11-23); the rest as `names` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.facebook import ids, lists, names
from scrm.sandbox.facebook.state import Comment, Conversation, Human, Item, Message, Page, Post, Reaction, author_id
from scrm.sandbox.graph.nodes import Edge, Graph, Listing, NodeType, Ref, Refs
from scrm.sandbox.graph.times import stamp

if TYPE_CHECKING:
    from scrm.sandbox.graph.nodes import Ask

PICTURE_ARGUMENTS = frozenset({"height", "redirect", "type", "width"})
COMMENT_ARGUMENTS = frozenset({"filter", "live_filter", "order", "since", "summary"})
FEED_ARGUMENTS = frozenset({"include_hidden", "show_expired", "with", "since", "until"})
THREAD_ARGUMENTS = frozenset({"folder", "platform", "tags", "updated_after_ms", "updated_before_ms", "user_id"})
ATTACHMENT = frozenset({"description", "media", "media_type", "target", "title", "type", "unshimmed_url", "url"})


def _id_of(author: Human | Page, ask: Ask) -> str:
    if isinstance(author, Page):
        return author.id
    page = ask.viewer.page
    return ids.psid(page.key, author.key) if page else ids.asid(author.key)


def _picture(author: Human | Page, ask: Ask) -> dict[str, Any]:
    url = f"https://scontent.example/{_id_of(author, ask)}.jpg"
    return {"data": {"height": 50, "width": 50, "is_silhouette": False, "url": url}}


def _from(item: Item, ask: Ask) -> Ref | None:
    """Tell of a person only to a page that may read what people write."""
    if isinstance(item.author, Human) and not ask.viewer.sees_people():
        return None
    return Ref(type="Profile", node=item.author)


def _tags(item: Item, ask: Ask) -> list[dict[str, Any]] | None:
    return [
        {
            "id": _id_of(tag.author, ask),
            "name": tag.author.name,
            "type": "page" if isinstance(tag.author, Page) else "user",
            "offset": tag.offset,
            "length": tag.length,
        }
        for tag in item.tags
    ] or None


def _location(page: Page, _ask: Ask) -> dict[str, str]:
    return {"city": page.city, "country": page.country}


def _page_token(page: Page, ask: Ask) -> str | None:
    if ask.viewer.page is page:
        return str(ask.viewer.token.text)
    runs = (
        ask.viewer.human is not None and ask.viewer.human.tasks and ask.viewer.token.may("pages_show_list", page.id)
    )
    return str(ask.viewer.page_token(page)) if runs else None


def _tasks(_page: Page, ask: Ask) -> list[str] | None:
    return list(ask.viewer.human.tasks) if ask.viewer.human else None


def _updated(post: Post, _ask: Ask) -> str:
    latest = [post.edited_at or post.created_at, *(comment.created_at for comment in post.comments)]
    return stamp(max(latest))


def _story(post: Post, _ask: Ask) -> str | None:
    return f"{post.author.name} shared a post." if post.shared else None


def _status_type(post: Post, _ask: Ask) -> str:
    if post.shared:
        return "shared_story"
    return "mobile_status_update" if post.author is post.owner else "wall_post"


def _attachments(post: Post, _ask: Ask) -> Listing:
    rows = [post.shared] if post.shared else []
    return Listing(rows=rows, key=lambda one: [one.number])


def _post_link(post: Post) -> str:
    return f"https://www.facebook.com/{author_id(post.owner, post.page)}/posts/{post.number}"


def _comment_link(comment: Comment, _ask: Ask) -> str:
    link = f"{_post_link(comment.post)}?comment_id={(comment.parent or comment).number}"
    return f"{link}&reply_comment_id={comment.number}" if comment.parent else link


def _like_count(item: Item, _ask: Ask) -> int:
    return len(item.reactions)


def _detail(read: Any) -> Any:
    """Let a reader tell nothing of a message that is not among the latest twenty."""
    return lambda message, ask: read(message, ask) if message.has_details else None


def _receivers(message: Message, _ask: Ask) -> Refs:
    thread = message.conversation
    receiver = thread.human if message.author is thread.page else thread.page
    return Refs(type="Participant", nodes=[receiver])


def _answered(message: Message, _ask: Ask) -> dict[str, str] | None:
    return {"mid": message.reply_to.id} if message.reply_to else None


def _participants(thread: Conversation, _ask: Ask) -> Refs:
    return Refs(type="Participant", nodes=[thread.human, thread.page])


PAGE = NodeType(
    name="Page",
    fields=names.PAGE | {"tasks"},
    default=("name", "id"),
    read={
        "id": lambda page, _ask: page.id,
        "name": lambda page, _ask: page.name,
        "username": lambda page, _ask: page.username,
        "link": lambda page, _ask: page.link,
        "about": lambda page, _ask: page.about or None,
        "website": lambda page, _ask: page.website or None,
        "emails": lambda page, _ask: [page.email] if page.email else None,
        "location": _location,
        "category": lambda _page, _ask: "Industrial Company",
        "fan_count": lambda page, _ask: len(page.followers),
        "followers_count": lambda page, _ask: len(page.followers),
        "verification_status": lambda _page, _ask: "not_verified",
        "is_published": lambda _page, _ask: True,
        "is_webhooks_subscribed": lambda page, ask: ask.viewer.is_subscribed(page),
        "access_token": _page_token,
        "tasks": _tasks,
    },
    edges={
        "feed": Edge(type="PagePost", list=lists.posts(lists.is_on_page), parameters=FEED_ARGUMENTS),
        "posts": Edge(type="PagePost", list=lists.posts(lists.is_by_page), parameters=FEED_ARGUMENTS | {"q"}),
        "published_posts": Edge(type="PagePost", list=lists.posts(lists.is_by_page), parameters=FEED_ARGUMENTS),
        "visitor_posts": Edge(
            type="PagePost", list=lists.posts(lists.is_by_visitor, is_of_people=True), parameters=FEED_ARGUMENTS
        ),
        "tagged": Edge(
            type="PagePost",
            list=lists.posts(lists.is_tagging, is_of_people=True),
            parameters=frozenset({"since", "until"}),
        ),
        "ratings": Edge(type="Recommendation", list=lists.ratings),
        "conversations": Edge(type="UnifiedThread", list=lists.conversations, parameters=THREAD_ARGUMENTS),
    },
)
ITEM_EDGES = {
    "comments": Edge(type="Comment", list=lists.comments, parameters=COMMENT_ARGUMENTS),
    "reactions": Edge(type="Reaction", list=lists.reactions, parameters=frozenset({"type", "summary"})),
    "likes": Edge(type="Profile", list=lists.likes, parameters=frozenset({"summary"})),
}
POST = NodeType(
    name="PagePost",
    fields=names.POST,
    default=("created_time", "message", "story", "id"),
    read={
        "id": lambda post, _ask: post.id,
        "created_time": lambda post, _ask: stamp(post.created_at),
        "updated_time": _updated,
        "message": lambda post, _ask: post.text or None,
        "message_tags": _tags,
        "from": _from,
        "story": _story,
        "status_type": _status_type,
        "permalink_url": lambda post, _ask: _post_link(post),
        "parent_id": lambda post, _ask: post.shared.id if post.shared else None,
        "shares": lambda post, _ask: {"count": post.shares} if post.shares else None,
        "is_hidden": lambda post, _ask: post.is_hidden,
        "is_published": lambda _post, _ask: True,
        "is_expired": lambda _post, _ask: False,
    },
    edges={**ITEM_EDGES, "attachments": Edge(type="StoryAttachment", list=_attachments)},
)
COMMENT = NodeType(
    name="Comment",
    fields=names.COMMENT,
    default=("created_time", "from", "message", "id"),
    read={
        "id": lambda comment, _ask: comment.id,
        "created_time": lambda comment, _ask: stamp(comment.created_at),
        "from": _from,
        "message": lambda comment, _ask: comment.text,
        "message_tags": _tags,
        "parent": lambda comment, _ask: Ref(type="Comment", node=comment.parent) if comment.parent else None,
        "object": lambda comment, _ask: Ref(type="PagePost", node=comment.post),
        "permalink_url": _comment_link,
        "comment_count": lambda comment, _ask: len(comment.comments),
        "like_count": _like_count,
        "user_likes": lambda comment, _ask: comment.page.key in comment.reactions,
        "is_hidden": lambda comment, _ask: comment.is_hidden,
        "is_private": lambda _comment, _ask: False,
        "can_comment": lambda _comment, _ask: True,
        "can_like": lambda _comment, _ask: True,
        "can_hide": lambda comment, _ask: comment.author is not comment.page,
        "can_remove": lambda _comment, _ask: True,
        "can_reply_privately": lambda comment, _ask: comment.author is not comment.page,
    },
    edges=ITEM_EDGES,
)
PROFILE_READ = {
    "id": _id_of,
    "name": lambda one, _ask: one.name,
    "link": lambda one, _ask: one.link if isinstance(one, Page) else None,
    "username": lambda one, _ask: one.username if isinstance(one, Page) else None,
    "picture": _picture,
}
PROFILE = NodeType(
    name="Profile",
    fields=names.PROFILE | {"picture"},
    default=("name", "id"),
    read=PROFILE_READ,
    arguments={"picture": PICTURE_ARGUMENTS},
)


def _of_author(name: str) -> Any:
    def read(reaction: Reaction, ask: Ask) -> object:
        return PROFILE_READ[name](reaction.author, ask)

    return read


REACTION = NodeType(
    name="Reaction",
    fields=PROFILE.fields | {"type"},
    default=("id", "name", "type"),
    read={**{name: _of_author(name) for name in PROFILE_READ}, "type": lambda one, _ask: one.type},
    arguments=PROFILE.arguments,
)
USER = NodeType(
    name="User",
    fields=names.USER | {"picture"},
    default=("name", "id"),
    read={
        "id": _id_of,
        "name": lambda human, _ask: human.name,
        "picture": _picture,
        "first_name": lambda human, _ask: human.first_name,
        "last_name": lambda human, _ask: human.last_name,
        "profile_pic": lambda human, ask: _picture(human, ask)["data"]["url"],
        "email": lambda human, ask: human.person.email if ask.viewer.token.may("email") else None,
    },
    edges={"accounts": Edge(type="Page", list=lists.accounts, parameters=frozenset({"is_place", "is_promotable"}))},
    arguments=PROFILE.arguments,
)
RECOMMENDATION = NodeType(
    name="Recommendation",
    fields=names.RECOMMENDATION,
    default=("created_time", "recommendation_type", "review_text", "reviewer"),
    read={
        "created_time": lambda review, _ask: stamp(review.created_at),
        "has_rating": lambda _review, _ask: False,
        "has_review": lambda review, _ask: bool(review.text),
        "open_graph_story": lambda review, _ask: {"id": review.id, "start_time": stamp(review.created_at)},
        "recommendation_type": lambda review, _ask: "positive" if review.is_positive else "negative",
        "review_text": lambda review, _ask: review.text or None,
        "reviewer": lambda review, _ask: Ref(type="User", node=review.author),
    },
)
THREAD = NodeType(
    name="UnifiedThread",
    fields=names.THREAD,
    default=("id", "updated_time"),
    read={
        "id": lambda thread, _ask: thread.id,
        "updated_time": lambda thread, _ask: stamp(thread.updated_at),
        "link": lambda thread, _ask: f"/{thread.page.id}/inbox/{thread.id}/",
        "message_count": lambda thread, _ask: len(thread.messages),
        "unread_count": lambda _thread, _ask: 0,
        "snippet": lambda thread, _ask: thread.messages[-1].text,
        "folder": lambda thread, _ask: thread.folder,
        "participants": _participants,
        "senders": _participants,
        "can_reply": lambda _thread, _ask: True,
        "is_owner": lambda _thread, _ask: True,
        "is_subscribed": lambda _thread, _ask: True,
    },
    edges={"messages": Edge(type="Message", list=lists.messages, parameters=frozenset({"source"}))},
)
MESSAGE = NodeType(
    name="Message",
    fields=names.MESSAGE,
    default=("id", "created_time"),
    read={
        "id": lambda message, _ask: message.id,
        "created_time": lambda message, _ask: stamp(message.created_at),
        "from": _detail(lambda message, _ask: Ref(type="Participant", node=message.author)),
        "to": _detail(_receivers),
        "message": _detail(lambda message, _ask: message.text),
        "reply_to": _detail(_answered),
    },
)
PARTICIPANT = NodeType(
    name="Participant",
    fields=names.PARTICIPANT,
    default=("name", "email", "id"),
    read={
        "id": _id_of,
        "name": lambda one, _ask: one.name,
        # made from the id, and nobody's address
        "email": lambda one, ask: f"{_id_of(one, ask)}@facebook.com",
    },
)
ATTACHMENTS = NodeType(
    name="StoryAttachment",
    fields=ATTACHMENT,
    default=("title", "type", "url"),
    read={
        "title": lambda post, _ask: post.author.name,
        "type": lambda _post, _ask: "share",
        "media_type": lambda _post, _ask: "link",
        "url": lambda post, _ask: _post_link(post),
        "target": lambda post, _ask: {"id": post.id, "url": _post_link(post)},
    },
)
GRAPH = Graph(
    [
        PAGE,
        POST,
        COMMENT,
        PROFILE,
        REACTION,
        USER,
        RECOMMENDATION,
        THREAD,
        MESSAGE,
        PARTICIPANT,
        ATTACHMENTS,
    ]
)
