"""Index records as the AppView does: who is told, what is counted, and what a deletion takes away.

Read from bluesky-social/atproto packages/bsky/src/data-plane/server/indexing/plugins (2026-11-23): nobody
is told twice of one post, a mention counts before a quote before a reply, a reply tells up to four posts
above it, and nobody is told of his own deeds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from scrm.sandbox.bluesky.search import Search
from scrm.sandbox.bluesky.state import (
    FOLLOW,
    LIKE,
    POST,
    REPOST,
    Account,
    Notification,
    Post,
    Record,
    did_of,
    sort_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from scrm.sandbox.bluesky.timeline import Key

TOLD_ABOVE = 4
MILESTONES = frozenset({1, 10, 100, 1000})
UNKNOWN_REASON = "follower-milestone"  # in no lexicon: networks add reasons without asking


class AppView:
    """Everything indexed, by uri, did and handle."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.by_handle: dict[str, Account] = {}
        self.records: dict[str, Record] = {}
        self.search = Search()
        self._told: defaultdict[str, list[tuple[Account, Key]]] = defaultdict(list)
        self._number = 0

    def next_number(self) -> int:
        # in steps of two, so that a cursor can stand between any two
        self._number += 2
        return self._number

    def account(self, actor: str) -> Account | None:
        """Find an account by did or handle."""
        return self.accounts.get(actor) or self.by_handle.get(actor.lower())

    def post(self, uri: str | None) -> Post | None:
        record = self.records.get(uri or "")
        return record if isinstance(record, Post) else None

    def index(self, record: Record) -> None:
        """Take up a new record."""
        self.records[record.uri] = record
        if isinstance(record, Post):
            self._index_post(record)
        elif record.collection == LIKE:
            self._index_like(record)
        elif record.collection == REPOST:
            self._index_repost(record)
        elif record.collection == FOLLOW:
            self._index_follow(record)
        else:
            record.author.blocking[record.subject] = record.uri

    def unindex(self, uri: str) -> Record:
        """Forget a record with its notifications; what others wrote about it stays, pointing nowhere."""
        record = self.records.pop(uri)
        self._untell(uri)
        author = record.author
        if isinstance(record, Post):
            self._unindex_post(record)
        elif record.collection == LIKE:
            author.liked.pop(record.subject, None)
            if post := self.post(record.subject):
                post.likes.remove(record.key)
        elif record.collection == REPOST:
            author.reposted.pop(record.subject, None)
            author.feed.remove(record.key)
            if post := self.post(record.subject):
                post.reposts.remove(record.key)
        elif record.collection == FOLLOW:
            target = self.accounts[record.subject]
            del author.following[target.did], target.followed_by[author.did]
            author.follows.remove(record.key)
            target.followers.remove(record.key)
        else:
            del author.blocking[record.subject]
        return record

    def reindex_post(self, post: Post, value: dict[str, object], cid: str, at: datetime) -> None:
        """Take up a post's new version; its place in every list stays, for its createdAt does."""
        self.search.remove(post)
        post.value, post.cid, post.indexed_at = value, cid, at
        self.search.add(post)
        self._untell(post.uri)
        self._tell_of_post(post)

    def is_blocked(self, one: Account, other: Account) -> bool:
        return other.did in one.blocking or one.did in other.blocking

    def ancestors(self, post: Post) -> Iterator[Post]:
        """Walk up the thread as far as posts exist."""
        while parent := self.post(post.parent):
            yield parent
            post = parent

    def _index_post(self, post: Post) -> None:
        post.author.feed.add(post.key, post)
        post.author.posts_count += 1
        if parent := self.post(post.parent):
            parent.replies.add(post.key, post)
        if quoted := self.post(post.quoted):
            quoted.quotes.add(post.key, post)
        self.search.add(post)
        self._tell_of_post(post)

    def _unindex_post(self, post: Post) -> None:
        post.author.feed.remove(post.key)
        post.author.posts_count -= 1
        self.search.remove(post)
        if parent := self.post(post.parent):
            parent.replies.remove(post.key)
        if quoted := self.post(post.quoted):
            quoted.quotes.remove(post.key)
        for repost in post.reposts.oldest():
            repost.author.feed.remove(repost.key)

    def _index_like(self, like: Record) -> None:
        post = cast("Post", self.records[like.subject])
        post.likes.add(like.key, like)
        like.author.liked[post.uri] = like.uri
        self.tell(post.author.did, like, "like", post.uri)
        if via := like.value.get("via"):
            self.tell(did_of(via["uri"]), like, "like-via-repost", via["uri"])

    def _index_repost(self, repost: Record) -> None:
        post = cast("Post", self.records[repost.subject])
        post.reposts.add(repost.key, repost)
        repost.author.reposted[post.uri] = repost.uri
        repost.author.feed.add(repost.key, repost)
        self.tell(post.author.did, repost, "repost", post.uri)

    def _index_follow(self, follow: Record) -> None:
        target = self.accounts[follow.subject]
        follow.author.follows.add(follow.key, follow)
        follow.author.following[target.did] = follow.uri
        target.followers.add(follow.key, follow)
        target.followed_by[follow.author.did] = follow.uri
        self.tell(target.did, follow, "follow", None)
        if len(target.followers) in MILESTONES:
            self._tell_milestone(target, follow)

    def _tell_milestone(self, target: Account, follow: Record) -> None:
        profile = self.records[f"at://{target.did}/app.bsky.actor.profile/self"]
        key = (follow.key[0], self.next_number())
        target.notifications.add(
            key, Notification(record=profile, reason=UNKNOWN_REASON, reason_subject=None, key=key)
        )

    def recipients(self, post: Post) -> dict[str, tuple[str, str | None]]:
        """Return who is told of a post: did -> (reason, reason's subject)."""
        told: dict[str, tuple[str, str | None]] = {}
        for did in post.features("mention", "did"):
            told.setdefault(did, ("mention", None))
        if post.quoted:
            told.setdefault(did_of(post.quoted), ("quote", post.quoted))
        for height, ancestor in enumerate(self.ancestors(post)):
            if height == TOLD_ABOVE:
                break
            told.setdefault(ancestor.author.did, ("reply", ancestor.uri))
        told.pop(post.author.did, None)
        return told

    def _tell_of_post(self, post: Post) -> None:
        for did, (reason, subject) in self.recipients(post).items():
            self.tell(did, post, reason, subject)

    def tell(self, did: str, record: Record, reason: str, subject: str | None) -> None:
        account = self.accounts.get(did)
        if account is None or account is record.author:
            return
        key = (record.key[0], self.next_number())
        account.notifications.add(key, Notification(record=record, reason=reason, reason_subject=subject, key=key))
        self._told[record.uri].append((account, key))

    def _untell(self, uri: str) -> None:
        for account, key in self._told.pop(uri, ()):
            account.notifications.remove(key)

    def new_key(self, created_at: datetime, indexed_at: datetime) -> Key:
        return sort_key(created_at, indexed_at, self.next_number())


def record_class(collection: str) -> type[Record]:
    return Post if collection == POST else Record
