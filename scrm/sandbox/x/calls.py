"""The calls the fake allows: parameters, kinds of tokens, scopes and limits.

Parameters and scopes: openapi.json of xdevplatform/docs, 2.166 and 2.167, read 2026-11-24. Limits in 15 minutes per
app and per user: rate-limits.mdx of the same, read 2026-11-23; those marked below are from memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route
from scrm.sandbox.x.parameters import CONVERSATION, ID, USERNAME, Parameter
from scrm.sandbox.x.vocabulary import MEDIA_FIELDS, PLACE_FIELDS, POLL_FIELDS, POST, Vocabulary, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

READ = frozenset({"tweet.read", "users.read"})
DM_READ = READ | {"dm.read"}
UNKNOWN_LIMIT = 300  # where no limit is documented, from memory
JOB_FIELDS = words(
    "created_at download_expires_at download_url id name resumable status type upload_expires_at upload_url"
)
USAGE_FIELDS = words("cap_reset_day daily_client_app_usage daily_project_usage project_cap project_id project_usage")
EVENT_TYPES = ("MessageCreate", "ParticipantsLeave", "ParticipantsJoin")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call; without scopes no user token is taken, without `takes_app` no app's."""

    method: str = "GET"
    path: str
    query: Mapping[str, Parameter] = field(default_factory=dict)
    parts: Mapping[str, Parameter] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    body_required: tuple[str, ...] = ()
    scopes: frozenset[str] | None = READ
    takes_app: bool = True
    app_limit: int = UNKNOWN_LIMIT
    user_limit: int = UNKNOWN_LIMIT

    def route(self, version: str) -> Route:
        required = tuple(name for name, one in self.query.items() if one.is_required)
        return Route(
            method=self.method,
            path=self.path,
            source=f"xdevplatform/docs openapi.json {version}, read 2026-11-24",
            query={name: one.sent_as for name, one in self.query.items()},
            body=self.body,
            required=required + self.body_required,
        )

    @property
    def rule(self) -> str:
        """The path in Flask's form."""
        return re.sub(r"{(\w+)}", r"<\1>", self.path)


def _chosen(choices: frozenset[str] | Sequence[str], default: Sequence[str] | None = None) -> Parameter:
    return Parameter(kind="list", choices=frozenset(choices), default=default)


def _count(lowest: int, highest: int, default: int | None = None) -> Parameter:
    return Parameter(kind="integer", lowest=lowest, highest=highest, default=default)


def _part(name: str, pattern: str = ID) -> dict[str, Parameter]:
    return {name: Parameter(pattern=pattern)}


AN_ID = Parameter(pattern=ID)
TOKEN = Parameter(shortest=1)
LONG_TOKEN = Parameter(shortest=16)
A_TIME = Parameter(kind="time")
TIMES = {"start_time": A_TIME, "end_time": A_TIME, "since_id": AN_ID, "until_id": AN_ID}
EXCLUDE = {"exclude": _chosen(("replies", "retweets"))}
IDS = {"ids": Parameter(kind="list", pattern=ID, most=100, is_required=True)}
SEARCH = {"query": Parameter(shortest=1, longest=4096, is_required=True)}
TOKENS = {"next_token": TOKEN, "pagination_token": TOKEN}
KIND_OF_JOB = Parameter(choices=frozenset({"tweets", "users"}), is_required=True)


def calls(vocabulary: Vocabulary) -> tuple[Call, ...]:
    """Return every call of the API in a vocabulary."""
    return (*_users(vocabulary), *_posts(vocabulary), *_messages(vocabulary), *_of_the_app(vocabulary))


def _user_query(vocabulary: Vocabulary) -> dict[str, Parameter]:
    return {
        "user.fields": _chosen(vocabulary.user_fields),
        "expansions": _chosen(vocabulary.user_expansions),
        vocabulary.fields_parameter: _chosen(vocabulary.post_fields),
    }


