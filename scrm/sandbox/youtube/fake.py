"""The YouTube fake: Data API v3, Google's OAuth and the WebSub hub, whose life is played through verbs.

The company uploads, everybody else comments; what a person says to nobody in particular becomes a video of their
own. Nobody shares on YouTube, a quotation is a video that links to another, and likes are only counted. What is
deleted is gone from the API; `truth()` remembers it.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import Flask

from scrm.sandbox.ledger import Ledger
from scrm.sandbox.served import Served
from scrm.sandbox.youtube import feed, ids
from scrm.sandbox.youtube.access import ACCESS_LIFE, Access
from scrm.sandbox.youtube.api import add_api
from scrm.sandbox.youtube.gate import Gate
from scrm.sandbox.youtube.hub import RETRY_SECONDS, Hub
from scrm.sandbox.youtube.oauth import add_oauth, make_client
from scrm.sandbox.youtube.problems import status_body
from scrm.sandbox.youtube.quota import SEARCHES, UNITS, Quota
from scrm.sandbox.youtube.routes import FORCE_SSL, READONLY, ROUTES
from scrm.sandbox.youtube.state import (
    HELD,
    PUBLISHED,
    Channel,
    Comment,
    State,
    Subscription,
    Video,
    handle_of,
)
from scrm.sandbox.youtube.truth import Truth, is_company

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.network import Person

PRIVACY = frozenset({"public", "unlisted", "private"})
HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,28}[A-Za-z0-9]")


class YouTube(Served):
    """One YouTube on loopback, and one Google project that asks it."""

    key = "youtube"
    verbs = frozenset(
        {
            "add_account",
            "post",
            "like",
            "unlike",
            "follow",
            "edit",
            "delete",
            "edit_profile",
            "revoke",
            "hold_for_review",
            "publish",
            "close_comments",
        }
    )

    def __init__(  # noqa: PLR0913 - what a test may want otherwise
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        units: int = UNITS,
        searches: int = SEARCHES,
        access_life: timedelta = ACCESS_LIFE,
        is_testing: bool = False,
        redirect_uris: Sequence[str] = (),
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._state = State()
        self._truth = Truth()
        self._access = Access(clock=now, access_life=access_life, is_testing=is_testing)
        self._quota = Quota(units=units, searches=searches, clock=now)
        self._client = make_client(redirect_uris)
        self._ledger = Ledger(ROUTES, error_body=status_body, clock=now)
        self.hub = Hub(clock=now, retry_seconds=retry_seconds)
        flask = Flask("scrm.sandbox.youtube", static_folder=None)
        gate = Gate(self._ledger, self._access, self._quota, self._lock)
        gate.attach_before_ledger(flask)
        self._ledger.attach(flask, self)
        gate.attach_after_ledger(flask)
        add_oauth(flask, self._state, self._access, self._client, self._lock)
        add_api(flask, self._state, self._access, self._lock)
        self.hub.attach(flask)
        self.web = flask
        self._port = port

    def _on_stop(self) -> None:
        self.hub.stop()

    def app(self) -> dict[str, str]:
        """Return what the registered app is known by, and the addresses in place of Google's."""
        return {
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
            "api_key": self._access.api_key,
            "api_url": self.base_url,
            "authorize_url": f"{self.base_url}/o/oauth2/v2/auth",
            "token_url": f"{self.base_url}/token",
            "revoke_url": f"{self.base_url}/revoke",
            "tokeninfo_url": f"{self.base_url}/tokeninfo",
            "hub_url": f"{self.base_url}/subscribe",
        }

    def credentials(self, person_key: str) -> dict[str, str]:
        with self._lock:
            channel = self._state.by_key[person_key]
            grant = self._access.grant(channel, frozenset({READONLY, FORCE_SSL}), is_offline=True)
            return {
                "access_token": self._access.issue(grant),
                "refresh_token": str(grant.refresh_token),
                "api_key": self._access.api_key,
            }

    def access_token(self, person_key: str, *scopes: str) -> str:
        """Return an access token of just these scopes."""
        with self._lock:
            channel = self._state.by_key[person_key]
            return self._access.issue(self._access.grant(channel, frozenset(scopes), is_offline=False))

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            handle = handle_of(person)
            if person.key in self._state.by_key or handle.lower() in self._state.by_handle:
                raise ValueError("this key or handle has a channel already")
            channel = Channel(
                id=ids.channel_id(person.key),
                person=person,
                handle=handle,
                title=person.full_name,
                description=person.bio,
                published_at=at,
            )
            self._state.add_channel(channel)
            return channel.id

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",
        quote: str | None = None,
    ) -> str:
        """Upload a video, or comment: on what is answered, or on the newest video of the company it names."""
        with self._lock:
            author = self._state.by_key[person_key]
            named = [self._state.by_key[key] for key in mentions]
            words = _with_mentions(text, named)
            if reply_to is not None:
                return self._comment(author, words, reply_to, at)
            if quote is not None:
                words = f"{words}\n{self._link(quote)}"
            elif newest := self._newest_of_company(named, at):
                return self._comment(author, words, newest.id, at)
            return self._upload(author, words, visibility, at)

    def _newest_of_company(self, named: Sequence[Channel], at: datetime) -> Video | None:
        """Return where one speaks to the company: its newest video that takes comments."""
        videos = [video for one in named if is_company(one) for video in one.videos]
        shown = [one for one in videos if one.privacy == "public" and one.is_open and one.published_at <= at]
        return max(shown, key=lambda one: one.published_at, default=None)

    def _link(self, post_id: str) -> str:
        comment = self._state.comments.get(post_id)
        video = comment.video if comment else self._state.videos[post_id]
        return f"https://www.youtube.com/watch?v={video.id}" + (f"&lc={comment.id}" if comment else "")

    def _upload(self, author: Channel, text: str, visibility: str, at: datetime) -> str:
        if visibility not in PRIVACY:
            raise ValueError("a video is public, unlisted or private")
        number = ids.video_id(author.person.key, self._state.number())
        video = Video(id=number, channel=author, text=text, published_at=at, updated_at=at, privacy=visibility)
        self._state.add_video(video)
        self._truth.uploaded(video)
        self._announce(video)
        return video.id

    def _comment(self, author: Channel, text: str, reply_to: str, at: datetime) -> str:
        answered = self._state.comments.get(reply_to)
        video = answered.video if answered else self._state.videos[reply_to]
        if not video.is_open:
            raise ValueError("this video takes no comments")
        number = self._state.number()
        key = author.person.key
        if answered and answered.parent and answered.author is not author:
            # there is one level of replies: whom one answers stands in the text
            text = _with_mentions(text, [answered.author])
        thread = answered.thread if answered else None
        comment = Comment(
            id=ids.reply_id(thread.id, key, number) if thread else ids.comment_id(key, number),
            author=author,
            video=video,
            text=text,
            published_at=at,
            updated_at=at,
            parent=thread,
        )
        self._state.add_comment(comment)
        self._truth.commented(comment)
        return comment.id

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:  # noqa: ARG002 - likes are only counted
        with self._lock:
            likes = self._said(post_id).likes
            return likes.setdefault(person_key, f"like:{post_id}:{self._state.number()}")

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:  # noqa: ARG002 - as above
        with self._lock:
            del self._said(post_id).likes[person_key]

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:  # noqa: ARG002 - not on this network
        raise ValueError("nobody shares on YouTube")

    def follow(self, person_key: str, target_key: str, *, at: datetime, is_public: bool = True) -> str:
        with self._lock:
            channel, target = self._state.by_key[person_key], self._state.by_key[target_key]
            known = next((one for one in target.subscribers if one.subscriber is channel), None)
            if known:
                return known.id
            subscription = Subscription(
                id=ids.subscription_id(channel.id, target.id),
                subscriber=channel,
                target=target,
                published_at=at,
                is_public=is_public,
            )
            target.subscribers.append(subscription)
            self._truth.followed(subscription)
            return subscription.id

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            said = self._said(post_id)
            said.text, said.updated_at = text, at
            self._truth.edited(post_id, at)
            if isinstance(said, Video):
                self._announce(said)

    def delete(self, post_id: str, *, at: datetime) -> None:
        """Delete a video with what was said about it, or a comment with its replies."""
        with self._lock:
            said = self._said(post_id)
            if isinstance(said, Video):
                gone = self._state.remove_video(said)
                if said.privacy == "public":
                    self.hub.announce(said.channel.id, feed.tombstone(said, at))
            else:
                gone = self._state.remove_comment(said)
            for number in gone:
                self._truth.deleted(number, at)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - YouTube shows no time of a profile's change
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            channel = self._state.by_key[person_key]
            if handle is not None:
                if not HANDLE.fullmatch(handle) or handle.lower() in self._state.by_handle:
                    raise ValueError("this handle is taken or not one")
                self._state.rename(channel, handle)
            channel.title = channel.title if display_name is None else display_name
            channel.description = channel.description if bio is None else bio

    def hold_for_review(self, post_id: str, *, at: datetime) -> None:
        """Hide a comment until the channel's owner decides."""
        self._moderate(post_id, HELD, at)

    def publish(self, post_id: str, *, at: datetime) -> None:
        """Show a comment that was held."""
        self._moderate(post_id, PUBLISHED, at)

    def _moderate(self, post_id: str, status: str, at: datetime) -> None:
        with self._lock:
            self._state.comments[post_id].moderation = status
            self._truth.moderated(post_id, status, at)

    def close_comments(self, post_id: str, *, at: datetime) -> None:  # noqa: ARG002 - nothing shows when
        """Let a video take no comments any more and show none."""
        with self._lock:
            self._state.videos[post_id].is_open = False

    def revoke(self, person_key: str) -> None:
        with self._lock:
            self._access.revoke_channel(self._state.by_key[person_key])

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()

    def requests(self) -> list[dict[str, object]]:
        """Return every request served; an API key in a query is a secret here."""
        return [_without_key(entry) for entry in self._ledger.requests()]

    def usage(self) -> dict[str, object]:
        """Return what the project has used of its Pacific day."""
        with self._lock:
            return self._quota.usage()

    def charges(self) -> list[dict[str, object]]:
        """Return what was charged, by day and method."""
        with self._lock:
            return self._quota.charges()

    def deliveries(self) -> list[dict[str, object]]:
        return self.hub.deliveries()

    def deliver(self) -> None:
        """Send at once what the hub has to send."""
        self.hub.deliver()

    def redeliver(self, number: int | None = None) -> None:
        """Send a notification again, as a hub that delivers at least once may."""
        self.hub.redeliver(number)

    def _announce(self, video: Video) -> None:
        if video.privacy == "public":
            self.hub.announce(video.channel.id, feed.upload(video))

    def _said(self, post_id: str) -> Video | Comment:
        return self._state.comments.get(post_id) or self._state.videos[post_id]


def _with_mentions(text: str, named: Sequence[Channel]) -> str:
    missing = [f"@{one.handle}" for one in named if f"@{one.handle}" not in text]
    return " ".join([*missing, text])


def _without_key(entry: dict[str, object]) -> dict[str, object]:
    query = entry["query"]
    if isinstance(query, dict) and "key" in query:
        return entry | {"query": {**query, "key": ["…"]}}
    return entry
