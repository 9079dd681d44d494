"""LinkedIn calls us when something happens on the page.

organization-social-action-notifications (learn.microsoft.com/linkedin, read 2026-11-23). One subscription a member
and page; it dies without a word with the member's consent or role. At most ten notices come in a delivery, which is
sent again for eight hours and may come twice; what is told is the same as in the list of notices.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api, WatchOrder
from scrm.connectors.linkedin.notices import notice_orders, slim
from scrm.connectors.linkedin.people import own_account
from scrm.connectors.linkedin.translation import notice_records
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Pushed
from scrm.connectors.restli import CLIENT, RestliPush, record
from scrm.errors import GoneError
from scrm.records import Record

EVENTS = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"


class LinkedInPush(RestliPush):
    """Notices of the page, ten at a time."""

    def events(self, body: bytes) -> Iterator[Pushed]:
        said = Payload(parse_json(body), "delivery")
        if said.optional_text("type") != EVENTS:
            return
        for notice in said.children("notifications"):
            yield Pushed(
                account_id=notice.text("organizationalEntity"),
                id=notice.text("notificationId"),
                item={"notice": slim(notice.raw())},
            )

    def subscribe(self, api: Api, callback: str) -> None:
        place = _place(api)
        try:
            known = Payload(CLIENT.json(api, place), "subscription").optional_text("webhook")
        except GoneError:
            known = None
        if known != callback:
            CLIENT.call(api, "PUT", place, json={"webhook": callback})

    def unsubscribe(self, api: Api, callback: str) -> None:
        del callback  # there is one subscription, whatever its address
        CLIENT.call(api, "DELETE", _place(api))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from notice_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        yield from notice_orders(item, account)


def _place(api: Api) -> str:
    """The key of the subscription, which is all there is to it."""
    fields = {
        "developerApplication": f"urn:li:developerApplication:{api.app['application_id']}",
        "user": api.credentials["member"],
        "entity": own_account(api).key.native_id,
        "eventType": EVENTS,
    }
    return f"/rest/eventSubscriptions/{record(fields)}"