def _post_query(vocabulary: Vocabulary) -> dict[str, Parameter]:
    return {
        vocabulary.fields_parameter: _chosen(vocabulary.post_fields),
        "expansions": _chosen(vocabulary.post_expansions),
        "user.fields": _chosen(vocabulary.user_fields),
        "media.fields": _chosen(MEDIA_FIELDS),
        "poll.fields": _chosen(POLL_FIELDS),
        "place.fields": _chosen(PLACE_FIELDS),
    }


def _users(vocabulary: Vocabulary) -> tuple[Call, ...]:
    shown = _user_query(vocabulary)
    names = {"usernames": Parameter(kind="list", pattern=USERNAME, most=100, is_required=True)}
    followers = {"max_results": _count(1, 1000), "pagination_token": LONG_TOKEN, **shown}
    found = {
        "query": Parameter(pattern="[A-Za-z0-9_' ]{1,50}", is_required=True),
        "max_results": _count(1, 1000, 100),
        "next_token": TOKEN,
        **shown,
    }
    return (
        Call(path="/2/users/me", query=shown, takes_app=False, user_limit=75),
        Call(path="/2/users/by", query={**names, **shown}, user_limit=900),
        Call(path="/2/users/by/username/{username}", query=shown, parts=_part("username", USERNAME), user_limit=900),
        Call(path="/2/users/search", query=found, takes_app=False, user_limit=900),
        Call(path="/2/users", query={**IDS, **shown}, user_limit=900),
        Call(path="/2/users/{id}", query=shown, parts=_part("id"), user_limit=900),
        Call(path="/2/users/{id}/followers", query=followers, parts=_part("id"), scopes=READ | {"follows.read"}),
    )


def _posts(vocabulary: Vocabulary) -> tuple[Call, ...]:
    shown = _post_query(vocabulary)
    timeline = {"max_results": _count(5, 100), "pagination_token": TOKEN, **TIMES, **shown}
    recent = {
        **SEARCH,
        "max_results": _count(10, 100, 10),
        **TOKENS,
        **TIMES,
        "sort_order": Parameter(choices=frozenset({"recency", "relevancy"})),
        **shown,
    }
    counts = {
        **SEARCH,
        **TOKENS,
        **TIMES,
        "granularity": Parameter(choices=frozenset({"minute", "hour", "day"}), default="hour"),
        "search_count.fields": Parameter() if vocabulary is POST else _chosen(("end", "start", vocabulary.count)),
    }
    quotes = {"max_results": _count(10, 100, 10), "pagination_token": TOKEN, **EXCLUDE, **shown}
    people = {"max_results": _count(1, 100, 100), "pagination_token": TOKEN, **_user_query(vocabulary)}
    part = _part("id")
    return (
        Call(
            path="/2/users/{id}/tweets", query={**timeline, **EXCLUDE}, parts=part, app_limit=10_000, user_limit=900
        ),
        Call(path="/2/users/{id}/mentions", query=timeline, parts=part, app_limit=450, user_limit=300),
        Call(path="/2/tweets/search/recent", query=recent, app_limit=450, user_limit=300),
        Call(path="/2/tweets/counts/recent", query=counts, scopes=frozenset()),
        Call(path="/2/tweets", query={**IDS, **shown}, app_limit=3500, user_limit=5000),
        Call(path="/2/tweets/{id}", query=shown, parts=part, user_limit=900),  # from memory
        Call(path="/2/tweets/{id}/quote_tweets", query=quotes, parts=part, app_limit=75, user_limit=75),
        Call(path="/2/tweets/{id}/retweeted_by", query=people, parts=part, app_limit=75, user_limit=75),
        Call(
            path="/2/tweets/{id}/liking_users",
            query=people,
            parts=part,
            scopes=READ | {"like.read"},
            takes_app=False,
            user_limit=75,
        ),
    )


