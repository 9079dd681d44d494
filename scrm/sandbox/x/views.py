"""Users, posts and messages as the API shows them: the fields asked for, in the words of a vocabulary.

What is shown unasked, and which fields there are: data-dictionary.mdx of xdevplatform/docs, read 2026-11-23, and
openapi.json 2.166 and 2.167, read 2026-11-24. A field without a value is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import content
from scrm.sandbox.x.ids import stamp
from scrm.sandbox.x.state import Standing
from scrm.sandbox.x.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrm.sandbox.x.state import Message, Post, State, User, Version

EDIT_WINDOW = timedelta(hours=1)  # documented as 30 minutes; samples show 60
MOST_EDITS = 5
UNASKED_POST = frozenset({"id", "text"})
UNASKED_USER = frozenset({"id", "name", "username"})
UNASKED_DM = frozenset({"id", "event_type", "text"})


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a request wants to see."""

    vocabulary: Vocabulary
    post_fields: frozenset[str] = frozenset()
    user_fields: frozenset[str] = frozenset()
    dm_fields: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, vocabulary: Vocabulary, values: Mapping[str, Any]) -> Selection:
        return cls(
            vocabulary=vocabulary,
            post_fields=frozenset(values.get(vocabulary.fields_parameter, ())),
            user_fields=frozenset(values.get("user.fields", ())),
            dm_fields=frozenset(values.get("dm_event.fields", ())),
            expansions=frozenset(values.get("expansions", ())),
        )

    def for_scopes(self, scopes: frozenset[str]) -> Selection:
        """Leave out the e-mail address, unless its scope was granted."""
        if "users.email" in scopes:
            return self
        return replace(self, user_fields=self.user_fields - {"confirmed_email"})

    @classmethod
    def everything(cls, vocabulary: Vocabulary) -> Selection:
        """Return what an event carries."""
        return cls(
            vocabulary=vocabulary,
            post_fields=vocabulary.post_fields,
            user_fields=vocabulary.user_fields - {"confirmed_email", "connection_status", "receives_your_dm"},
            expansions=vocabulary.post_expansions | vocabulary.user_expansions,
        )


def post_view(version: Version, asked: Selection, state: State) -> dict[str, Any]:
    words = asked.vocabulary
    wanted = asked.post_fields | UNASKED_POST | {words.edit_history} | _expanded(asked)
    values = _post_values(version, words, state)
    return {name: value for name, value in values.items() if name in wanted and value is not None}


def _expanded(asked: Selection) -> set[str]:
    """Return the fields that show because they are expanded."""
    words = asked.vocabulary
    shown = {"author_id", "in_reply_to_user_id"} & asked.expansions
    if any(name.startswith(words.referenced) for name in asked.expansions):
        shown.add(words.referenced)
    return shown


def _post_values(version: Version, words: Vocabulary, state: State) -> dict[str, Any]:
    post = version.post
    original = post.repost_of
    text = f"RT @{original.post.author.username}: {original.text}" if original else version.text
    shown, entities = content.render(text, {name: user.id for name, user in state.by_username.items()})
    parent = post.in_reply_to
    begins = content.leading_mentions(shown) if parent else 0
    return {
        "id": str(version.id),
        "text": content.cut(shown),
        words.edit_history: [str(one.id) for one in post.versions],
        "author_id": str(post.author.id),
        "conversation_id": str(post.conversation_id),
        "created_at": stamp(version.at),
        "display_text_range": [begins, len(content.cut(shown))],
        "edit_controls": _edit_controls(post),
        "entities": entities or None,
        "in_reply_to_user_id": str(parent.post.author.id) if parent else None,
        "lang": post.author.person.language,
        words.note: _note(shown, entities),
        "paid_partnership": False,
        "possibly_sensitive": False,
        "public_metrics": _post_metrics(post, words),
        words.referenced: _references(post) or None,
        "reply_settings": "everyone",
    }


def _note(shown: str, entities: dict[str, Any]) -> dict[str, Any] | None:
    if len(shown) <= content.LONGEST:
        return None
    return {"text": shown, "entities": entities} if entities else {"text": shown}


