"""The calls of Jive's REST API v3 that the fake answers, with their parameters, filters, sorts and page sizes.

From developers.jivesoftware.com/api/v3/cloud/rest (ContentService, PersonService, PlaceService, MemberService,
ActivityService, DirectMessageService, SearchService, DeletedObjectService, WebhooksService) and the clients of
jivesoftware/JiveDotNetSDK, read 2026-11-24. The hyphenated spellings of people's filters, `status` and `tag` of
contents, `/streams` and the list of webhooks are from memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "/api/core/v3"
DEFAULT_COUNT = 25
DOCUMENTS = "https://developers.jivesoftware.com/api/v3/cloud/rest (read 2026-11-24)"
OAUTH = "https://community.jivesoftware.com/docs/DOC-97348 (read 2026-11-24)"
CONTENT_TYPES = (
    "discussion",
    "document",
    "file",
    "poll",
    "post",
    "favorite",
    "task",
    "update",
    "idea",
    "question",
    "event",
)
PLACE_TYPES = ("group", "space", "project", "blog")
STREAM_TYPES = (*CONTENT_TYPES, "likes", "social", "profiles", "endorsements")

# what a filter's values must be
TIME, SINCE, BETWEEN = "a time", "one or two times", "two times or null"
KINDS, PLACES, STREAMS = "content types", "place types", "stream types"
PERSON, PLACE_URIS, WORDS, ONE, FLAG = "a person", "places", "words", "a value", "true or false"

FIELDS = {"fields": "string"}
PAGED = {**FIELDS, "startIndex": "integer", "count": "integer"}
LISTED = {**PAGED, "filter": "array", "sort": "string"}
THREADED = {**PAGED, "excludeReplies": "boolean", "hierarchical": "boolean", "anchor": "string"}
STREAMED = {
    **FIELDS,
    "after": "string",
    "before": "string",
    "count": "integer",
    "filter": "array",
    "collapse": "boolean",
    "oldestUnread": "boolean",
}
CONTENT_FILTERS = {
    "creationDate": BETWEEN,
    "modificationDate": BETWEEN,
    "type": KINDS,
    "author": PERSON,
    "place": PLACE_URIS,
    "search": WORDS,
    "tag": WORDS,
    "status": WORDS,
}
CONTENT_SORTS = ("dateCreatedDesc", "dateCreatedAsc", "latestActivityDesc", "latestActivityAsc", "titleAsc")
PEOPLE_FILTERS = {
    "company": ONE,
    "department": ONE,
    "location": ONE,
    "title": ONE,
    "search": WORDS,
    "tag": WORDS,
    "nameonly": FLAG,
    "hire-date": SINCE,
    "updated": SINCE,
    "published": SINCE,
    "lastProfileUpdate": SINCE,
    "include-disabled": FLAG,
    "include-external": FLAG,
    "include-online": FLAG,
    "include-partner": FLAG,
}
PEOPLE_SORTS = (
    "firstNameAsc",
    "lastNameAsc",
    "dateJoinedAsc",
    "dateJoinedDesc",
    "lastProfileUpdateAsc",
    "lastProfileUpdateDesc",
    "updatedAsc",
    "updatedDesc",
    "relevanceDesc",
    "statusLevelDesc",
)
PLACE_FILTERS = {"type": PLACES, "search": WORDS, "tag": WORDS}
PLACE_SORTS = ("dateCreatedDesc", "dateCreatedAsc", "latestActivityDesc", "latestActivityAsc", "titleAsc")
FOUND_CONTENT_FILTERS = {
    "search": WORDS,
    "after": TIME,
    "before": TIME,
    "author": PERSON,
    "place": PLACE_URIS,
    "type": KINDS,
    "subjectonly": FLAG,
}
FOUND_SORTS = ("relevanceDesc", "updatedDesc", "updatedAsc")
WEBHOOK_BODY = {
    "callback": "string",
    "object": "string",
    "events": "string",
    "enabled": "boolean",
    "id": "string",
    "type": "string",
    "resources": "object",
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call below the API's prefix; `most` is the largest page, 0 where there are none."""

    name: str
    path: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=lambda: FIELDS)
    filters: Mapping[str, str] = field(default_factory=dict)
    sorts: tuple[str, ...] = ()
    most: int = 0
    body: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def route(self) -> Route:
        return Route(
            method=self.method,
            path=PREFIX + self.path,
            source=DOCUMENTS,
            query=self.query,
            body=self.body,
            required=self.required,
        )


def _replies(name: str, path: str, **more: str) -> Call:
    return Call(name=name, path=path, query={**THREADED, **more}, most=100)


def _people(name: str, path: str) -> Call:
    return Call(name=name, path=path, query=PAGED, most=1000)


def _stream(name: str, path: str) -> Call:
    return Call(name=name, path=path, query=STREAMED, filters={"type": STREAMS}, most=1000)


