"""Who wants to be told of changes: subscriptions to lists and to people, and what is told.

A list takes `updated` only and is told without any data, 42 300 minutes long at most; people 41 760 minutes; less
than 45 minutes are raised to 45 (learn.microsoft.com/graph/api/resources/subscription, read 2026-11-23). Nobody is
told once the access behind a subscription has ended: a lifecycle notice asks to renew it, or says that it is gone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from scrm.sandbox.sharepoint.errors import OutOfSpecError, RefusedError
from scrm.sandbox.sharepoint.gate import reader, token
from scrm.sandbox.sharepoint.ids import CLIENT_ID, DIRECTORY_ID, stamp
from scrm.sandbox.sharepoint.notices import is_possible
from scrm.sandbox.sharepoint.routes import ALL_PEOPLE, SITES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import RLock

    from scrm.sandbox.sharepoint.access import Access, Consent
    from scrm.sandbox.sharepoint.graph import Reader
    from scrm.sandbox.sharepoint.notices import Notices
    from scrm.sandbox.sharepoint.state import SiteList, User

LEAST = timedelta(minutes=45)
MOST_OF_LISTS = timedelta(minutes=42_300)
MOST_OF_PEOPLE = timedelta(minutes=41_760)
LONGEST_STATE = 128
CHANGES = frozenset({"created", "updated", "deleted"})
LIFECYCLE = frozenset({"reauthorizationRequired", "subscriptionRemoved", "missed"})


@dataclass(kw_only=True)
class Subscription:
    """One wish to be told; `list_id` is empty when it is about people."""

    id: str
    consent: Consent
    resource: str
    list_id: str
    change_types: frozenset[str]
    notification_url: str
    lifecycle_url: str
    client_state: str | None
    ends_at: datetime
    authorized_until: datetime
    was_warned: bool = False

    @property
    def most(self) -> timedelta:
        return MOST_OF_LISTS if self.list_id else MOST_OF_PEOPLE


class Subscriptions:
    """Every subscription of one application, and the calls that make and end them."""

    def __init__(self, access: Access, reader: Reader, notices: Notices, lock: RLock) -> None:
        self._access = access
        self._reader = reader
        self._notices = notices
        self._lock = lock
        self._all: dict[str, Subscription] = {}

    def views(self) -> Mapping[str, Callable[..., Response]]:
        return {
            "subscriptions": self.subscriptions,
            "subscribe": self.subscribe,
            "subscription": self.subscription,
            "renew": self.renew,
            "unsubscribe": self.unsubscribe,
            "reauthorize": self.reauthorize,
        }

    def subscribe(self) -> Response:
        sent: dict[str, Any] = request.get_json()
        with self._lock:
            list_id = self._list_of(sent["resource"])
        subscription = Subscription(
            id=str(uuid.uuid4()),
            consent=token().consent,
            resource=sent["resource"],
            list_id=list_id,
            change_types=_change_types(sent["changeType"], is_list=bool(list_id)),
            notification_url=_address(sent, "notificationUrl"),
            lifecycle_url=_address(sent, "lifecycleNotificationUrl") if "lifecycleNotificationUrl" in sent else "",
            client_state=_client_state(sent),
            ends_at=self._access.now(),
            authorized_until=token().ends_at,
        )
        subscription.ends_at = self._until(sent["expirationDateTime"], subscription.most)
        # called without the lock: whoever answers may ask us something first
        addresses = {subscription.notification_url, subscription.lifecycle_url} - {""}
        if not all(self._notices.validate(address) for address in sorted(addresses)):
            raise RefusedError("validation")
        with self._lock:
            self._all[subscription.id] = subscription
        answer = jsonify(self._shown(subscription))
        answer.status_code = 201
        return answer

    def _list_of(self, resource: str) -> str:
        """Return the id of the list that a resource names, or nothing when it names people."""
        parts = resource.strip("/").split("/")
        if parts == ["users"]:
            if not ALL_PEOPLE & token().scopes:
                raise RefusedError("denied")
            return ""
        match parts:
            case ["sites", site, "lists", name]:
                if not SITES & token().scopes:
                    raise RefusedError("accessDenied")
                return self._reader.list_in(site, name).id
        raise OutOfSpecError("invalidRequest", f"The resource '{resource}' is not supported.")

    def _until(self, text: str, most: timedelta) -> datetime:
        now = self._access.now()
        try:
            wanted = datetime.fromisoformat(text)
        except ValueError:
            raise OutOfSpecError("invalidRequest", "expirationDateTime is not a date.") from None
        if wanted.tzinfo is None or wanted <= now:
            raise OutOfSpecError("invalidRequest", "Subscription expiration must be in the future, in UTC.")
        if wanted - now > most:
            minutes = int(most.total_seconds() // 60)
            message = f"Subscription expiration can only be {minutes} minutes in the future."
            raise OutOfSpecError("invalidRequest", message)
        return max(wanted, now + LEAST)

    def _own(self, subscription_id: str) -> Subscription:
        found = self._all.get(subscription_id)
        if found is None or found.consent.user is not reader() or found.ends_at <= self._access.now():
            raise RefusedError("subscriptionNotFound")
        return found

    def subscriptions(self) -> Response:
        with self._lock:
            now, user = self._access.now(), reader()
            found = [one for one in self._all.values() if one.consent.user is user and one.ends_at > now]
            return jsonify(
                {
                    "@odata.context": f"{request.url_root}v1.0/$metadata#subscriptions",
                    "value": [self._shown(one) for one in found],
                }
            )

    def subscription(self, subscription_id: str) -> Response:
        with self._lock:
            return jsonify(self._shown(self._own(subscription_id)))

    def renew(self, subscription_id: str) -> Response:
        sent: dict[str, Any] = request.get_json()
        with self._lock:
            found = self._own(subscription_id)
            ends_at = self._until(sent["expirationDateTime"], found.most) if "expirationDateTime" in sent else None
        if "notificationUrl" in sent and not self._notices.validate(_address(sent, "notificationUrl")):
            raise RefusedError("validation")
        with self._lock:
            found.notification_url = sent.get("notificationUrl", found.notification_url)
            found.ends_at = ends_at or found.ends_at
            self._authorize(found)
            return jsonify(self._shown(found))

    def reauthorize(self, subscription_id: str) -> Response:
        with self._lock:
            self._authorize(self._own(subscription_id))
        return Response(status=204)

    def _authorize(self, subscription: Subscription) -> None:
        subscription.consent = token().consent
        subscription.authorized_until = token().ends_at
        subscription.was_warned = False

    def unsubscribe(self, subscription_id: str) -> Response:
        with self._lock:
            del self._all[self._own(subscription_id).id]
        return Response(status=204)

    def list_changed(self, of: SiteList) -> None:
        """Queue a notice for everybody who wants to know of this list; the caller holds the lock."""
        for one in self._told("updated"):
            if one.list_id == of.id:
                self._notices.add(one.id, one.notification_url, self._notice(one, "updated", None))

    def user_changed(self, user: User, change: str) -> None:
        for one in self._told(change):
            if not one.list_id:
                data = {
                    "@odata.type": "#Microsoft.Graph.User",
                    "@odata.id": f"Users/{user.id}",
                    "id": user.id,
                }
                self._notices.add(one.id, one.notification_url, self._notice(one, change, data))

    def _told(self, change: str) -> list[Subscription]:
        now = self._access.now()
        return [
            one
            for one in self._all.values()
            if change in one.change_types
            and one.ends_at > now
            and one.authorized_until > now
            and self._access.is_granted(one.consent)
        ]

    def look_after(self) -> None:
        """Tell of accesses that end or have ended; the caller holds the lock."""
        now = self._access.now()
        for one in list(self._all.values()):
            if one.ends_at <= now:
                del self._all[one.id]
            elif not self._access.is_granted(one.consent):
                self.tell(one.id, "subscriptionRemoved")
            elif one.authorized_until <= now and not one.was_warned:
                one.was_warned = True
                self.tell(one.id, "reauthorizationRequired")

    def tell(self, subscription_id: str, event: str) -> None:
        """Queue a lifecycle notice; a removed subscription is gone with it."""
        if event not in LIFECYCLE:
            raise ValueError(f"Graph knows no lifecycle event {event}")
        one = self._all[subscription_id]
        if event == "subscriptionRemoved":
            del self._all[subscription_id]
        if one.lifecycle_url:
            notice = {
                "subscriptionId": one.id,
                "subscriptionExpirationDateTime": stamp(one.ends_at),
                "tenantId": DIRECTORY_ID,
                "clientState": one.client_state,
                "lifecycleEvent": event,
                "resource": one.resource,
            }
            self._notices.add(one.id, one.lifecycle_url, notice)

    def _notice(self, one: Subscription, change: str, data: dict[str, str] | None) -> dict[str, Any]:
        return {
            "subscriptionId": one.id,
            "subscriptionExpirationDateTime": stamp(one.ends_at),
            "tenantId": DIRECTORY_ID,
            "clientState": one.client_state,
            "changeType": change,
            "resource": f"{one.resource}/{data['id']}" if data else one.resource,
            "resourceData": data,
        }

    def _shown(self, one: Subscription) -> dict[str, Any]:
        return {
            "id": one.id,
            "resource": one.resource,
            "applicationId": CLIENT_ID,
            "changeType": ",".join(sorted(one.change_types, reverse=True)),
            "clientState": one.client_state,
            "notificationUrl": one.notification_url,
            "lifecycleNotificationUrl": one.lifecycle_url or None,
            "expirationDateTime": stamp(one.ends_at),
            "creatorId": one.consent.user.id if one.consent.user else CLIENT_ID,
            "includeResourceData": None,
            "latestSupportedTlsVersion": "v1_2",
        }


def _change_types(text: str, *, is_list: bool) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(","))
    if not found <= CHANGES or (is_list and found != {"updated"}):
        raise OutOfSpecError("invalidRequest", f"The change type '{text}' is not supported for the resource.")
    return found


def _address(sent: Mapping[str, Any], name: str) -> str:
    address = str(sent[name])
    if not is_possible(address):
        raise OutOfSpecError("invalidRequest", f"{name} must be an HTTPS address.")
    return address


def _client_state(sent: Mapping[str, Any]) -> str | None:
    text = sent.get("clientState")
    if text is not None and len(text) > LONGEST_STATE:
        raise OutOfSpecError("invalidRequest", f"clientState must not exceed {LONGEST_STATE} characters.")
    return text
