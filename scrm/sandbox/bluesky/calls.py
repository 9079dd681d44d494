"""Which code answers which call, and on which terms the network treats its callers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.accounts import PeopleCalls, ServerCalls
from scrm.sandbox.bluesky.feeds import FeedCalls
from scrm.sandbox.bluesky.notices import NotificationCalls
from scrm.sandbox.bluesky.repos import RepoCalls
from scrm.sandbox.bluesky.sessions import Lifetimes, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.xrpc import Handler


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the network treats its callers; the real servers' terms unless a test says otherwise."""

    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    empty_page_every: int = 5  # of the calls of listNotifications; 0: never
    search_needs_login: bool = True


def calls(appview: AppView, sessions: Sessions, base_url: Callable[[], str], terms: Terms) -> dict[str, Handler]:
    """Return the code for every call by its NSID."""
    server = ServerCalls(appview, sessions, base_url)
    repos = RepoCalls(appview, base_url)
    people = PeopleCalls(appview)
    feeds = FeedCalls(appview, search_needs_login=terms.search_needs_login)
    notices = NotificationCalls(appview, empty_page_every=terms.empty_page_every)
    return {
        "com.atproto.server.createSession": server.create_session,
        "com.atproto.server.refreshSession": server.refresh_session,
        "com.atproto.server.getSession": server.get_session,
        "com.atproto.server.deleteSession": server.delete_session,
        "com.atproto.identity.resolveHandle": server.resolve_handle,
        "com.atproto.repo.listRecords": repos.list_records,
        "com.atproto.repo.getRecord": repos.get_record,
        "com.atproto.repo.describeRepo": repos.describe_repo,
        "com.atproto.sync.getRepo": repos.get_repo,
        "com.atproto.sync.getLatestCommit": repos.get_latest_commit,
        "app.bsky.actor.getProfile": people.get_profile,
        "app.bsky.actor.getProfiles": people.get_profiles,
        "app.bsky.actor.searchActors": people.search_actors,
        "app.bsky.feed.getAuthorFeed": feeds.get_author_feed,
        "app.bsky.feed.getPosts": feeds.get_posts,
        "app.bsky.feed.getPostThread": feeds.get_post_thread,
        "app.bsky.feed.getLikes": feeds.get_likes,
        "app.bsky.feed.getRepostedBy": feeds.get_reposted_by,
        "app.bsky.feed.getQuotes": feeds.get_quotes,
        "app.bsky.feed.searchPosts": feeds.search_posts,
        "app.bsky.graph.getFollowers": people.get_followers,
        "app.bsky.graph.getFollows": people.get_follows,
        "app.bsky.notification.listNotifications": notices.list_notifications,
        "app.bsky.notification.updateSeen": notices.update_seen,
    }