def _edit_controls(post: Post) -> dict[str, Any]:
    return {
        "edits_remaining": MOST_EDITS + 1 - len(post.versions),
        "is_edit_eligible": post.in_reply_to is None and post.repost_of is None,
        "editable_until": stamp(post.created_at + EDIT_WINDOW),
    }


def _post_metrics(post: Post, words: Vocabulary) -> dict[str, int]:
    return {
        words.repost_count: len(post.reposts),
        "reply_count": len(post.replies),
        "like_count": len(post.likes),
        "quote_count": len(post.quotes),
        "bookmark_count": 0,
        "impression_count": 0,
    }


def references(post: Post) -> list[tuple[str, Version]]:
    """Return what a post answers, quotes or repeats, by the id it had then."""
    named = (("retweeted", post.repost_of), ("quoted", post.quote_of), ("replied_to", post.in_reply_to))
    return [(kind, version) for kind, version in named if version]


def _references(post: Post) -> list[dict[str, str]]:
    return [{"type": kind, "id": str(version.id)} for kind, version in references(post)]


def user_view(user: User, asked: Selection, viewer: User | None, state: State) -> dict[str, Any]:
    words = asked.vocabulary
    expanded = asked.expansions & {words.most_recent, f"pinned_{words.word}_id"}
    wanted = asked.user_fields | UNASKED_USER | expanded
    values = _user_values(user, words, viewer, state)
    return {name: value for name, value in values.items() if name in wanted and value is not None}


def _user_values(user: User, words: Vocabulary, viewer: User | None, state: State) -> dict[str, Any]:
    is_company = user.person.role == "company"
    readable = user.posts if user.may_be_read_by(viewer) else []
    description, in_description = content.render(
        user.description, {name: one.id for name, one in state.by_username.items()}
    )
    return {
        "id": str(user.id),
        "name": user.name,
        "username": user.username,
        "confirmed_email": user.person.email if viewer is user else None,
        "connection_status": _connections(user, viewer),
        "created_at": stamp(user.created_at),
        "description": description,
        "entities": _user_entities(user, in_description),
        "is_identity_verified": False,
        "location": user.location or None,
        words.most_recent: str(readable[-1]) if readable else None,
        "parody": False,
        "profile_image_url": f"https://pbs.twimg.com/profile_images/{user.id}/portrait_normal.jpg",
        "protected": user.standing is Standing.PROTECTED,
        "public_metrics": {
            "followers_count": len(user.followers),
            "following_count": len(user.following),
            words.count: len(user.posts),
            "listed_count": 0,
            "like_count": len(user.likes),
            "media_count": 0,
        },
        "receives_your_dm": True if viewer and viewer is not user else None,
        "url": content.short_link(user.website) if user.website else "",
        "verified": is_company,
        "verified_type": "business" if is_company else "none",
    }


def _user_entities(user: User, in_description: dict[str, Any]) -> dict[str, Any] | None:
    entities: dict[str, Any] = {"description": in_description} if in_description else {}
    if user.website:
        entities["url"] = {"urls": [content.url_entity(user.website, 0)]}
    return entities or None


def _connections(user: User, viewer: User | None) -> list[str] | None:
    if viewer is None or viewer is user:
        return None
    found = {"following": user.id in viewer.following, "followed_by": viewer.id in user.following}
    return [name for name, is_so in found.items() if is_so]


def dm_view(message: Message, asked: Selection) -> dict[str, Any]:
    wanted = asked.dm_fields | UNASKED_DM | (asked.expansions & {"sender_id"})
    text, entities = content.render(message.text, {})
    values = {
        "id": str(message.id),
        "event_type": "MessageCreate",
        "text": text,
        "created_at": stamp(message.at),
        "dm_conversation_id": message.conversation_id,
        "entities": entities or None,
        "sender_id": str(message.sender.id),
    }
    return {name: value for name, value in values.items() if name in wanted and value is not None}
