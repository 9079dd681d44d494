"""What may be asked of Connections: every call with its addresses and parameters.

Addresses and parameters from IBM Connections 3.0 to 5.5 API documentation and the recorded calls of
OpenNTF/SocialSDK c9c02d44 (read 2026-11-23/24). Where `{auth}` stands, nothing means the password or cookie and
`oauth/` the token; OpenSocial says `basic/`, `oauth/` or nothing. Blogs' place for it is from memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.connections.parameters import (
    FILTERS,
    ID,
    MILLIS,
    TIME,
    TRUTH,
    WORDS,
    Parameter,
    number,
    one_of,
)
from scrm.sandbox.ledger import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "IBM Connections API documentation 3.0-5.5; OpenNTF/SocialSDK c9c02d44 (2026-11-23)"
OAUTH = "/oauth2/endpoint/connectionsProvider"
ORDER = {"sortOrder": one_of("asc", "desc")}
PAGED = {"page": number(1), "ps": number(1)}
WHO = {"email": WORDS, "userid": WORDS}
WHOSE = {**WHO, "key": ID}
FORUMS = {
    **PAGED,
    **ORDER,
    **WHO,
    "since": MILLIS,
    "sortBy": one_of("created", "lastmod"),
    "tag": WORDS,
    "search": WORDS,
}
COMMUNITIES = {
    **PAGED,
    **WHO,
    "search": WORDS,
    "tag": WORDS,
    "sortField": one_of("lastmod", "name", "count"),
    "asc": TRUTH,
}
BLOGS = {
    "page": number(0),
    "ps": number(1),
    **WHO,
    "since": TIME,
    **ORDER,
    "sortBy": one_of("commented", "modified", "recommended", "title", "visited"),
    "search": WORDS,
    "tags": WORDS,
    "lang": WORDS,
}
BOARD = {
    **WHOSE,
    **PAGED,
    **ORDER,
    "since": TIME,
    "sortBy": one_of("created", "lastMod", "published"),
    "comments": one_of("none", "all", "inline"),
    "lang": WORDS,
}
PROFILE = {
    **WHOSE,
    "format": one_of("lite", "full"),
    "output": one_of("hcard", "vcard"),
    "inclMessage": TRUTH,
    "lang": WORDS,
}
PEOPLE = dict.fromkeys(
    (
        "name",
        "email",
        "phone",
        "city",
        "country",
        "jobTitle",
        "organization",
        "profileTags",
        "search",
        "userid",
    ),
    WORDS,
)
OPEN_SOCIAL = {"startIndex": number(0), "count": number(1), "format": one_of("json"), "lang": WORDS}
STREAM = {
    **OPEN_SOCIAL,
    "updatedSince": TIME,
    "updatedBefore": TIME,
    "rollup": TRUTH,
    "broadcast": TRUTH,
    "filterBy": one_of("object", "actor", "verb"),
    "filterOp": one_of("equals"),
    "filterValue": WORDS,
    "filters": FILTERS,
    "query": WORDS,
    "queryLanguage": WORDS,
    "preferSearchIndex": TRUTH,
}
MICROBLOG = {
    **OPEN_SOCIAL,
    "sortBy": one_of("published"),
    "sortOrder": one_of("ascending", "descending"),
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call for reading; of `one_of` exactly one parameter must be given, or at most one if it may be left out."""

    name: str
    application: str
    path: str
    query: Mapping[str, Parameter] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    may_lack: bool = False
    required: tuple[str, ...] = ()

    def paths(self) -> list[str]:
        """Return the addresses under which the call is known, one for each way to be somebody."""
        if "{auth}" not in self.path:
            return [self.path]
        ways = ("basic/", "oauth/", "") if self.application == "connections" else ("", "oauth/")
        return [self.path.replace("{auth}", way) for way in ways]