CALLS = (
    Call(name="me", path="/people/@me"),
    Call(
        name="people",
        path="/people",
        query={**LISTED, "ids": "string", "query": "string"},
        filters=PEOPLE_FILTERS,
        sorts=PEOPLE_SORTS,
        most=100,
    ),
    Call(name="person", path="/people/{person}"),
    Call(name="person_by_email", path="/people/email/{email}"),
    Call(name="person_by_username", path="/people/username/{username}"),
    _people("followers", "/people/{person}/@followers"),
    _people("following", "/people/{person}/@following"),
    _stream("person_activities", "/people/{person}/activities"),
    Call(
        name="contents",
        path="/contents",
        query={**LISTED, "abridged": "boolean", "includeBlogs": "boolean"},
        filters=CONTENT_FILTERS,
        sorts=CONTENT_SORTS,
        most=100,
    ),
    Call(name="content", path="/contents/{content}", query={**FIELDS, "abridged": "boolean"}),
    _replies(
        "content_comments",
        "/contents/{content}/comments",
        author="boolean",
        inline="boolean",
        sort="string",
        filter="array",
    ),
    _replies("content_messages", "/messages/contents/{content}"),
    Call(name="comment", path="/comments/{comment}"),
    Call(name="message", path="/messages/{message}"),
    _replies("comment_comments", "/comments/{comment}/comments"),
    _replies("message_messages", "/messages/{message}/messages"),
    _people("content_likes", "/contents/{content}/likes"),
    _people("comment_likes", "/comments/{comment}/likes"),
    _people("message_likes", "/messages/{message}/likes"),
    Call(name="places", path="/places", query=LISTED, filters=PLACE_FILTERS, sorts=PLACE_SORTS, most=100),
    Call(name="place", path="/places/{place}"),
    Call(
        name="place_contents",
        path="/places/{place}/contents",
        query={**LISTED, "abridged": "boolean", "includeBlogs": "boolean"},
        filters={name: kind for name, kind in CONTENT_FILTERS.items() if name != "place"},
        sorts=CONTENT_SORTS,
        most=100,
    ),
    Call(
        name="place_places",
        path="/places/{place}/places",
        query=LISTED,
        filters=PLACE_FILTERS,
        sorts=PLACE_SORTS,
        most=100,
    ),
    _stream("place_activities", "/places/{place}/activities"),
    Call(name="place_members", path="/members/places/{place}", query={**PAGED, "state": "string"}, most=100),
    Call(name="person_members", path="/members/people/{person}", query={**PAGED, "state": "string"}, most=100),
    _stream("activities", "/activities"),
    _stream("inbox", "/inbox"),
    Call(name="dms", path="/dms", query=PAGED, most=100),
    Call(name="dm", path="/dms/{dm}"),
    _replies("dm_comments", "/dms/{dm}/comments"),
    Call(
        name="search_contents",
        path="/search/contents",
        query=LISTED,
        filters=FOUND_CONTENT_FILTERS,
        sorts=FOUND_SORTS,
        most=100,
    ),
    Call(
        name="search_people",
        path="/search/people",
        query=LISTED,
        filters={"search": WORDS, "nameonly": FLAG, "updated": SINCE, "published": SINCE},
        sorts=FOUND_SORTS,
        most=100,
    ),
    Call(
        name="search_places",
        path="/search/places",
        query=LISTED,
        filters={"search": WORDS, "type": PLACES, "nameonly": FLAG},
        sorts=FOUND_SORTS,
        most=100,
    ),
    Call(
        name="deleted_contents",
        path="/deletedObjects/contents",
        query=LISTED,
        filters={"since": TIME, "type": KINDS},
        sorts=("eventDateDesc", "eventDateAsc"),
        most=100,
    ),
    Call(name="deleted_object", path="/deletedObjects/{deleted}"),
    Call(name="webhooks", path="/webhooks", query=PAGED, most=100),
    Call(name="create_webhook", path="/webhooks", method="POST", body=WEBHOOK_BODY, required=("callback",)),
    Call(name="webhook", path="/webhooks/{webhook}"),
    Call(name="update_webhook", path="/webhooks/{webhook}", method="PUT", body=WEBHOOK_BODY, required=("callback",)),
    Call(name="delete_webhook", path="/webhooks/{webhook}", method="DELETE"),
)
AUTHORIZE = {
    "client_id": "string",
    "response_type": "string",
    "scope": "string",
    "state": "string",
    "redirect_uri": "string",
}
ROUTES = (
    *(call.route() for call in CALLS),
    Route(method="GET", path="/api/version", source=f"{DOCUMENTS}; from memory"),
    Route(
        method="GET",
        path="/oauth2/authorize",
        source=OAUTH,
        query=AUTHORIZE,
    ),
    Route(
        method="POST",
        path="/oauth2/authorize",
        source="the consent page's own form",
        body={**AUTHORIZE, "account": "string", "decision": "string"},
        required=("client_id", "account", "decision"),
    ),
    Route(
        method="POST",
        path="/oauth2/token",
        source=OAUTH,
        body={
            "grant_type": "string",
            "client_id": "string",
            "code": "string",
            "redirect_uri": "string",
            "refresh_token": "string",
            "username": "string",
            "password": "string",
            "scope": "string",
        },
    ),
)
