"""Bluesky: what an account is told, what it writes, the threads below its posts, and what becomes of it all.

API: https://docs.bsky.app and the lexicons of bluesky-social/atproto (read 2026-11). Lists come newest first and know
no "after this one"; see `position`. Names of people are short in lists, so full profiles are read 25 at a time.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from scrm.connectors.base import (
    RECHECK,
    Account,
    Api,
    Connector,
    ObjectPage,
    ObjectRef,
    ObjectStream,
    Page,
    Stream,
    WatchOrder,
)
from scrm.connectors.bluesky.archive import ARCHIVE
from scrm.connectors.bluesky.client import CLIENT
from scrm.connectors.bluesky.lists import read_down
from scrm.connectors.bluesky.translation import POST, AtUri, deed, key, posts_below, profile
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload
from scrm.errors import AccessExpiredError, AccessRevokedError, GoneError, RetryLaterError
from scrm.i18n import N_
from scrm.records import DeletedKind, DeletionRecord, ProfileRecord, Record

DEEPEST = 100  # levels of a thread
ABOUT_US = frozenset(
    {"like", "repost", "follow", "mention", "reply", "quote", "like-via-repost", "repost-via-repost"}
)
COUNTERS = frozenset({"likeCount", "repostCount", "replyCount", "quoteCount", "bookmarkCount", "viewer"})
THREAD_SECONDS = 30.0  # several answers at once are one reading


class Notifications(Stream):
    """Everything the account is told; it must not miss what a person did, so it reads on until it meets the known."""

    name = "notifications"
    label = N_("Mentions, replies, quotes, likes, reposts and new followers")
    every_seconds = 120

    def read(self, api: Api, cursor: str | None) -> Page:
        # Unless told otherwise the network leaves out strangers when the account has set that for its app.
        params = {"priority": "false"}
        return read_down(api, cursor, "app.bsky.notification.listNotifications", params, "notifications")

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.text("reason") in ABOUT_US:
            yield from deed(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """The author's full profile; below an answer the whole thread, for not all of it is told."""
        reason = item.text("reason")
        if reason not in ABOUT_US:
            return
        yield full_profile(item.child("author").text("did"))
        if reason == "reply":
            reply = item.child("record").child("reply")
            for uri in (reply.child("root").text("uri"), item.optional_text("reasonSubject")):
                if uri is not None and AtUri.parse(uri).did == account.key.native_id:
                    yield WatchOrder(stream=Threads.name, native_id=uri, fetch_ref=None, after_seconds=THREAD_SECONDS)
                    return


class OwnPosts(Stream):
    """The account's own posts, replies and reposts; a repost shows the other author's post."""

    name = "posts"
    label = N_("Own posts, replies and reposts")

    def read(self, api: Api, cursor: str | None) -> Page:
        params = {"actor": own_did(api), "filter": "posts_with_replies"}
        return read_down(api, cursor, "app.bsky.feed.getAuthorFeed", params, "feed")

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from deed(_what_was_done(item), account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        done = _what_was_done(item)
        for record in deed(done, account):
            if isinstance(record, ProfileRecord) and record.key != account.key:
                yield full_profile(record.key.native_id)
        if done.number("replyCount"):
            uri = done.text("uri")
            yield WatchOrder(stream=Threads.name, native_id=uri, fetch_ref=None, after_seconds=THREAD_SECONDS)


def _what_was_done(item: Payload) -> Payload:
    """The post, or the repost as if it stood in its author's repository."""
    reason = item.optional_child("reason")
    if reason is None or not reason.has("by"):
        return item.child("post")
    post = item.child("post")
    seen_at = reason.text("indexedAt")
    subject = {"uri": post.text("uri"), "cid": post.text("cid")}
    return Payload(
        {
            "uri": reason.text("uri"),
            "author": reason.child("by").raw(),
            "indexedAt": seen_at,
            "record": {"subject": subject, "createdAt": seen_at},
        },
        f"{item.path}.reason",
    )


class Threads(ObjectStream):
    """What stands below a post of ours, also when it does not name us."""

    name = "threads"
    label = N_("Conversations below own posts")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items: list[dict[str, Any]] = []
        gone, ends = [], []
        for ref in refs:
            params = {"uri": ref.native_id, "depth": DEEPEST, "parentHeight": 0}
            try:
                thread = CLIENT.query(api, "app.bsky.feed.getPostThread", params).child("thread")
            except GoneError:
                gone.append(ref.native_id)
                continue
            items += [_lasting(post) for post in posts_below(thread)]
            ends.append(ref.native_id)
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ends))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from deed(item, account)


