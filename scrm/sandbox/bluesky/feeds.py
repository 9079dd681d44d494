"""Answer the calls about posts: app.bsky.feed.

Answers as the lexicons and packages/bsky of bluesky-social/atproto give them (read 2026-11-23). Posts here
carry neither pictures nor films, so the two filters for these find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from scrm.sandbox.bluesky.accounts import offset
from scrm.sandbox.bluesky.checks import time
from scrm.sandbox.bluesky.ids import microseconds, wire_time
from scrm.sandbox.bluesky.search import is_within, words
from scrm.sandbox.bluesky.sessions import missing
from scrm.sandbox.bluesky.state import Account, Post, Record
from scrm.sandbox.bluesky.xrpc import Call, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.timeline import Timeline
    from scrm.sandbox.bluesky.views import View

Shown = TypeVar("Shown", bound=Record)
RANKED = 500  # "top" looks at so many of the newest matches


class FeedCalls:
    """app.bsky.feed."""

    def __init__(self, appview: AppView, *, search_needs_login: bool) -> None:
        self._appview = appview
        self._search_needs_login = search_needs_login

    def get_author_feed(self, call: Call) -> View:
        account = self._appview.account(call.text("actor"))
        if account is None:
            raise invalid("Profile not found")
        if call.viewer is not None and account.did in call.viewer.blocking:
            raise invalid(f"Requester has blocked actor: {account.did}", "BlockedActor")
        if call.viewer is not None and call.viewer.did in account.blocking:
            raise invalid(f"Requester is blocked by actor: {account.did}", "BlockedByActor")
        if call.text("filter") in {"posts_with_media", "posts_with_video"}:
            return {"feed": []}
        keep = _FILTERS.get(call.text("filter"), _FILTERS["posts_with_replies"])
        page, cursor = account.feed.page(call.number("limit"), call.maybe("cursor"), lambda item: keep(account, item))
        return {"feed": [call.views.feed_item(item) for item in page], **_rest(cursor)}

    def get_posts(self, call: Call) -> View:
        found = [self._appview.post(uri) for uri in dict.fromkeys(call.texts("uris"))]
        shown = [post for post in found if post is not None and not call.views.is_hidden(post.author)]
        return {"posts": [call.views.post(post) for post in shown]}

    def get_post_thread(self, call: Call) -> View:
        post = self._appview.post(self._did_uri(call.text("uri")))
        if post is None:
            raise invalid(f"Post not found: {call.text('uri')}", "NotFound")
        return {"thread": call.views.thread(post, call.number("depth"), call.number("parentHeight"))}

    def _did_uri(self, uri: str) -> str:
        """Return the uri with a did where it has a handle."""
        authority, _, path = uri.removeprefix("at://").partition("/")
        account = self._appview.account(authority)
        return f"at://{account.did}/{path}" if account else uri

    def get_likes(self, call: Call) -> View:
        page, about = self._about(call, lambda post: post.likes)
        likes = [
            {
                "createdAt": like.value["createdAt"],
                "indexedAt": wire_time(like.indexed_at),
                "actor": call.views.profile(like.author),
            }
            for like in page
        ]
        return {**about, "likes": likes}

    def get_reposted_by(self, call: Call) -> View:
        page, about = self._about(call, lambda post: post.reposts)
        return {**about, "repostedBy": [call.views.profile(repost.author) for repost in page]}

    def get_quotes(self, call: Call) -> View:
        page, about = self._about(call, lambda post: post.quotes)
        return {**about, "posts": [call.views.post(quote) for quote in page]}

    def _about(self, call: Call, of: Callable[[Post], Timeline[Shown]]) -> tuple[list[Shown], View]:
        about: View = {"uri": call.text("uri")}
        wanted = call.maybe("cid")
        if wanted:
            about["cid"] = wanted
        post = self._appview.post(self._did_uri(call.text("uri")))
        if post is None:
            return [], about

        def keep(record: Shown) -> bool:
            return not call.views.is_hidden(record.author) and wanted in (None, _subject_cid(record))

        page, cursor = of(post).page(call.number("limit"), call.maybe("cursor"), keep)
        return page, {**about, **_rest(cursor)}

    def search_posts(self, call: Call) -> View:
        if self._search_needs_login and call.viewer is None:
            raise missing()
        terms = self._terms(call)
        since, until = _bound(call.maybe("since")), _bound(call.maybe("until"))
        candidates = self._appview.search.rarest(terms)

        def keep(post: Post) -> bool:
            is_found = terms <= post.terms and is_within(post.key, since, until)
            return is_found and not call.views.is_hidden(post.author)

        if call.text("sort") == "top":
            return self._top(call, [post for post in _newest(candidates, RANKED) if keep(post)])
        page, cursor = candidates.page(call.number("limit"), call.maybe("cursor"), keep)
        return {
            "posts": [call.views.post(post) for post in page],
            "hitsTotal": len(candidates),
            **_rest(cursor),
        }

    def _top(self, call: Call, posts: list[Post]) -> View:
        posts.sort(key=lambda post: len(post.likes), reverse=True)
        start, limit = offset(call), call.number("limit")
        return {
            "posts": [call.views.post(post) for post in posts[start : start + limit]],
            "hitsTotal": len(posts),
            **_rest(str(start + limit) if start + limit < len(posts) else None),
        }

    def _terms(self, call: Call) -> frozenset[str]:
        terms = {f"word:{word}" for word in words(call.text("q"))}
        for name, term in (("mentions", "mention"), ("author", "author")):
            if actor := call.maybe(name):
                account = self._appview.account(actor)
                terms.add(f"{term}:{account.did if account else actor}")
        for name in ("lang", "domain", "url"):
            if value := call.maybe(name):
                terms.add(f"{name}:{value}")
        return frozenset(terms | {f"tag:{tag.casefold()}" for tag in call.texts("tag")})


def _rest(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


def _subject_cid(record: Record) -> str:
    subject = record.value["embed"]["record"] if isinstance(record, Post) else record.value["subject"]
    return str(subject["cid"])


def _newest(posts: Timeline[Post], count: int) -> list[Post]:
    return [post for _, (_, post) in zip(range(count), posts.newest(), strict=False)]


def _bound(text: str | None) -> int | None:
    """Read a time or a date into microseconds."""
    if text is None:
        return None
    at = time(text) or time(f"{text}T00:00:00Z")
    if at is None:
        raise invalid("since and until must be a datetime or an ISO date", "BadQueryString")
    return microseconds(at)


_FILTERS: dict[str, Callable[[Account, Record], bool]] = {
    "posts_with_replies": lambda _account, _item: True,
    "posts_no_replies": lambda _account, item: not (isinstance(item, Post) and item.parent),
    "posts_and_author_threads": lambda account, item: (
        not isinstance(item, Post) or item.root is None or item.root.startswith(f"at://{account.did}/")
    ),
}
