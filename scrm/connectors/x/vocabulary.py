"""The two vocabularies of X's API: since version 2.167 a tweet is a post, in parameters and in answers.

Field and expansion names: openapi.json of xdevplatform/docs, 2.166 and 2.167, read 2026-11-23. Which spelling the
servers take is not documented, so requests follow the app's choice and answers may use either, also mixed: events
still speak of tweets. In 2.167 author, parent and references are no fields but come with their expansions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scrm.connectors.payload import Payload

Query = list[tuple[str, str]]
USER_FIELDS = (
    "created_at",
    "description",
    "entities",
    "id",
    "location",
    "name",
    "protected",
    "public_metrics",
    "url",
    "username",
    "verified_type",
)
POST_FIELDS = ("conversation_id", "created_at", "edit_controls", "entities", "id", "lang", "public_metrics", "text")
MESSAGE_FIELDS = ("created_at", "dm_conversation_id", "entities", "event_type", "id", "text")


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """How a request is worded."""

    word: str
    post_fields: tuple[str, ...]
    post_expansions: tuple[str, ...]
    user_fields: tuple[str, ...]
    message_fields: tuple[str, ...]

    def posts(self) -> Query:
        """What to ask for with every list of posts."""
        return [
            (f"{self.word}.fields", ",".join(self.post_fields)),
            ("expansions", ",".join(self.post_expansions)),
            ("user.fields", ",".join(self.user_fields)),
        ]

    def counts(self) -> Query:
        """What to ask for where only the numbers below a post matter; whoever wrote it is not paid for."""
        return [(f"{self.word}.fields", "id,public_metrics")]

    def people(self) -> Query:
        return [("user.fields", ",".join(self.user_fields))]

    def messages(self) -> Query:
        return [
            ("dm_event.fields", ",".join(self.message_fields)),
            ("expansions", "sender_id"),
            ("user.fields", ",".join(self.user_fields)),
        ]


POST = Vocabulary(
    word="post",
    post_fields=(*POST_FIELDS, "note_post"),
    post_expansions=("author_id", "in_reply_to_user_id", "referenced_posts"),
    user_fields=USER_FIELDS,
    message_fields=MESSAGE_FIELDS,
)
TWEET = Vocabulary(
    word="tweet",
    post_fields=(
        *POST_FIELDS,
        "author_id",
        "edit_history_tweet_ids",
        "in_reply_to_user_id",
        "note_tweet",
        "referenced_tweets",
    ),
    post_expansions=("author_id", "in_reply_to_user_id", "referenced_tweets.id"),
    user_fields=(*USER_FIELDS, "affiliation"),
    message_fields=(*MESSAGE_FIELDS, "sender_id"),
)
VOCABULARIES = {"post": POST, "tweet": TWEET}


def vocabulary(app: Mapping[str, str]) -> Vocabulary:
    """The one that the app's settings choose."""
    return VOCABULARIES.get(app.get("vocabulary", ""), POST)


def references(post: Payload) -> Iterator[Payload]:
    """What a post answers, quotes or repeats: `type` and `id`."""
    yield from post.children("referenced_posts" if post.has("referenced_posts") else "referenced_tweets")


def history(post: Payload) -> tuple[str, ...]:
    """The ids of all versions, the oldest first."""
    return post.texts("edit_history_post_ids") or post.texts("edit_history_tweet_ids")


def note(post: Payload) -> Payload | None:
    """The whole text of a long post, whose `text` is cut."""
    return post.optional_child("note_post") or post.optional_child("note_tweet")


def included_posts(includes: Payload) -> Iterator[Payload]:
    yield from includes.children("posts")
    yield from includes.children("tweets")


def reposts(metrics: Payload) -> int:
    """How often a post was repeated."""
    return metrics.number("repost_count") or metrics.number("retweet_count") or 0


def written(metrics: Payload) -> int:
    """How many posts a user wrote."""
    return metrics.number("post_count") or metrics.number("tweet_count") or 0
