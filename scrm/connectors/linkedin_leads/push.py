"""LinkedIn calls us when a lead comes in or is deleted; what it says is read afterwards.

leadNotifications (lead-sync/leadsync, learn.microsoft.com/linkedin, read 2026-11-23): one subscription for each owner
and sort of leads. A delivery may come twice.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api
from scrm.connectors.linkedin_leads.leads import LEADS, kinds_of, own_account, owner_field
from scrm.connectors.linkedin_leads.translation import LEAD, deleted, owner_of
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Pushed
from scrm.connectors.restli import CLIENT, RestliPush, part_of, record
from scrm.records import Record

EVENT = "LEAD_ACTION"


class LeadsPush(RestliPush):
    """One event in each delivery."""

    def events(self, body: bytes) -> Iterator[Pushed]:
        event = Payload(parse_json(body), "delivery")
        if event.optional_text("type") == EVENT:
            told = (event.text("leadGenFormResponse"), event.text("leadAction"), str(event.number("occurredAt")))
            yield Pushed(account_id=owner_of(event), id=" ".join(told), item={"event": event.raw()})

    def subscribe(self, api: Api, callback: str) -> None:
        owner = own_account(api).key.native_id
        for kind in kinds_of(owner):
            if not any(one.optional_text("webhook") == callback for one in _subscriptions(api, owner, kind)):
                wanted = {"webhook": callback, "owner": {owner_field(owner): owner}, "leadType": kind}
                CLIENT.call(api, "POST", "/rest/leadNotifications", json=wanted)

    def unsubscribe(self, api: Api, callback: str) -> None:
        owner = own_account(api).key.native_id
        for kind in kinds_of(owner):
            for one in _subscriptions(api, owner, kind):
                if one.optional_text("webhook") == callback:
                    CLIENT.call(api, "DELETE", f"/rest/leadNotifications/{one.text('id')}")

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        event = item.child("event")
        if event.text("leadAction") == "DELETED":
            yield from deleted(event.text("leadGenFormResponse").removeprefix(LEAD))

    def wakes(self, item: Payload) -> tuple[str, ...]:
        return (LEADS,) if item.child("event").text("leadAction") == "CREATED" else ()


def _subscriptions(api: Api, owner: str, kind: str) -> Iterator[Payload]:
    query = f"q=criteria&owner=(value:{record({owner_field(owner): owner})})&leadType={record({'leadType': kind})}"
    yield from map(Payload, part_of(api, "/rest/leadNotifications", query).items)
