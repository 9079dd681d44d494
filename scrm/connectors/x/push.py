"""Webhooks of the X Activity API: one address per app, and subscriptions of what happens to each account.

docs.x.com, webhooks and X Activity API, and openapi.json 2.167, read 2026-11-23. The key of challenge and signature
is the API key's secret. Deliveries carry no time, so one that is told again is known by its id. Types of events are
those of the specification; each delivered event is billed.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from scrm.connectors.base import Account, Api, WatchOrder
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Handshake, Push, Pushed, base64_hmac, check_signature
from scrm.connectors.x.client import CLIENT, AppClient, client_of_app, is_granted, own_account
from scrm.connectors.x.events import event_orders, event_records
from scrm.connectors.x.vocabulary import Query
from scrm.errors import UnavailableError, WebhookRefusedError
from scrm.records import Record

WEBHOOKS, SUBSCRIPTIONS = "/2/webhooks", "/2/activity/subscriptions"
SIGNATURE = "x-twitter-webhooks-signature"
PAGE = "1000"
MOST_PAGES = 20
INBOUND = {"direction": "inbound"}
MESSAGES_EVENT = "dm.received"
EVENTS: dict[str, dict[str, str]] = {
    "post.mention.create": {},
    "post.reply.create": {},
    "post.quote.create": {},
    "post.repost.create": {},
    "like.create": INBOUND,
    "follow.follow": INBOUND,
    MESSAGES_EVENT: {},
    "post.delete": {},
    "profile.update.handle": {},
    "profile.update.screenname": {},
    "profile.update.bio": {},
    "profile.update.url": {},
    "profile.update.geo": {},
}


class XPush(Push):
    """Registers the address, subscribes, and reads what comes."""

    keep_every_seconds: ClassVar[int] = 6 * 3600

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        del accounts  # the address is registered before the first account is
        token, secret = query.get("crc_token"), app.get("consumer_secret")
        if not token or not secret:
            return None
        answer = {"response_token": _signed(secret, token.encode())}
        return Handshake(body=json.dumps(answer), content_type="application/json")

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        secret = app.get("consumer_secret")
        if not secret:
            raise WebhookRefusedError("there is no secret to check the signature with")
        check_signature(headers.get(SIGNATURE), _signed(secret, body))

    def events(self, body: bytes) -> Iterator[Pushed]:
        data = Payload(parse_json(body), "delivery").child("data")
        # a follow names no time of its own
        item = data.raw() | {"received_at": datetime.now(UTC).isoformat(timespec="milliseconds")}
        yield Pushed(account_id=data.child("filter").text("user_id"), id=data.text("event_uuid"), item=item)

    def subscribe(self, api: Api, callback: str) -> None:
        app = client_of_app(api)
        webhook = _webhook(api, app, callback)
        account = own_account(api).key.native_id
        known = {_about(one): one for one in _subscriptions(api, app)}
        refused = 0
        for event, more in EVENTS.items():
            if event == MESSAGES_EVENT and not (
                api.app.get("direct_messages") == "yes" and is_granted(api, "dm.read")
            ):
                continue
            wanted = {"user_id": account, **more}
            try:
                _subscribe(api, app, known.get((event, tuple(sorted(wanted.items())))), event, wanted, webhook)
            except UnavailableError:
                refused += 1  # one right that is missing does not take the others along
        if refused:
            raise UnavailableError("the network refused some of the events", network=api.network)

    def unsubscribe(self, api: Api, callback: str) -> None:
        app = client_of_app(api)
        account = own_account(api).key.native_id
        subscriptions = list(_subscriptions(api, app))
        ours = [one for one in subscriptions if ("user_id", account) in _about(one)[1]]
        for one in ours:
            app.call(api, "DELETE", f"{SUBSCRIPTIONS}/{one.text('subscription_id')}")
        if len(ours) == len(subscriptions):  # nobody else is connected: the address is not needed any more
            for known in _registered(api, app, callback):
                app.call(api, "DELETE", f"{WEBHOOKS}/{known.text('id')}")

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from event_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        yield from event_orders(item)


def _signed(secret: str, message: bytes) -> str:
    return f"sha256={base64_hmac(secret, message)}"


def _registered(api: Api, app: AppClient, callback: str) -> list[Payload]:
    answer = Payload(app.json(api, WEBHOOKS), "webhooks")
    return [one for one in answer.children("data") if one.optional_text("url") == callback]


def _webhook(api: Api, app: AppClient, callback: str) -> str:
    """The id of our address; registered where it is not, and challenged again where X holds it for broken."""
    for one in _registered(api, app, callback):
        if not one.flag("valid"):
            app.call(api, "PUT", f"{WEBHOOKS}/{one.text('id')}")
        return one.text("id")
    answer = app.call(api, "POST", WEBHOOKS, json={"url": callback})
    made = Payload(app.decoded(api, answer), "webhook")
    return (made.optional_child("data") or made).text("id")


def _subscriptions(api: Api, app: AppClient) -> Iterator[Payload]:
    query: Query = [("max_results", PAGE)]
    for _ in range(MOST_PAGES):
        answer = Payload(app.json(api, SUBSCRIPTIONS, query), "subscriptions")
        yield from answer.children("data")
        meta = answer.optional_child("meta")
        token = meta.optional_text("next_token") if meta else None
        if token is None:
            return
        query = [("max_results", PAGE), ("pagination_token", token)]


def _about(subscription: Payload) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Type and filter, by which X tells subscriptions apart."""
    wanted = subscription.optional_child("filter")
    pairs = [(name, str(value)) for name, value in (wanted.raw() if wanted else {}).items()]
    return subscription.text("event_type"), tuple(sorted(pairs))


def _subscribe(
    api: Api, app: AppClient, known: Payload | None, event: str, wanted: dict[str, str], webhook: str
) -> None:
    if known is None:
        # events about what others do in private need the account's own access; for the rest any access will do
        wish = {"event_type": event, "filter": wanted, "tag": "scrm", "webhook_id": webhook}
        CLIENT.call(api, "POST", SUBSCRIPTIONS, json=wish)
    elif known.optional_text("webhook_id") != webhook:
        path = f"{SUBSCRIPTIONS}/{known.text('subscription_id')}"
        app.call(api, "PUT", path, json={"webhook_id": webhook})