def _call(name: str, path: str, query: Mapping[str, Parameter], **more: object) -> Call:
    return Call(name=name, application=path.split("/")[1], path=path, query=query, **more)  # type: ignore[arg-type]


_COMMUNITY = "/communities/service/atom/{auth}"
_FORUM = "/forums/{auth}atom"
_BLOG = "/blogs/{auth}{handle}"
_PROFILE = "/profiles/{auth}atom"
_REST = "/connections/opensocial/{auth}rest"

CALLS = (
    _call("communities/my", f"{_COMMUNITY}communities/my", {**COMMUNITIES, "since": TIME}),
    _call("communities/all", f"{_COMMUNITY}communities/all", {**COMMUNITIES, "since": MILLIS}),
    _call(
        "community",
        f"{_COMMUNITY}community/instance",
        {"communityUuid": ID},
        required=("communityUuid",),
    ),
    _call(
        "members",
        f"{_COMMUNITY}community/members",
        {"communityUuid": ID, **PAGED, **WHO, "since": TIME, "role": one_of("owner", "member")},
        required=("communityUuid",),
    ),
    _call(
        "community/topics",
        f"{_COMMUNITY}community/forum/topics",
        {"communityUuid": ID, **FORUMS},
        required=("communityUuid",),
    ),
    _call("invites", f"{_COMMUNITY}community/invites/my", PAGED),
    _call(
        "followed",
        "/communities/follow/{auth}atom/resources",
        {**PAGED, "source": one_of("communities"), "type": one_of("community")},
        required=("source", "type"),
    ),
    _call("forums", f"{_FORUM}/forums", {**FORUMS, "communityUuid": ID}),
    _call("forums", f"{_FORUM}/forums/public", {**FORUMS, "communityUuid": ID}),
    _call("forums/my", f"{_FORUM}/forums/my", FORUMS),
    _call("forum", f"{_FORUM}/forum", {"forumUuid": ID}, required=("forumUuid",)),
    _call(
        "topics",
        f"{_FORUM}/topics",
        {**FORUMS, "forumUuid": ID, "communityUuid": ID},
        one_of=("forumUuid", "communityUuid"),
        may_lack=True,
    ),
    _call("topics/my", f"{_FORUM}/topics/my", FORUMS),
    _call("topic", f"{_FORUM}/topic", {"topicUuid": ID}, required=("topicUuid",)),
    _call(
        "replies",
        f"{_FORUM}/replies",
        {**FORUMS, "topicUuid": ID, "replyUuid": ID},
        one_of=("topicUuid", "replyUuid"),
    ),
    _call("reply", f"{_FORUM}/reply", {"replyUuid": ID}, required=("replyUuid",)),
    _call(
        "recommendations",
        f"{_FORUM}/recommendation/entries",
        {"postUuid": ID, **PAGED},
        required=("postUuid",),
    ),
    _call("blogs", f"{_BLOG}/feed/blogs/atom", BLOGS),
    _call("entries", f"{_BLOG}/feed/entries/atom", BLOGS),
    _call("comments", f"{_BLOG}/feed/comments/atom", BLOGS),
    _call("entry/comments", f"{_BLOG}/feed/entrycomments/{{anchor}}/atom", BLOGS),
    _call("entry", f"{_BLOG}/feed/entry/atom", {"entryid": ID, "lang": WORDS}, required=("entryid",)),
    _call("comment", f"{_BLOG}/feed/comment/atom", {"commentid": ID, "lang": WORDS}, required=("commentid",)),
    _call("entry/likes", f"{_BLOG}/feed/entryrecommendations/{{id}}/atom", BLOGS),
    _call("comment/likes", f"{_BLOG}/feed/commentrecommendations/{{id}}/atom", BLOGS),
    _call("profile", f"{_PROFILE}/profile.do", PROFILE, one_of=("email", "userid", "key")),
    _call("profile", f"{_PROFILE}/profileEntry.do", PROFILE, one_of=("email", "userid", "key")),
    _call(
        "people",
        f"{_PROFILE}/search.do",
        {**PEOPLE, **PAGED, "activeUsersOnly": TRUTH, "format": one_of("lite", "full"), "output": one_of("hcard")},
    ),
    _call("profiles/service", f"{_PROFILE}/profileService.do", WHOSE),
    _call("configuration", "/profiles/serviceconfigs", {}),
    _call("board", f"{_PROFILE}/mv/theboard/entries.do", BOARD, one_of=("email", "userid", "key")),
    _call(
        "boards", f"{_PROFILE}/mv/theboard/entries/all.do", BOARD, one_of=("email", "userid", "key"), may_lack=True
    ),
    _call(
        "board/comments",
        f"{_PROFILE}/mv/theboard/comments.do",
        {"entryId": ID, **PAGED, **ORDER},
        required=("entryId",),
    ),
    _call("me", f"{_REST}/people/@me/", {"format": one_of("json")}),
    _call("me", f"{_REST}/people/@me/@self", {"format": one_of("json")}),
    _call("stream", f"{_REST}/activitystreams/{{user}}/{{group}}", STREAM),
    _call("stream", f"{_REST}/activitystreams/{{user}}/{{group}}/{{app}}", STREAM),
    _call("story", f"{_REST}/activitystreams/{{user}}/{{group}}/{{app}}/{{story}}", {"format": one_of("json")}),
    _call("notes", f"{_REST}/ublog/{{user}}/{{group}}", MICROBLOG),
    _call("note", f"{_REST}/ublog/{{user}}/{{group}}/{{note}}", {"format": one_of("json")}),
    _call("note/comments", f"{_REST}/ublog/{{user}}/{{group}}/{{note}}/comments", MICROBLOG),
    _call("note/likes", f"{_REST}/ublog/{{user}}/{{group}}/{{note}}/likes", MICROBLOG),
    _call("note/like", f"{_REST}/ublog/{{user}}/{{group}}/{{note}}/likes/{{liker}}", {"format": one_of("json")}),
)
_CONSENT = {
    "response_type": "string",
    "client_id": "string",
    "redirect_uri": "string",
    "state": "string",
    "scope": "string",
}
ROUTES = (
    *(
        Route(
            method="GET",
            path=path,
            source=SOURCE,
            query={name: parameter.word for name, parameter in call.query.items()},
            required=call.required,
        )
        for call in CALLS
        for path in call.paths()
    ),
    Route(method="GET", path=f"{OAUTH}/authorize", source=SOURCE, query=_CONSENT),
    Route(
        method="POST",
        path=f"{OAUTH}/authorize",
        source="the form of the consent page itself",
        body={**_CONSENT, "account": "string", "decision": "string"},
        required=("account", "decision"),
    ),
    Route(
        method="POST",
        path=f"{OAUTH}/token",
        source=SOURCE,
        body=dict.fromkeys(
            ("grant_type", "code", "redirect_uri", "refresh_token", "client_id", "client_secret", "callback_uri"),
            "string",
        ),
        required=("grant_type",),
    ),
    Route(
        method="POST",
        path="/profiles/j_security_check",
        source="Java EE form login, as WebSphere has it",
        body={"j_username": "string", "j_password": "string"},
        required=("j_username", "j_password"),
    ),
)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


_PATTERNS = [(_pattern(path), call, path) for call in CALLS for path in call.paths()]
# a literal address stands before a template
_PATTERNS.sort(key=lambda known: known[2].count("{"))


def find(path: str) -> tuple[Call, dict[str, str]] | None:
    """Find the call at this address and the words in its place holders."""
    for pattern, call, _ in _PATTERNS:
        if match := pattern.fullmatch(path):
            return call, match.groupdict()
    return None


def is_for_tokens(path: str) -> bool:
    """Whether this address takes OAuth tokens and nothing else."""
    return "oauth" in path.split("/")