def _messages(vocabulary: Vocabulary) -> tuple[Call, ...]:
    shown = {
        "dm_event.fields": _chosen(vocabulary.dm_fields),
        "expansions": _chosen(vocabulary.dm_expansions),
        "user.fields": _chosen(vocabulary.user_fields),
        vocabulary.fields_parameter: _chosen(vocabulary.post_fields),
        "media.fields": _chosen(MEDIA_FIELDS),
    }
    page = {
        "max_results": _count(1, 100, 100),
        "pagination_token": LONG_TOKEN,
        "event_types": _chosen(EVENT_TYPES, EVENT_TYPES),
        **shown,
    }
    places: tuple[tuple[str, dict[str, Parameter], dict[str, Parameter]], ...] = (
        ("/2/dm_events", page, {}),
        ("/2/dm_conversations/with/{participant_id}/dm_events", page, _part("participant_id")),
        ("/2/dm_conversations/{id}/dm_events", page, _part("id", CONVERSATION)),
        ("/2/dm_events/{event_id}", shown, _part("event_id")),
    )
    return tuple(
        Call(path=path, query=query, parts=parts, scopes=DM_READ, takes_app=False, user_limit=15)
        for path, query, parts in places
    )


def _of_the_app(vocabulary: Vocabulary) -> tuple[Call, ...]:
    """Return the calls that concern the app: usage, compliance, webhooks and subscriptions."""
    job = {"compliance_job.fields": _chosen(JOB_FIELDS)}
    made = job if vocabulary is POST else {}
    status = Parameter(choices=frozenset({"created", "in_progress", "failed", "complete"}))
    new_job = {"type": "string", "name": "string", "resumable": "boolean"}
    days = {"days": _count(1, 90, 7), "usage.fields": _chosen(USAGE_FIELDS)}
    subscription = {"event_type": "string", "filter": "object", "tag": "string", "webhook_id": "string"}
    change = {"tag": "string", "webhook_id": "string"}
    replay = {"webhook_id": "string", "from_date": "string", "to_date": "string"}
    webhook, one = _part("webhook_id"), _part("subscription_id")
    shown = {"webhook_config.fields": _chosen(("created_at", "id", "url", "valid"))}
    listing = {"max_results": _count(1, 1000), "pagination_token": LONG_TOKEN}
    jobs, subscriptions = "/2/compliance/jobs", "/2/activity/subscriptions"
    return (
        Call(path="/2/usage/tweets", query=days, scopes=None, app_limit=50),
        Call(path=jobs, query={"type": KIND_OF_JOB, "status": status, **job}, scopes=None, app_limit=150),
        Call(method="POST", path=jobs, query=made, body=new_job, body_required=("type",), scopes=None, app_limit=150),
        Call(path=f"{jobs}/{{id}}", query=job, parts=_part("id"), scopes=None, app_limit=150),
        Call(path="/2/webhooks", query=shown, scopes=None),
        Call(method="POST", path="/2/webhooks", body={"url": "string"}, body_required=("url",), scopes=None),
        Call(method="PUT", path="/2/webhooks/{webhook_id}", parts=webhook, scopes=None),
        Call(method="DELETE", path="/2/webhooks/{webhook_id}", parts=webhook, scopes=None),
        Call(method="POST", path="/2/webhooks/replay", body=replay, body_required=tuple(replay), scopes=None),
        Call(path=subscriptions, query=listing, scopes=frozenset({"like.read", "tweet.read"})),
        Call(
            method="POST",
            path=subscriptions,
            body=subscription,
            body_required=("event_type", "filter"),
            scopes=frozenset(),
        ),
        Call(method="DELETE", path=subscriptions, query=IDS, scopes=None),
        Call(method="PUT", path=f"{subscriptions}/{{subscription_id}}", parts=one, body=change, scopes=None),
        Call(method="DELETE", path=f"{subscriptions}/{{subscription_id}}", parts=one, scopes=None),
    )
