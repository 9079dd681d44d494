"""Show accounts, posts and threads as app.bsky's lexicons define the views (read 2026-11-23).

No view carries an e-mail address. Threads go at most 200 posts deep or high; the real servers cut too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.bluesky.ids import wire_time
from scrm.sandbox.bluesky.state import Account, Post, Record, did_of

if TYPE_CHECKING:
    from scrm.sandbox.bluesky.appview import AppView

View = dict[str, Any]

DEEPEST = 200
NODES_SHOWN = 1000


class Views:
    """The views one viewer (or nobody) gets."""

    def __init__(self, appview: AppView, viewer: Account | None) -> None:
        self._appview = appview
        self.viewer = viewer
        self._nodes_left = NODES_SHOWN

    def basic(self, account: Account) -> View:
        view: View = {
            "did": account.did,
            "handle": account.handle,
            "labels": [],
            "createdAt": wire_time(account.created_at),
        }
        if account.display_name:
            view["displayName"] = account.display_name
        if self.viewer is not None and self.viewer is not account:
            view["viewer"] = self._viewer_of(account)
        return view

    def _viewer_of(self, account: Account) -> View:
        assert self.viewer is not None  # noqa: S101 - the caller asked
        state: View = {"muted": False, "blockedBy": self.viewer.did in account.blocking}
        for name, uri in (
            ("following", self.viewer.following.get(account.did)),
            ("followedBy", self.viewer.followed_by.get(account.did)),
            ("blocking", self.viewer.blocking.get(account.did)),
        ):
            if uri is not None:
                state[name] = uri
        return state

    def profile(self, account: Account) -> View:
        view = self.basic(account)
        view["indexedAt"] = wire_time(account.indexed_at)
        if account.bio:
            view["description"] = account.bio
        return view

    def detailed(self, account: Account) -> View:
        view = self.profile(account)
        if account.website:
            view["website"] = account.website
        view["followersCount"] = len(account.followers)
        view["followsCount"] = len(account.follows)
        view["postsCount"] = account.posts_count
        view["associated"] = {"lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": False}
        return view

    def post(self, post: Post) -> View:
        view: View = {
            "uri": post.uri,
            "cid": post.cid,
            "author": self.basic(post.author),
            "record": post.value,
            "bookmarkCount": 0,
            **self._counts(post),
            "indexedAt": wire_time(post.indexed_at),
            "labels": [],
        }
        if post.quoted:
            view["embed"] = {"$type": "app.bsky.embed.record#view", "record": self._quoted(post.quoted)}
        if self.viewer is not None:
            view["viewer"] = {"threadMuted": False, "embeddingDisabled": False}
            if uri := self.viewer.liked.get(post.uri):
                view["viewer"]["like"] = uri
            if uri := self.viewer.reposted.get(post.uri):
                view["viewer"]["repost"] = uri
        return view

    def _counts(self, post: Post) -> View:
        return {
            "replyCount": len(post.replies),
            "repostCount": len(post.reposts),
            "likeCount": len(post.likes),
            "quoteCount": len(post.quotes),
        }

    def _quoted(self, uri: str) -> View:
        quoted = self._appview.post(uri)
        if quoted is None:
            return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": True}
        if self.is_hidden(quoted.author):
            return {
                "$type": "app.bsky.embed.record#viewBlocked",
                "uri": uri,
                "blocked": True,
                "author": {"did": quoted.author.did},
            }
        return {
            "$type": "app.bsky.embed.record#viewRecord",
            "uri": uri,
            "cid": quoted.cid,
            "author": self.basic(quoted.author),
            "value": quoted.value,
            "labels": [],
            **self._counts(quoted),
            "indexedAt": wire_time(quoted.indexed_at),
            "embeds": [],
        }

    def is_hidden(self, author: Account) -> bool:
        """Whether the viewer and the author have blocked one another."""
        return self.viewer is not None and self._appview.is_blocked(self.viewer, author)

    def feed_item(self, item: Record) -> View:
        """Show one item of a feed: a post, or somebody's post that the feed's owner reposted."""
        post = item if isinstance(item, Post) else self._appview.post(item.subject)
        assert post is not None  # noqa: S101 - a deleted post takes its feed items along
        view: View = {"post": self.post(post)}
        if post.parent and post.root:
            view["reply"] = {"root": self._referred(post.root), "parent": self._referred(post.parent)}
            if (parent := self._appview.post(post.parent)) and parent.parent:
                grandparent = self._appview.accounts[did_of(parent.parent)]
                view["reply"]["grandparentAuthor"] = self.basic(grandparent)
        if item is not post:
            view["reason"] = {
                "$type": "app.bsky.feed.defs#reasonRepost",
                "by": self.basic(item.author),
                "uri": item.uri,
                "cid": item.cid,
                "indexedAt": wire_time(item.indexed_at),
            }
        return view

    def _referred(self, uri: str) -> View:
        post = self._appview.post(uri)
        if post is None:
            return _not_found(uri)
        if self.is_hidden(post.author):
            return _blocked(post)
        return {"$type": "app.bsky.feed.defs#postView", **self.post(post)}

    def thread(self, post: Post, depth: int, parent_height: int) -> View:
        """Show a post with what it answers and what answers it."""
        if self.is_hidden(post.author):
            return _blocked(post)
        view = self._with_replies(post, min(depth, DEEPEST))
        below = view
        current = post
        for _ in range(min(parent_height, DEEPEST)):
            if current.parent is None:
                break
            parent = self._appview.post(current.parent)
            if parent is None:
                below["parent"] = _not_found(current.parent)
                break
            if self.is_hidden(parent.author) or self._appview.is_blocked(parent.author, current.author):
                below["parent"] = _blocked(parent)
                break
            below["parent"] = self._node(parent)
            below, current = below["parent"], parent
        return view

    def _with_replies(self, post: Post, depth: int) -> View:
        view = self._node(post)
        if depth == 0:
            return view
        view["replies"] = []
        for _, reply in post.replies.newest():
            if self._nodes_left <= 0:
                break
            self._nodes_left -= 1
            if self.is_hidden(reply.author) or self._appview.is_blocked(post.author, reply.author):
                view["replies"].append(_blocked(reply))
            else:
                view["replies"].append(self._with_replies(reply, depth - 1))
        return view

    def _node(self, post: Post) -> View:
        return {"$type": "app.bsky.feed.defs#threadViewPost", "post": self.post(post), "threadContext": {}}


def _not_found(uri: str) -> View:
    return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}


def _blocked(post: Post) -> View:
    return {
        "$type": "app.bsky.feed.defs#blockedPost",
        "uri": post.uri,
        "blocked": True,
        "author": {"did": post.author.did},
    }
