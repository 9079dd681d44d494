"""Who wants to be told what: subscriptions to what happens on a page, and to new leads.

A subscription belongs to a member and dies without a word with the member's consent or role; LinkedIn looks again
before each delivery (organization-social-action-notifications, learn.microsoft.com/linkedin, read 2026-11-23).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response, request

from scrm.sandbox.linkedin import entities, gate
from scrm.sandbox.linkedin.api import administered
from scrm.sandbox.linkedin.errors import RefusedError, parameter_fault
from scrm.sandbox.linkedin.leads import lead_event
from scrm.sandbox.linkedin.leads_api import check_owner, owner_of
from scrm.sandbox.linkedin.paging import answer, page
from scrm.sandbox.linkedin.routes import ADMINISTRATOR, LEAD_READERS, LEAD_TYPES, SOCIAL_EVENTS
from scrm.sandbox.linkedin.urns import milliseconds
from scrm.sandbox.linkedin.webhooks import BATCH, is_possible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from threading import RLock

    from scrm.sandbox.linkedin.access import Access
    from scrm.sandbox.linkedin.leads import Lead
    from scrm.sandbox.linkedin.state import Member, Notice, Organization, State
    from scrm.sandbox.linkedin.webhooks import Webhooks

ADMIN_SCOPE = "rw_organization_admin"
LEAD_SCOPE = "r_marketing_leadgen_automation"


@dataclass(kw_only=True)
class EventSubscription:
    """One member's wish to be told what happens on a page, and what waits to be sent."""

    member: Member
    organization: Organization
    webhook: str
    ends_at: datetime
    waiting: list[Notice] = field(default_factory=list)


@dataclass(kw_only=True)
class LeadSubscription:
    """One member's wish to be told of leads."""

    id: int
    member: Member
    organization: Organization
    owner: Mapping[str, str]
    lead_type: str
    webhook: str
    waiting: list[dict[str, Any]] = field(default_factory=list)


