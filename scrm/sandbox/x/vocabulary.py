"""The two vocabularies of the X API: 2.166 speaks of tweets, 2.167 of posts.

Field and expansion names as in `openapi.json` of xdevplatform/docs, versions 2.166 and 2.167, read 2026-11-24.
In 2.167 `author_id`, `in_reply_to_user_id`, `referenced_posts` and the pinned post are expansions and no fields any
more. A fake accepts and answers one vocabulary alone.
"""

from __future__ import annotations

from dataclasses import dataclass


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MEDIA_FIELDS = words(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics "
    "public_metrics type url variants width"
)
POLL_FIELDS = words("duration_minutes end_datetime id options voting_status")
PLACE_FIELDS = words("contained_within country country_code full_name geo id name place_type")
_POST_FIELDS = words(
    "article attachments card_uri community_id context_annotations conversation_id created_at display_text_range "
    "edit_controls entities geo id lang matched_media_notes media_metadata non_public_metrics "
    "note_request_suggestions organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics "
    "reply_settings scopes source suggested_source_links suggested_source_links_with_counts text withheld"
)
_USER_FIELDS = words(
    "confirmed_email connection_status created_at description entities id is_identity_verified location name parody "
    "profile_banner_url profile_image_url protected public_metrics receives_your_dm subscription subscription_type "
    "url username verified verified_followers_count verified_type withheld"
)
_POST_EXPANSIONS = words(
    "article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet "
    "attachments.poll_ids author_id entities.mentions.username geo.place_id in_reply_to_user_id"
)
_DM_FIELDS = words("attachments created_at dm_conversation_id entities event_type id text")


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The names one version of the API uses for the same things."""

    word: str
    version: str
    host: str
    repost_count: str
    referenced_expansion: str
    referenced_author_expansion: str | None
    affiliation_expansion: str
    post_fields: frozenset[str]
    user_fields: frozenset[str]
    post_expansions: frozenset[str]
    dm_fields: frozenset[str]
    dm_expansions: frozenset[str]

    @property
    def fields_parameter(self) -> str:
        return f"{self.word}.fields"

    @property
    def plural(self) -> str:
        return f"{self.word}s"

    @property
    def referenced(self) -> str:
        return f"referenced_{self.word}s"

    @property
    def edit_history(self) -> str:
        return f"edit_history_{self.word}_ids"

    @property
    def note(self) -> str:
        return f"note_{self.word}"

    @property
    def count(self) -> str:
        return f"{self.word}_count"

    @property
    def most_recent(self) -> str:
        return f"most_recent_{self.word}_id"

    @property
    def user_expansions(self) -> frozenset[str]:
        return frozenset({self.affiliation_expansion, self.most_recent, f"pinned_{self.word}_id"})


POST = Vocabulary(
    word="post",
    version="2.167",
    host="https://api.x.com",
    repost_count="repost_count",
    referenced_expansion="referenced_posts",
    referenced_author_expansion=None,
    affiliation_expansion="affiliation",
    post_fields=_POST_FIELDS | {"article_title", "note_post"},
    user_fields=_USER_FIELDS | {"subscribes_to_you"},
    post_expansions=_POST_EXPANSIONS | {"edit_history_post_ids", "referenced_posts", "username"},
    dm_fields=_DM_FIELDS,
    dm_expansions=frozenset({"attachments.media_keys", "participant_ids", "referenced_posts", "sender_id"}),
)
TWEET = Vocabulary(
    word="tweet",
    version="2.166",
    host="https://api.twitter.com",
    repost_count="retweet_count",
    referenced_expansion="referenced_tweets.id",
    referenced_author_expansion="referenced_tweets.id.author_id",
    affiliation_expansion="affiliation.user_id",
    post_fields=_POST_FIELDS
    | {"author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet", "referenced_tweets"},
    user_fields=_USER_FIELDS | {"affiliation", "most_recent_tweet_id", "pinned_tweet_id"},
    post_expansions=_POST_EXPANSIONS
    | {
        "edit_history_tweet_ids",
        "entities.note.mentions.username",
        "referenced_tweets.id",
        "referenced_tweets.id.attachments.media_keys",
        "referenced_tweets.id.author_id",
    },
    dm_fields=_DM_FIELDS | {"participant_ids", "referenced_tweets", "sender_id"},
    dm_expansions=frozenset({"attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id"}),
)
VOCABULARIES = {"post": POST, "tweet": TWEET}
