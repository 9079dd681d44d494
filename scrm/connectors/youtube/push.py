"""The hub calls when a video comes out, changes or is deleted; about comments it tells nothing.

WebSub as YouTube uses it: the topic is from developers.google.com/youtube/v3/guides/push_notifications (read
2026-11-23), the rest from memory. A lease ends after five days at most, so it is asked for anew every day. WebSub
would have a forged delivery answered with 2xx and thrown away; ours is answered with 401 and thrown away, as for
every network: the hub signs with the secret that we gave it, so it is never refused.
"""

from collections.abc import Iterator, Mapping

from scrm.connectors.base import RECHECK, Account, Api, WatchOrder, raise_for_status
from scrm.connectors.payload import Payload
from scrm.connectors.push import Handshake, Push, Pushed, check_signature, hex_hmac
from scrm.connectors.youtube import feed
from scrm.connectors.youtube.client import own_account
from scrm.connectors.youtube.translation import VIDEO_REF, key
from scrm.errors import NetworkError
from scrm.records import DeletedKind, DeletionRecord, Record

TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="
LEASE_SECONDS = 432_000


class HubPush(Push):
    """One subscription per channel, all with the app's one secret."""

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        """Confirm what we asked for; nobody else may end what tells us of a connected channel."""
        topic, challenge = query.get("hub.topic", ""), query.get("hub.challenge")
        if challenge is None or not topic.startswith(TOPIC):
            return None
        is_ours = topic.removeprefix(TOPIC) in accounts
        if query.get("hub.mode") == "subscribe" and is_ours:
            return Handshake(body=challenge)
        if query.get("hub.mode") == "unsubscribe":
            if is_ours:
                check_signature(query.get("hub.verify_token"), _verify_token(app, topic))
            return Handshake(body=challenge)
        return None

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        check_signature(headers.get("x-hub-signature"), "sha1=" + hex_hmac(app["hub_secret"], body, "sha1"))

    def events(self, body: bytes) -> Iterator[Pushed]:
        for told in feed.read(body):
            what = told.get("deleted") or told["updated"]
            yield Pushed(account_id=told["channel"], id=f"{told['video']} {what}", item=told)

    def subscribe(self, api: Api, callback: str) -> None:
        self._ask(api, "subscribe", callback)

    def unsubscribe(self, api: Api, callback: str) -> None:
        self._ask(api, "unsubscribe", callback)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """A deletion. An upload is told by its title alone, so the video itself is read instead."""
        del account
        if item.has("deleted"):
            yield DeletionRecord(
                key=key(item.text("video")), kind=DeletedKind.INTERACTION, deleted_at=item.time("deleted")
            )

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """Read the video at once: it is new, or its title or description changed."""
        del account
        if not item.has("deleted"):
            yield WatchOrder(stream=RECHECK, native_id=item.text("video"), fetch_ref=VIDEO_REF, after_seconds=0)

    def _ask(self, api: Api, mode: str, callback: str) -> None:
        """The hub answers at once and asks back later; our access is none of its business."""
        topic = TOPIC + own_account(api).key.native_id
        form = {
            "hub.mode": mode,
            "hub.topic": topic,
            "hub.callback": callback,
            "hub.verify": "async",
            "hub.verify_token": _verify_token(api.app, topic),
            "hub.secret": api.app["hub_secret"],
            "hub.lease_seconds": str(LEASE_SECONDS),
        }
        try:
            answer = api.session.call("POST", api.url(api.app["hub_url"]), data=form)
        except NetworkError as why:
            why.network = api.network
            raise
        raise_for_status(api, answer)


def _verify_token(app: Mapping[str, str], topic: str) -> str:
    """What the hub repeats when it asks back; nobody without the secret can make it up."""
    return hex_hmac(app["hub_secret"], topic.encode())