class Profiles(ObjectStream):
    """Full profiles; whoever the network no longer shows has left or was removed."""

    name = "profiles"
    label = N_("Full profiles")
    batch = 25

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        dids = [ref.native_id for ref in refs]
        answer = CLIENT.query(api, "app.bsky.actor.getProfiles", {"actors": dids})
        if not answer.has("profiles"):
            raise RetryLaterError("expected a list from the network", network=api.network)
        items = [person.raw() for person in answer.children("profiles")]
        shown = {person.get("did") for person in items}
        items += [{"did": did, "isMissing": True} for did in dids if did not in shown]
        return ObjectPage(items=tuple(items), ends=tuple(dids))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        if item.flag("isMissing"):
            yield DeletionRecord(key=key(item.text("did")), kind=DeletedKind.PROFILE)
        else:
            yield profile(item, full=True)


class Recheck(ObjectStream):
    """Posts 25 at a time; likes, reposts and follows one by one, by whether their record still exists."""

    name = RECHECK
    label = N_("Edits and deletions")
    batch = 25

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        uris = {ref.native_id: AtUri.parse(ref.native_id) for ref in refs}
        posts = [text for text, uri in uris.items() if uri.collection == POST]
        items: list[dict[str, Any]] = []
        gone: list[str] = []
        if posts:
            answer = CLIENT.query(api, "app.bsky.feed.getPosts", {"uris": posts})
            if not answer.has("posts"):
                raise RetryLaterError("expected a list from the network", network=api.network)
            items = [_lasting(post) for post in answer.children("posts")]
            shown = {post.get("uri") for post in items}
            gone = [text for text in posts if text not in shown]
        gone += [text for text, uri in uris.items() if uri.collection != POST and not _exists(api, uri)]
        return ObjectPage(items=tuple(items), gone=tuple(gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from deed(item, account)


def _lasting(post: Payload) -> dict[str, Any]:
    """The post without its counters, which would make every reading a new one to be kept."""
    return {name: value for name, value in post.raw().items() if name not in COUNTERS}


def _exists(api: Api, uri: AtUri) -> bool:
    params = {"repo": uri.did, "collection": uri.collection, "rkey": uri.rkey}
    try:
        CLIENT.query(api, "com.atproto.repo.getRecord", params)
    except GoneError:
        return False
    return True


def full_profile(did: str) -> WatchOrder:
    return WatchOrder(stream=Profiles.name, native_id=did, fetch_ref=None, after_seconds=0)


def own_did(api: Api) -> str:
    return api.account.key.native_id if api.account else api.credentials["did"]


class Bluesky(Connector):
    """What scrm knows of Bluesky."""

    manifest = Manifest(
        key="bluesky",
        label="Bluesky",
        mark="Bs",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://docs.bsky.app/docs/support/developer-guidelines",
            read_on=date(2026, 11, 24),
            note=N_(
                "Whoever asks for deletion must get it, and a contact address must be public. "
                "What people delete on Bluesky is deleted here within 24 hours."
            ),
        ),
        rate_limit=RateLimit(calls=3000, seconds=300),
        credential_fields=(
            CredentialField(
                name="base_url",
                label=N_("Server"),
                help=N_("Leave it as it is unless your account lives on a server of its own."),
                example="https://bsky.social",
            ),
            CredentialField(name="identifier", label=N_("Handle"), example="company.bsky.social"),
            CredentialField(
                name="app_password",
                label=N_("App password"),
                help=N_("Made in Bluesky under Settings › Privacy and security › App passwords."),
                is_secret=True,
                example="abcd-efgh-ijkl-mnop",
            ),
        ),
        default_base_url="https://bsky.social",
        reads=(
            N_("Mentions, replies, quotes, likes, reposts and new followers"),
            N_("Own posts, replies and reposts"),
            N_("Conversations below own posts"),
            N_("Public profiles of the people who take part"),
        ),
    )
    streams = (Notifications(), OwnPosts())
    object_streams = (Threads(), Profiles(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        CLIENT.log_in(api)
        did = api.credentials["did"]
        try:
            own = profile(CLIENT.query(api, "app.bsky.actor.getProfile", {"actor": did}), full=True)
        except AccessExpiredError as why:
            raise AccessRevokedError("a new session is not accepted", network=api.network) from why
        return Account(key=key(did), handle=own.handle or did, base_url=api.base_url), own

    def renew(self, api: Api) -> None:
        """Refresh tokens end too, and one that a dying process has used up is lost; then the app password helps."""
        try:
            CLIENT.refresh(api)
        except (AccessExpiredError, AccessRevokedError):
            CLIENT.log_in(api)


connector = Bluesky()
