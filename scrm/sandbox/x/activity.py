"""Activity subscriptions: who wants to hear of what, and what is sent to them.

docs.x.com, X Activity API, and openapi.json 2.167, read 2026-11-24; `oauth.revoke` is documented but not in the list
of the specification. Private types need the token of the user they are about. Protected accounts are never delivered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import json

from scrm.sandbox.x import paging
from scrm.sandbox.x.errors import XError
from scrm.sandbox.x.ids import stamp
from scrm.sandbox.x.state import Standing
from scrm.sandbox.x.vocabulary import POST, words
from scrm.sandbox.x.webhooks import Event, Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.x.serving import Ask, Core
    from scrm.sandbox.x.state import User

EVENT_TYPES = words(
    "profile.update.bio profile.update.profile_picture profile.update.banner_picture profile.update.screenname "
    "profile.update.geo profile.update.url profile.update.verified_badge profile.update.affiliate_badge "
    "profile.update.handle news.new follow.follow follow.unfollow spaces.start spaces.end broadcast.start "
    "broadcast.end broadcast.chat chat.received chat.sent chat.conversation.join chat.conversation_join "
    "chat.conversation.member_added chat.conversation.member_removed chat.conversation.admin_added "
    "chat.conversation.admin_removed chat.update.group_name chat.update.restrictions dm.sent dm.received "
    "dm.indicate_typing dm.read post.create post.delete post.mention.create post.reply.create post.quote.create "
    "post.repost.create like.create mute.mute mute.unmute block.block block.unblock oauth.revoke"
)
# by the beginning of the type: the scope its user must have granted
PRIVATE = {
    "post.mention.": "tweet.read",
    "post.reply.": "tweet.read",
    "post.quote.": "tweet.read",
    "post.repost.": "tweet.read",
    "like.": "like.read",
    "dm.": "dm.read",
    "chat.": "dm.read",
    "mute.": "mute.read",
    "block.": "block.read",
}
ABOUT_NOBODY = frozenset({"news.new", "oauth.revoke"})
FILTERS = frozenset({"user_id", "direction", "keyword"})
MOST_SUBSCRIPTIONS = 1500
LONGEST_TAG = 200
PAGE = 1000


@dataclass(kw_only=True)
class Subscription:
    """One wish to hear of a type of event."""

    id: int
    event_type: str
    filter: Mapping[str, str]
    tag: str | None
    webhook_id: str | None
    created_at: datetime
    updated_at: datetime

    def view(self) -> dict[str, Any]:
        values = {
            "subscription_id": str(self.id),
            "event_type": self.event_type,
            "filter": dict(self.filter),
            "tag": self.tag,
            "webhook_id": self.webhook_id,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.updated_at),
        }
        return {name: value for name, value in values.items() if value is not None}

    def wants(self, event_type: str, about: User | None, direction: str | None) -> bool:
        if self.event_type != event_type or self.filter.get("direction") not in {None, direction}:
            return False
        return about is None or self.filter.get("user_id") == str(about.id)


def _invalid(field: str, value: object, message: str) -> XError:
    return XError("invalid-request", errors=[{"parameters": {field: [str(value)]}, "message": message}])


class Activity:
    """The subscriptions of one app, and what happens that they want."""

    def __init__(self, core: Core, webhooks: Webhooks) -> None:
        self._core = core
        self._webhooks = webhooks
        self._subscriptions: dict[int, Subscription] = {}
        self._happened = 0

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        place = "/2/activity/subscriptions"
        return {
            ("GET", place): self.subscribed,
            ("POST", place): self.create,
            ("DELETE", place): self.remove_several,
            ("PUT", f"{place}/{{subscription_id}}"): self.update,
            ("DELETE", f"{place}/{{subscription_id}}"): self.remove,
        }

    def subscribed(self, ask: Ask) -> dict[str, Any]:
        size, token = ask.values.get("max_results", PAGE), ask.values.get("pagination_token")
        page = paging.cut(sorted(self._subscriptions), size, token, of="subscriptions")
        found = [self._subscriptions[number].view() for number in page.numbers]
        return {"data": found, "meta": page.meta()} if found else {"meta": page.meta()}

    def create(self, ask: Ask) -> dict[str, Any]:
        event_type = ask.body["event_type"]
        if event_type not in EVENT_TYPES:
            raise _invalid("event_type", event_type, f"event_type [{event_type}] is not known")
        wanted = self._filter(ask)
        self._check_private(ask, event_type, wanted)
        self._check_rest(ask)
        if any((one.event_type, one.filter) == (event_type, wanted) for one in self._subscriptions.values()):
            raise _invalid("filter", wanted, "DuplicateSubscriptionFailed: the subscription exists already.")
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise _invalid("event_type", event_type, "SubscriptionLimitExceeded: no subscription is left.")
        subscription = Subscription(
            id=self._core.state.ids.make(ask.now),
            event_type=event_type,
            filter=wanted,
            tag=ask.body.get("tag"),
            webhook_id=ask.body.get("webhook_id"),
            created_at=ask.now,
            updated_at=ask.now,
        )
        self._subscriptions[subscription.id] = subscription
        return self._answer(subscription)

    def _answer(self, subscription: Subscription) -> dict[str, Any]:
        if self._core.vocabulary is POST:
            return {"data": {"subscription": subscription.view()}}
        total = len(self._subscriptions)
        data = {"subscription": subscription.view(), "total_subscriptions_for_instance_id": total}
        return {"data": data, "meta": {"total_subscriptions": total}}

    def _filter(self, ask: Ask) -> dict[str, str]:
        wanted: dict[str, str] = ask.body["filter"]
        if unknown := set(wanted) - FILTERS:
            raise _invalid("filter", wanted, f"filter has no field {min(unknown)}")
        if wanted.get("direction") not in {None, "inbound", "outbound"}:
            raise _invalid("filter", wanted, "direction must be inbound or outbound")
        if ask.body["event_type"] not in ABOUT_NOBODY and not str(wanted.get("user_id", "")).isdigit():
            raise _invalid("filter", wanted, "filter needs a user_id")
        return wanted

    def _check_private(self, ask: Ask, event_type: str, wanted: Mapping[str, str]) -> None:
        scope = next((scope for start, scope in PRIVATE.items() if event_type.startswith(start)), None)
        if scope is None:
            return
        if ask.viewer is None or scope not in ask.token.scopes or wanted["user_id"] != str(ask.viewer.id):
            raise XError("forbidden", detail=f"{event_type} is private: its user must have granted {scope}.")

    def _check_rest(self, ask: Ask) -> None:
        tag = ask.body.get("tag")
        if tag is not None and not 0 < len(tag) <= LONGEST_TAG:
            raise _invalid("tag", tag, "tag must have 1 to 200 signs")
        if ask.body.get("webhook_id") is not None:
            self._webhooks.find(ask.body["webhook_id"])

    def update(self, ask: Ask) -> dict[str, Any]:
        subscription = self._find(ask)
        self._check_rest(ask)
        subscription.tag = ask.body.get("tag", subscription.tag)
        subscription.webhook_id = ask.body.get("webhook_id", subscription.webhook_id)
        subscription.updated_at = ask.now
        return self._answer(subscription)

    def remove(self, ask: Ask) -> dict[str, Any]:
        del self._subscriptions[self._find(ask).id]
        return {"data": {"deleted": True}, "meta": {"total_subscriptions": len(self._subscriptions)}}

    def remove_several(self, ask: Ask) -> dict[str, Any]:
        removed, failed = [], []
        for number in ask.values["ids"]:
            if self._subscriptions.pop(int(number), None):
                removed.append({"subscription_id": number, "deleted": True})
            else:
                failed.append({"subscription_id": number, "reason": "not_found", "message": "no such subscription"})
        parts = {"data": removed, "errors": failed}
        meta = {"total_subscriptions": len(self._subscriptions)}
        return {**{name: items for name, items in parts.items() if items}, "meta": meta}

    def _find(self, ask: Ask) -> Subscription:
        subscription = self._subscriptions.get(int(ask.parts["subscription_id"]))
        if subscription is None:
            raise XError("resource-not-found", detail="Could not find subscription.", resource_type="subscription")
        return subscription

    def happened(  # noqa: PLR0913 - an event is made of these
        self,
        event_type: str,
        about: User | None,
        *,
        by: User,
        at: datetime,
        payload: Callable[[], Mapping[str, Any]],
        includes: Callable[[], Mapping[str, Any]] | None = None,
        direction: str | None = None,
    ) -> None:
        """Send what somebody did to whoever wants to hear it; `about` is the user a filter names."""
        if by.standing is Standing.PROTECTED:
            return
        for subscription in self._subscriptions.values():
            if subscription.webhook_id is None or not subscription.wants(event_type, about, direction):
                continue
            self._happened += 1
            uuid = _uuid(f"{event_type} {subscription.id} {self._happened}")
            data = {"event_uuid": uuid, "filter": dict(subscription.filter), "event_type": event_type}
            data |= {"tag": subscription.tag} if subscription.tag else {}
            data |= {"payload": payload()} | ({"includes": includes()} if includes else {})
            event = Event(
                uuid=uuid,
                event_type=event_type,
                webhook_id=int(subscription.webhook_id),
                at=at,
                body=json.dumps({"data": data}).encode(),
            )
            self._webhooks.send(event)


def _uuid(text: str) -> str:
    """Return a signed number of 64 bits, for the real ones are negative as often as not."""
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True))
