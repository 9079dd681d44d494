"""The calls the YouTube fake allows, with names, types, bounds and enumerations as in the discovery document.

Google's OAuth, the hub and the consent page stand in no machine-readable description: sources in `oauth` and `hub`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC = "youtube.v3 revision 20261104, read 2026-11-24"
OAUTH = "developers.google.com/identity/protocols/oauth2/web-server, from memory, 2026-11-24"
HUB = "pubsubhubbub.appspot.com and WebSub, from memory, 2026-11-24"
PREFIX = "/youtube/v3/"
AUTH = "https://www.googleapis.com/auth/"
MANAGE, FORCE_SSL, READONLY = f"{AUTH}youtube", f"{AUTH}youtube.force-ssl", f"{AUTH}youtube.readonly"
UPLOAD, MEMBERS = f"{AUTH}youtube.upload", f"{AUTH}youtube.channel-memberships.creator"
PARTNER, AUDIT = f"{AUTH}youtubepartner", f"{AUTH}youtubepartner-channel-audit"
SCOPES = frozenset({MANAGE, FORCE_SSL, READONLY, UPLOAD, MEMBERS, PARTNER, AUDIT})
READING = frozenset({MANAGE, FORCE_SSL, READONLY, PARTNER})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One query parameter of a call; a repeated one also takes a list with commas."""

    type: str = "string"
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One method of the API; `unserved` are parameters it has and the fake does not answer."""

    name: str
    parameters: Mapping[str, Parameter]
    scopes: frozenset[str]
    parts: frozenset[str]
    filters: tuple[str, ...] = ()  # exactly one of these
    unserved: frozenset[str] = frozenset()
    required: tuple[str, ...] = ("part",)
    bucket: str = "units"
    allowed: Mapping[str, Parameter] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", {**COMMON, **self.parameters})


TEXT, FLAG, LIST = Parameter(), Parameter(type="boolean"), Parameter(type="array")
COMMON = {
    "key": TEXT,
    "access_token": TEXT,
    "oauth_token": TEXT,
    "alt": Parameter(enum=("json",), default="json"),
    "fields": TEXT,
    "prettyPrint": FLAG,
    "quotaUser": TEXT,
}


def _size(minimum: int, maximum: int, default: int) -> Parameter:
    return Parameter(type="integer", minimum=minimum, maximum=maximum, default=str(default))


def _enum(default: str | None, words: str) -> Parameter:
    return Parameter(enum=tuple(words.split()), default=default)


def _parts(words: str) -> frozenset[str]:
    return frozenset({"id", *words.split()})


LISTED = {"part": LIST, "pageToken": TEXT, "onBehalfOfContentOwner": TEXT}
OWNERS = frozenset({"onBehalfOfContentOwner", "onBehalfOfContentOwnerChannel"})
FORMAT = _enum("html", "textFormatUnspecified html plainText")
CALLS = (
    Call(
        name="channels",
        parameters={
            **LISTED,
            "maxResults": _size(0, 50, 5),
            "categoryId": TEXT,
            "forHandle": TEXT,
            "forUsername": TEXT,
            "hl": TEXT,
            "id": LIST,
            "managedByMe": FLAG,
            "mine": FLAG,
            "mySubscribers": FLAG,
        },
        scopes=READING | {AUDIT},
        parts=_parts(
            "auditDetails brandingSettings contentDetails contentOwnerDetails localizations "
            "snippet statistics status topicDetails"
        ),
        filters=("categoryId", "forHandle", "forUsername", "id", "managedByMe", "mine", "mySubscribers"),
        unserved=OWNERS | {"categoryId", "managedByMe", "mySubscribers", "hl"},
    ),
    Call(
        name="playlistItems",
        parameters={**LISTED, "maxResults": _size(0, 50, 5), "id": LIST, "playlistId": TEXT, "videoId": TEXT},
        scopes=READING,
        parts=_parts("contentDetails snippet status"),
        filters=("id", "playlistId"),
        unserved=OWNERS | {"id"},
    ),
    Call(
        name="videos",
        parameters={
            **LISTED,
            "maxResults": _size(1, 50, 5),
            "chart": _enum(None, "chartUnspecified mostPopular"),
            "hl": TEXT,
            "id": LIST,
            "locale": TEXT,
            "maxHeight": Parameter(type="integer", minimum=72, maximum=8192),
            "maxWidth": Parameter(type="integer", minimum=72, maximum=8192),
            "myRating": _enum(None, "none like dislike"),
            "regionCode": TEXT,
            "videoCategoryId": Parameter(default="0"),
        },
        scopes=READING,
        parts=_parts(
            "contentDetails fileDetails liveStreamingDetails localizations paidProductPlacementDetails player "
            "processingDetails recordingDetails snippet statistics status suggestions topicDetails"
        ),
        filters=("chart", "id", "myRating"),
        unserved=OWNERS
        | {"chart", "hl", "locale", "maxHeight", "maxWidth", "myRating", "regionCode", "videoCategoryId"},
    ),
    Call(
        name="videos:batchGetStats",
        parameters={"part": LIST, "id": LIST, "onBehalfOfContentOwner": TEXT},
        scopes=READING,
        parts=_parts("contentDetails snippet statistics"),
        required=("part", "id"),
        unserved=OWNERS,
    ),
    Call(
        name="commentThreads",
        parameters={
            "part": LIST,
            "pageToken": TEXT,
            "maxResults": _size(1, 100, 20),
            "allThreadsRelatedToChannelId": TEXT,
            "channelId": TEXT,
            "id": LIST,
            "moderationStatus": _enum("published", "published heldForReview likelySpam rejected"),
            "order": _enum("time", "orderUnspecified time relevance"),
            "searchTerms": TEXT,
            "textFormat": FORMAT,
            "videoId": TEXT,
        },
        scopes=frozenset({FORCE_SSL}),
        parts=_parts("replies snippet"),
        filters=("allThreadsRelatedToChannelId", "channelId", "id", "videoId"),
    ),
    Call(
        name="comments",
        parameters={
            "part": LIST,
            "pageToken": TEXT,
            "maxResults": _size(1, 100, 20),
            "id": LIST,
            "parentId": TEXT,
            "textFormat": FORMAT,
        },
        scopes=frozenset({FORCE_SSL}),
        parts=_parts("snippet"),
        filters=("id", "parentId"),
    ),
    Call(
        name="search",
        parameters={
            **LISTED,
            "maxResults": _size(0, 50, 5),
            "channelId": TEXT,
            "channelType": _enum(None, "channelTypeUnspecified any show"),
            "eventType": _enum(None, "none upcoming live completed"),
            "forContentOwner": FLAG,
            "forDeveloper": FLAG,
            "forMine": FLAG,
            "location": TEXT,
            "locationRadius": TEXT,
            "order": _enum("relevance", "searchSortUnspecified date rating viewCount relevance title videoCount"),
            "publishedAfter": Parameter(type="string"),
            "publishedBefore": Parameter(type="string"),
            "q": TEXT,
            "regionCode": TEXT,
            "relevanceLanguage": TEXT,
            "safeSearch": _enum("moderate", "safeSearchSettingUnspecified none moderate strict"),
            "topicId": TEXT,
            "type": LIST,
            "videoCaption": _enum(None, "videoCaptionUnspecified any closedCaption none"),
            "videoCategoryId": TEXT,
            "videoDefinition": _enum(None, "any standard high"),
            "videoDimension": _enum(None, "any 2d 3d"),
            "videoDuration": _enum(None, "videoDurationUnspecified any short medium long"),
            "videoEmbeddable": _enum(None, "videoEmbeddableUnspecified any true"),
            "videoLicense": _enum(None, "any youtube creativeCommon"),
            "videoPaidProductPlacement": _enum(None, "videoPaidProductPlacementUnspecified any true"),
            "videoSyndicated": _enum(None, "videoSyndicatedUnspecified any true"),
            "videoType": _enum(None, "videoTypeUnspecified any movie episode"),
        },
        scopes=READING,
        parts=_parts("snippet"),
        unserved=OWNERS
        | {"channelType", "eventType", "forContentOwner", "forDeveloper", "location", "locationRadius", "topicId"}
        | {"videoCaption", "videoCategoryId", "videoDefinition", "videoDimension", "videoDuration", "videoType"}
        | {"videoEmbeddable", "videoLicense", "videoPaidProductPlacement", "videoSyndicated"},
        bucket="searches",
    ),
    Call(
        name="subscriptions",
        parameters={
            **LISTED,
            "maxResults": _size(0, 50, 5),
            "channelId": TEXT,
            "forChannelId": TEXT,
            "id": LIST,
            "mine": FLAG,
            "myRecentSubscribers": FLAG,
            "mySubscribers": FLAG,
            "onBehalfOfContentOwnerChannel": TEXT,
            "order": _enum("relevance", "subscriptionOrderUnspecified relevance unread alphabetical"),
        },
        scopes=READING,
        parts=_parts("contentDetails snippet subscriberSnippet"),
        filters=("channelId", "id", "mine", "myRecentSubscribers", "mySubscribers"),
        unserved=OWNERS | {"forChannelId", "id"},
    ),
)
BY_NAME = {call.name: call for call in CALLS}
AUTHORIZE = {
    "client_id": "string",
    "redirect_uri": "string",
    "response_type": "string",
    "scope": "string",
    "access_type": "string",
    "code_challenge": "string",
    "code_challenge_method": "string",
    "enable_granular_consent": "boolean",
    "include_granted_scopes": "boolean",
    "login_hint": "string",
    "prompt": "string",
    "state": "string",
}
TOKEN_FIELDS = ("client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri", "refresh_token")
HUB_FIELDS = ("callback", "lease_seconds", "mode", "secret", "topic", "verify", "verify_token")
ROUTES = (
    *(
        Route(
            method="GET",
            path=PREFIX + call.name,
            source=SPEC,
            query={name: parameter.type for name, parameter in call.allowed.items()},
            required=call.required,
        )
        for call in CALLS
    ),
    Route(method="GET", path="/o/oauth2/v2/auth", source=OAUTH, query=AUTHORIZE),
    Route(
        method="POST",
        path="/o/oauth2/v2/auth",
        source="the fake's own consent page",
        body={**AUTHORIZE, "account": "string", "decision": "string", "withheld": "string"},
        required=("account", "decision"),
    ),
    Route(
        method="POST",
        path="/token",
        source=OAUTH,
        body=dict.fromkeys(TOKEN_FIELDS, "string"),
    ),
    Route(method="POST", path="/revoke", source=OAUTH, query={"token": "string"}, body={"token": "string"}),
    Route(method="GET", path="/tokeninfo", source=OAUTH, query={"access_token": "string"}),
    Route(
        method="POST",
        path="/subscribe",
        source=HUB,
        body={f"hub.{name}": "integer" if name == "lease_seconds" else "string" for name in HUB_FIELDS},
        required=("hub.callback", "hub.mode", "hub.topic"),
    ),
)
