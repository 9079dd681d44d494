"""The calls the fake answers, each with its parameters as its lexicon states them.

Source: bluesky-social/atproto lexicons @d6296a1c, read 2026-11-23; `tests/sandbox/bluesky/test_methods.py`
compares this table with the lexicons themselves when they are at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scrm.sandbox.ledger import Route

READ_ON = "2026-11-23"


class Auth(StrEnum):
    """What a call must bring along."""

    NONE = "none"
    OPTIONAL = "optional"
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a query or one field of a procedure's input."""

    name: str
    type: str = "string"
    is_required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    default: int | str | bool | None = None
    max_length: int | None = None
    format: str | None = None


@dataclass(frozen=True, kw_only=True)
class Method:
    """One XRPC call."""

    nsid: str
    parameters: tuple[Parameter, ...] = ()
    auth: Auth = Auth.OPTIONAL
    is_procedure: bool = False

    @property
    def path(self) -> str:
        return f"/xrpc/{self.nsid}"

    @property
    def lexicon(self) -> str:
        return self.nsid.replace(".", "/") + ".json"

    def route(self) -> Route:
        """Return the row for the ledger that checks and records requests."""
        fields = {parameter.name: parameter.type for parameter in self.parameters}
        return Route(
            method="POST" if self.is_procedure else "GET",
            path=self.path,
            source=f"bluesky-social/atproto lexicons/{self.lexicon} @d6296a1c, read {READ_ON}",
            query={} if self.is_procedure else fields,
            body=fields if self.is_procedure else {},
            required=tuple(parameter.name for parameter in self.parameters if parameter.is_required),
        )


def _text(name: str, form: str | None = None, *, default: str | None = None) -> Parameter:
    return Parameter(name=name, format=form, default=default)


def _required(name: str, form: str | None = None) -> Parameter:
    return Parameter(name=name, is_required=True, format=form)


def _flag(name: str, *, default: bool | None = None) -> Parameter:
    return Parameter(name=name, type="boolean", default=default)


def _limit(default: int) -> Parameter:
    return Parameter(name="limit", type="integer", minimum=1, maximum=100, default=default)


def _level(name: str, default: int) -> Parameter:
    return Parameter(name=name, type="integer", minimum=0, maximum=1000, default=default)


_CURSOR = _text("cursor")
_ABOUT_POST = (_required("uri", "at-uri"), _text("cid", "cid"), _limit(50), _CURSOR)
_ABOUT_ACTOR = (_required("actor", "at-identifier"), _limit(50), _CURSOR, _text("sort"))
_REPO = _required("repo", "at-identifier")
_DID = _required("did", "did")

METHODS = (
    Method(
        nsid="com.atproto.server.createSession",
        is_procedure=True,
        auth=Auth.NONE,
        parameters=(
            _required("identifier"),
            _required("password"),
            _text("authFactorToken"),
            _flag("allowTakendown"),
        ),
    ),
    Method(nsid="com.atproto.server.refreshSession", is_procedure=True, auth=Auth.REFRESH),
    Method(nsid="com.atproto.server.getSession", auth=Auth.ACCESS),
    Method(nsid="com.atproto.server.deleteSession", is_procedure=True, auth=Auth.REFRESH),
    Method(
        nsid="com.atproto.identity.resolveHandle",
        auth=Auth.NONE,
        parameters=(_required("handle", "handle"),),
    ),
    Method(
        nsid="com.atproto.repo.listRecords",
        auth=Auth.NONE,
        parameters=(_REPO, _required("collection", "nsid"), _limit(50), _CURSOR, _flag("reverse")),
    ),
    Method(
        nsid="com.atproto.repo.getRecord",
        auth=Auth.NONE,
        parameters=(_REPO, _required("collection", "nsid"), _required("rkey", "record-key"), _text("cid", "cid")),
    ),
    Method(nsid="com.atproto.repo.describeRepo", auth=Auth.NONE, parameters=(_REPO,)),
    Method(nsid="com.atproto.sync.getRepo", auth=Auth.NONE, parameters=(_DID, _text("since", "tid"))),
    Method(nsid="com.atproto.sync.getLatestCommit", auth=Auth.NONE, parameters=(_DID,)),
    Method(nsid="app.bsky.actor.getProfile", parameters=(_required("actor", "at-identifier"),)),
    Method(
        nsid="app.bsky.actor.getProfiles",
        parameters=(Parameter(name="actors", type="array", is_required=True, max_length=25, format="at-identifier"),),
    ),
    Method(
        nsid="app.bsky.actor.searchActors",
        parameters=(_text("term"), _text("q"), _limit(25), _CURSOR),
    ),
    Method(
        nsid="app.bsky.feed.getAuthorFeed",
        parameters=(
            _required("actor", "at-identifier"),
            _limit(50),
            _CURSOR,
            _text("filter", default="posts_with_replies"),
            _flag("includePins", default=False),
        ),
    ),
    Method(
        nsid="app.bsky.feed.getPosts",
        parameters=(Parameter(name="uris", type="array", is_required=True, max_length=25, format="at-uri"),),
    ),
    Method(
        nsid="app.bsky.feed.getPostThread",
        parameters=(_required("uri", "at-uri"), _level("depth", 6), _level("parentHeight", 80)),
    ),
    Method(nsid="app.bsky.feed.getLikes", parameters=_ABOUT_POST),
    Method(nsid="app.bsky.feed.getRepostedBy", parameters=_ABOUT_POST),
    Method(nsid="app.bsky.feed.getQuotes", parameters=_ABOUT_POST),
    Method(
        nsid="app.bsky.feed.searchPosts",
        parameters=(
            _required("q"),
            _text("sort", default="latest"),
            _text("since"),
            _text("until"),
            _text("mentions", "at-identifier"),
            _text("author", "at-identifier"),
            _text("lang", "language"),
            _text("domain"),
            _text("url", "uri"),
            Parameter(name="tag", type="array"),
            _limit(25),
            _CURSOR,
        ),
    ),
    Method(nsid="app.bsky.graph.getFollowers", parameters=_ABOUT_ACTOR),
    Method(nsid="app.bsky.graph.getFollows", parameters=_ABOUT_ACTOR),
    Method(
        nsid="app.bsky.notification.listNotifications",
        auth=Auth.ACCESS,
        parameters=(
            Parameter(name="reasons", type="array"),
            _limit(50),
            _flag("priority"),
            _CURSOR,
            _text("seenAt", "datetime"),
        ),
    ),
    Method(
        nsid="app.bsky.notification.updateSeen",
        is_procedure=True,
        auth=Auth.ACCESS,
        parameters=(_required("seenAt", "datetime"),),
    ),
)
