"""Graph calls us when a list changes; what changed it does not say.

learn.microsoft.com/graph/api/resources/subscription and /graph/change-notifications-delivery-webhooks (read
2026-11-23): a list tells `updated` only, for less than 30 days; the address is asked first, by a POST with a word
that must come back. Nothing is signed: each notice repeats the word that we gave when we subscribed. A subscription
of somebody's account is good as long as the access behind it, so it is renewed all day long. Of comments and likes
nobody tells.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta

from scrm.connectors.base import Account, Api
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Handshake, Push, Pushed, check_signature
from scrm.connectors.sharepoint.client import CLIENT, GRAPH, PAGES_LIST, SITE, got, linked, list_names
from scrm.errors import GoneError, PayloadError, WebhookRefusedError
from scrm.records import Record

SUBSCRIPTIONS = f"{GRAPH}/subscriptions"
LIFE = timedelta(days=3)
RESOURCE = re.compile(r"/?sites/([^/]+)/lists/([^/]+)", re.IGNORECASE)
LONGEST_WORD = 2_000
MOST_PAGES = 20


class GraphPush(Push):
    """One subscription for each list that is read."""

    keep_every_seconds = 900

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        """Give the word back, which Graph asks for while it answers us."""
        del app
        word = query.get("validationToken", "")
        return Handshake(body=word) if accounts and 0 < len(word) <= LONGEST_WORD else None

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        """Every notice of a delivery has to know our word."""
        del headers
        wanted = app.get("client_state", "")
        try:
            words = [notice.optional_text("clientState") for notice in _notices(body)]
        except PayloadError:
            words = []
        if not wanted or not words:
            raise WebhookRefusedError("the delivery does not say that it is for us")
        for word in words:
            check_signature(word, wanted)

    def events(self, body: bytes) -> Iterator[Pushed]:
        """Which lists changed. Two changes are told in the same words, so no notice counts as a repeat of another."""
        for notice in _notices(body):
            place = RESOURCE.match(notice.optional_text("resource") or "")
            if place is not None:
                yield Pushed(account_id=place[1], id=str(uuid.uuid4()), item={"list": place[2]})

    def subscribe(self, api: Api, callback: str) -> None:
        ends = (api.now() + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
        known = dict(_own(api, callback))
        for resource in (_resource(api, name) for name in (api.credentials[PAGES_LIST], *list_names(api))):
            if resource in known:
                CLIENT.call(api, "PATCH", f"{SUBSCRIPTIONS}/{known[resource]}", json={"expirationDateTime": ends})
                continue
            wish = {
                "changeType": "updated",
                "notificationUrl": callback,
                "lifecycleNotificationUrl": callback,
                "resource": resource,
                "expirationDateTime": ends,
                "clientState": api.app["client_state"],
            }
            CLIENT.call(api, "POST", SUBSCRIPTIONS, json=wish)

    def unsubscribe(self, api: Api, callback: str) -> None:
        ours = _resource(api, "")
        for resource, number in _own(api, callback):
            if resource.startswith(ours):
                try:
                    CLIENT.call(api, "DELETE", f"{SUBSCRIPTIONS}/{number}")
                except GoneError:
                    continue  # it ended meanwhile

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """A notice holds nothing but the list that is to be read."""
        del account
        item.text("list")
        return iter(())

    def wakes(self, item: Payload) -> tuple[str, ...]:
        del item
        return ("pages", "items")


def _notices(body: bytes) -> list[Payload]:
    return list(Payload(parse_json(body), "delivery").children("value"))


def _resource(api: Api, name: str) -> str:
    return f"sites/{api.credentials[SITE]}/lists/{name}"


def _own(api: Api, callback: str) -> Iterator[tuple[str, str]]:
    """Resource and number of each subscription that leads to us."""
    address: str | None = SUBSCRIPTIONS
    for _ in range(MOST_PAGES):
        if address is None:
            return
        found = got(api, address)
        for one in found.children("value"):
            if one.optional_text("notificationUrl") == callback:
                yield one.text("resource"), one.text("id")
        address = linked(api, found, "nextLink")
