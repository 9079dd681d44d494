"""The types of Instagram's API with Instagram Login: their fields, and what a viewer reads in them.

Field names as in `facebook-business` 26.0.3 (IGUserForIGOnlyAPI, IGMediaForIGOnlyAPI, IGComment,
IGCommentFromUser, UnifiedThread), those of messages and of the profile as in Meta's pages "Conversation",
"Conversations API" and "User Profile API" (read 2026-11-23). `mentioned_comment` and `mentioned_media` stand
in the description of the other set-up only, though many apps ask for them here: the fake can do without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.nodes import Ask, Edge, Graph, NodeType, Ref, Refs
from scrm.sandbox.graph.times import stamp
from scrm.sandbox.instagram import ids, lists
from scrm.sandbox.instagram.access import COMMENTS
from scrm.sandbox.instagram.state import Account, Comment, Conversation, Media, Message

PICTURES = "https://scontent.cdninstagram.example"
COMMENTS_ON_A_PAGE = 50
DETAILED_MESSAGES = 20
Read = Mapping[str, Callable[[Any, Ask], object]]

USER_FIELDS = frozenset(
    {
        "account_type",
        "biography",
        "followers_count",
        "follows_count",
        "id",
        "media_count",
        "name",
        "profile_picture_url",
        "user_id",
        "username",
        "website",
    }
)
MENTION_FIELDS = {"mentioned_comment": frozenset({"comment_id"}), "mentioned_media": frozenset({"media_id"})}
MEDIA_FIELDS = frozenset(
    {
        "alt_text",
        "caption",
        "comments_count",
        "current_live_viewer_count",
        "id",
        "is_ai_generated",
        "is_comment_enabled",
        "is_shared_to_feed",
        "like_count",
        "media_product_type",
        "media_type",
        "media_url",
        "owner",
        "permalink",
        "shortcode",
        "thumbnail_url",
        "timestamp",
        "username",
    }
)
COMMENT_FIELDS = frozenset(
    {
        "from",
        "hidden",
        "id",
        "legacy_instagram_comment_id",
        "like_count",
        "media",
        "parent_id",
        "text",
        "timestamp",
        "user",
        "username",
    }
)
THREAD_FIELDS = frozenset(
    {
        "can_reply",
        "folder",
        "former_participants",
        "id",
        "is_owner",
        "is_subscribed",
        "link",
        "linked_group",
        "message_count",
        "name",
        "participants",
        "scoped_thread_key",
        "senders",
        "snippet",
        "unread_count",
        "updated_time",
        "wallpaper",
    }
)
MESSAGE_FIELDS = frozenset(
    {
        "attachments",
        "created_time",
        "from",
        "id",
        "is_unsupported",
        "message",
        "reactions",
        "reply_to",
        "shares",
        "story",
        "tags",
        "to",
    }
)
PROFILE_FIELDS = frozenset(
    {
        "follower_count",
        "id",
        "is_business_follow_user",
        "is_user_follow_business",
        "is_verified_user",
        "name",
        "profile_pic",
        "username",
    }
)


def graph(*, has_mention_fields: bool) -> Graph:
    mentions = MENTION_FIELDS if has_mention_fields else {}
    user = NodeType(
        name="User",
        fields=USER_FIELDS | set(mentions),
        default=("id",),
        read=_USER,
        edges={
            "media": Edge(type="Media", list=lists.media, parameters=frozenset({"since", "until"})),
            "stories": Edge(type="Media", list=lists.stories),
            "tags": Edge(type="Media", list=lists.tags, parameters=lists.TAG_PARAMETERS),
            "conversations": Edge(
                type="UnifiedThread", list=lists.conversations, parameters=lists.CONVERSATION_PARAMETERS
            ),
        },
        arguments=mentions,
    )
    return Graph([user, *_OTHERS])


def person(account: Account, ask: Ask) -> dict[str, str]:
    """Return an account as comments show their author; ourselves by our own id, and our scoped one beside it."""
    owner = ask.viewer.account
    shown = {"id": account.id_for(owner), "username": account.username}
    if account is owner:
        shown["self_ig_scoped_id"] = ids.scoped_id(owner.key, owner.key)
    return shown


def _mentioned_comment(account: Account, ask: Ask) -> Ref:
    ask.viewer.needs(COMMENTS)
    comment = ask.viewer.state.comments.get(_needed(ask, "comment_id"))
    if comment is None or account not in comment.mentions or comment.media.owner.is_private:
        raise GraphError(100, 33)
    return Ref(type="Comment", node=comment)


def _mentioned_media(account: Account, ask: Ask) -> Ref:
    ask.viewer.needs(COMMENTS)
    media = ask.viewer.state.media.get(_needed(ask, "media_id"))
    if media is None or media.owner.is_private or not _is_named(account, media):
        raise GraphError(100, 33)
    return Ref(type="Media", node=media)


def _is_named(account: Account, media: Media) -> bool:
    """Whether the caption or any comment names the account."""
    below = [one for comment in media.comments for one in (comment, *comment.replies)]
    return account in media.mentions or any(account in one.mentions for one in below)


def _needed(ask: Ask, name: str) -> str:
    if name not in ask.arguments:
        raise BadRequestError(100, message=f"(#100) The parameter {name} is required")
    return ask.arguments[name]


def _from(comment: Comment, ask: Ask) -> dict[str, str] | None:
    return person(comment.author, ask) if ask.viewer.may(COMMENTS) else None


def _own_user(comment: Comment, ask: Ask) -> dict[str, str] | None:
    return {"id": comment.author.user_id} if comment.author is ask.viewer.account else None


def _owner(media: Media, ask: Ask) -> dict[str, str] | None:
    return {"id": media.owner.user_id} if media.owner is ask.viewer.account else None


def _media_url(media: Media, _: Ask) -> str:
    return f"{PICTURES}/{media.id}.{'mp4' if media.type == 'VIDEO' else 'jpg'}"


def _thumbnail(media: Media, _: Ask) -> str | None:
    return f"{PICTURES}/{media.id}.jpg" if media.type == "VIDEO" else None


def _participants(conversation: Conversation, _: Ask) -> Refs:
    both = [conversation.owner, conversation.person]
    return Refs(type="Participant", nodes=[(conversation.owner, one) for one in both])


def _recipients(message: Message, _: Ask) -> Refs:
    return Refs(type="Participant", nodes=[(message.conversation.owner, message.recipient)])


def _sender(message: Message, _: Ask) -> dict[str, str]:
    sender = message.sender
    return {"id": sender.id_for(message.conversation.owner), "username": sender.username}


def _reactions(message: Message, _: Ask) -> dict[str, Any] | None:
    users = [{"reaction": emoji} for emoji in message.reactions.values()]
    return {"data": users} if users else None


def has_details(message: Message) -> bool:
    """Whether it is among the twenty newest of its conversation, the only ones with details."""
    return message in message.conversation.messages[-DETAILED_MESSAGES:]


def _if_recent(read: Callable[[Message, Ask], object]) -> Callable[[Message, Ask], object]:
    return lambda message, ask: read(message, ask) if has_details(message) else None


_USER: Read = {
    "id": lambda account, ask: ids.app_scoped_id(account.key, ask.viewer.client_id),
    "user_id": lambda account, _: account.user_id,
    "username": lambda account, _: account.username,
    "name": lambda account, _: account.name,
    "account_type": lambda _, __: "BUSINESS",
    "biography": lambda account, _: account.bio,
    "website": lambda account, _: account.person.website or None,
    "profile_picture_url": lambda account, _: f"{PICTURES}/{account.user_id}.jpg",
    "followers_count": lambda _, ask: len(ask.viewer.state.by_key) - 1,
    "follows_count": lambda _, __: 0,
    "media_count": lambda account, _: sum(one.product != "STORY" for one in account.media),
    "mentioned_comment": _mentioned_comment,
    "mentioned_media": _mentioned_media,
}
_MEDIA: Read = {
    "id": lambda media, _: media.id,
    "caption": lambda media, _: media.caption or None,
    "comments_count": lambda media, _: sum(1 + len(one.replies) for one in media.comments),
    "is_comment_enabled": lambda _, __: True,
    "like_count": lambda media, _: len(media.likes),
    "media_product_type": lambda media, _: media.product,
    "media_type": lambda media, _: media.type,
    "media_url": _media_url,
    "owner": _owner,
    "permalink": lambda media, _: media.permalink,
    "shortcode": lambda media, _: ids.shortcode(media.id),
    "thumbnail_url": _thumbnail,
    "timestamp": lambda media, _: stamp(media.created_at),
    "username": lambda media, _: media.owner.username,
}
_COMMENT: Read = {
    "id": lambda comment, _: comment.id,
    "from": _from,
    "hidden": lambda comment, _: comment.is_hidden,
    "like_count": lambda comment, _: len(comment.likes),
    "media": lambda comment, _: Ref(type="Media", node=comment.media),
    "parent_id": lambda comment, _: comment.parent.id if comment.parent else None,
    "text": lambda comment, _: comment.text,
    "timestamp": lambda comment, _: stamp(comment.created_at),
    "user": _own_user,
    "username": lambda comment, _: comment.author.username,
}
_THREAD: Read = {
    "id": lambda conversation, _: conversation.id,
    "updated_time": lambda conversation, _: stamp(conversation.updated_at),
    "message_count": lambda conversation, _: len(conversation.messages),
    "is_owner": lambda _, __: True,
    "participants": _participants,
}
_MESSAGE: Read = {
    "id": lambda message, _: message.id,
    "created_time": lambda message, _: stamp(message.sent_at),
    "from": _if_recent(_sender),
    "to": _if_recent(_recipients),
    "message": _if_recent(lambda message, _: "" if message.is_unsupported else message.text),
    "is_unsupported": _if_recent(lambda message, _: True if message.is_unsupported else None),
    "reply_to": _if_recent(lambda message, _: {"mid": message.reply_to.id} if message.reply_to else None),
    "reactions": _if_recent(_reactions),
}
_PROFILE: Read = {
    "id": lambda account, ask: account.id_for(ask.viewer.account),
    "name": lambda account, _: account.name or None,
    "username": lambda account, _: account.username,
    "profile_pic": lambda account, _: f"{PICTURES}/{ids.shortcode(account.user_id)}.jpg?oe=6720",
    "follower_count": lambda account, _: len(account.person.key) * 17,
    "is_user_follow_business": lambda _, __: False,
    "is_business_follow_user": lambda _, __: False,
    "is_verified_user": lambda account, _: account.person.role == "staff",
}
_PARTICIPANT: Read = {
    "id": lambda pair, _: pair[1].id_for(pair[0]),
    "username": lambda pair, _: pair[1].username,
}
_OTHERS = (
    NodeType(
        name="Media",
        fields=MEDIA_FIELDS,
        default=("id",),
        read=_MEDIA,
        edges={"comments": Edge(type="Comment", list=lists.comments, most=COMMENTS_ON_A_PAGE)},
    ),
    NodeType(
        name="Comment",
        fields=COMMENT_FIELDS,
        default=("id", "text", "timestamp"),
        read=_COMMENT,
        edges={"replies": Edge(type="Comment", list=lists.replies, most=COMMENTS_ON_A_PAGE)},
    ),
    NodeType(
        name="UnifiedThread",
        fields=THREAD_FIELDS,
        default=("id", "updated_time"),
        read=_THREAD,
        edges={"messages": Edge(type="UnifiedMessage", list=lists.messages)},
    ),
    NodeType(name="UnifiedMessage", fields=MESSAGE_FIELDS, default=("id", "created_time"), read=_MESSAGE),
    NodeType(name="Profile", fields=PROFILE_FIELDS, default=("id",), read=_PROFILE),
    NodeType(name="Participant", fields=frozenset(_PARTICIPANT), default=("id", "username"), read=_PARTICIPANT),
)