class Subscriptions:
    """Every subscription of one app, the calls that make and end them, and what is sent because of them."""

    def __init__(self, application: str, state: State, access: Access, webhooks: Webhooks, lock: RLock) -> None:
        self._application = application
        self._state = state
        self._access = access
        self._webhooks = webhooks
        self._lock = lock
        self._events: dict[tuple[str, str], EventSubscription] = {}
        self._leads: dict[int, LeadSubscription] = {}
        self._last_id = 0

    def views(self) -> Mapping[str, Callable[[], Response]]:
        return {
            "subscribe": self.subscribe,
            "subscription": self.subscription,
            "unsubscribe": self.unsubscribe,
            "subscriptions": self.subscriptions,
            "subscribe_leads": self.subscribe_leads,
            "lead_subscription": self.lead_subscription,
            "lead_subscriptions": self.lead_subscriptions,
            "unsubscribe_leads": self.unsubscribe_leads,
        }

    def subscribe(self) -> Response:
        with self._lock:
            organization, member = self._asked_for(), gate.member()
        webhook = self._webhook()
        with self._lock:
            key = (member.urn, organization.urn)
            known = self._events.get(key)
            self._events[key] = EventSubscription(
                member=member,
                organization=organization,
                webhook=webhook,
                ends_at=gate.granted_until(),
                waiting=known.waiting if known else [],
            )
        return Response(status=204)

    def subscription(self) -> Response:
        with self._lock:
            return answer(self._event_entity(self._found()))

    def unsubscribe(self) -> Response:
        with self._lock:
            found = self._found()
            del self._events[found.member.urn, found.organization.urn]
        return Response(status=204)

    def subscriptions(self) -> Response:
        with self._lock:
            own = [one for one in self._events.values() if one.member is gate.member()]
            return page(own, self._event_entity)

    def _asked_for(self) -> Organization:
        if gate.key("developerApplication") != self._application or gate.key("user") != gate.member().urn:
            raise gate.refuse()
        return administered(self._state, gate.key("entity"), frozenset({ADMINISTRATOR}))

    def _found(self) -> EventSubscription:
        organization = self._asked_for()
        found = self._events.get((gate.member().urn, organization.urn))
        if found is None:
            raise RefusedError("NOT_FOUND")
        return found

    def _event_entity(self, subscription: EventSubscription) -> dict[str, Any]:
        return {
            "developerApplication": self._application,
            "user": subscription.member.urn,
            "entity": subscription.organization.urn,
            "eventType": SOCIAL_EVENTS,
            "webhook": subscription.webhook,
            "expiresAt": milliseconds(subscription.ends_at),
        }

    def _webhook(self) -> str:
        """Return the address sent if it passes the challenge; must not be called under the state's lock."""
        webhook = str(request.get_json()["webhook"])
        if not is_possible(webhook):
            raise parameter_fault("webhook")
        if not self._webhooks.validate(webhook):
            raise RefusedError("WEBHOOK_NOT_VALIDATED")
        return webhook

    def subscribe_leads(self) -> Response:
        sent = request.get_json()
        if sent["leadType"] not in LEAD_TYPES:
            raise parameter_fault("leadType")
        with self._lock:
            organization = owner_of(self._state, sent["owner"], LEAD_READERS)
            check_owner(sent["owner"], sent["leadType"])
            member = gate.member()
        webhook = self._webhook()
        with self._lock:
            self._last_id += 1
            made = LeadSubscription(
                id=self._last_id,
                member=member,
                organization=organization,
                owner=sent["owner"],
                lead_type=sent["leadType"],
                webhook=webhook,
            )
            self._leads[made.id] = made
        created = Response(status=201)
        created.headers["x-restli-id"] = str(made.id)
        created.headers["Location"] = f"/rest/leadNotifications/{made.id}"
        return created

    def lead_subscription(self) -> Response:
        with self._lock:
            return answer(_lead_subscription_entity(self._found_for_leads()))

    def lead_subscriptions(self) -> Response:
        owner, lead_type = gate.asked("owner"), gate.asked("leadType")
        wanted = owner["value"] if isinstance(owner, dict) else {}
        kind = lead_type["leadType"] if isinstance(lead_type, dict) else ""
        with self._lock:
            owner_of(self._state, wanted, LEAD_READERS)
            own = [one for one in self._leads.values() if (one.owner, one.lead_type) == (wanted, kind)]
            return page(own, _lead_subscription_entity)

    def unsubscribe_leads(self) -> Response:
        with self._lock:
            del self._leads[self._found_for_leads().id]
        return Response(status=204)

    def _found_for_leads(self) -> LeadSubscription:
        found = self._leads.get(int(gate.key("id")))
        if found is None or found.member is not gate.member():
            raise RefusedError("NOT_FOUND")
        return found

    def told(self, notice: Notice) -> None:
        for subscription in self._events.values():
            if subscription.organization is notice.organization:
                subscription.waiting.append(notice)

    def told_lead(self, lead: Lead, action: str, at: datetime) -> None:
        for subscription in self._leads.values():
            if (subscription.owner, subscription.lead_type) == (lead.form.owner, lead.form.lead_type):
                subscription.waiting.append(lead_event(lead, action, at))

    def deliver(self) -> int:
        """Queue what waits and send what is due; return how many requests were made."""
        with self._lock:
            self._drop_dead()
            bodies = [body for one in self._events.values() for body in self._event_bodies(one)]
            for subscription in self._leads.values():
                bodies += [(subscription.webhook, event) for event in subscription.waiting]
                subscription.waiting.clear()
        for address, body in bodies:
            self._webhooks.add(address, body)
        return self._webhooks.send()

    def _event_bodies(self, subscription: EventSubscription) -> list[tuple[str, dict[str, Any]]]:
        shown = [
            entities.notice_entity(one, self._state, subscription.member, is_pushed=True)
            for one in subscription.waiting
        ]
        subscription.waiting.clear()
        parts = [shown[start : start + BATCH] for start in range(0, len(shown), BATCH)]
        return [(subscription.webhook, {"type": SOCIAL_EVENTS, "notifications": part}) for part in parts]

    def _drop_dead(self) -> None:
        self._events = {
            key: one
            for key, one in self._events.items()
            if self._access.is_granted(one.member, ADMIN_SCOPE)
            and one.organization.role_of(one.member) == ADMINISTRATOR
        }
        self._leads = {
            key: one
            for key, one in self._leads.items()
            if self._access.is_granted(one.member, LEAD_SCOPE)
            and one.organization.role_of(one.member) in LEAD_READERS
        }


def _lead_subscription_entity(subscription: LeadSubscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "owner": dict(subscription.owner),
        "leadType": subscription.lead_type,
        "webhook": subscription.webhook,
    }
