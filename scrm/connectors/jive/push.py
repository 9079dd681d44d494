"""The community calls us when something happens at a place.

WebhookEntity and WebhooksService of developers.jivesoftware.com/api/v3/cloud/rest, the signature as jive-sdk and
JiveDotNetSDK make it (read 2026-11-23). Only the header is signed, not the body, and a delivery does not say for
whom it is. So nothing is taken from it: it only has the lists read, for whoever is connected. A callback that fails
is flagged, so all are looked at every day. That a webhook is made good by sending it again, and that a body is a
list, is from memory.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from scrm.connectors.base import Account, Api
from scrm.connectors.jive.client import API, CLIENT, Item, listed
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Handshake, Push, Pushed, check_signature
from scrm.errors import GoneError, PayloadError, UnavailableError, WebhookRefusedError
from scrm.records import Record

SCHEME = "JiveEXTN "
SIGNATURE = "signature="
ALGORITHM = "HmacSHA256"
NOT_OLDER = timedelta(minutes=5)
EVENTS = "discussion,document,file,idea,post,task,update"
PLACES = "type(group,space,project)"
PAGE = 100
MOST_PLACES = 60  # those with the latest activity: the other places are read by their lists alone
MOST_WEBHOOK_PAGES = 20


class JivePush(Push):
    """Webhooks at the places with the latest activity."""

    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        del app, query, accounts  # there is none
        return None

    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        del body  # is not signed
        scheme, text = (
            headers.get("authorization", "")[: len(SCHEME)],
            headers.get("authorization", "")[len(SCHEME) :],
        )
        if scheme != SCHEME:
            raise WebhookRefusedError("there is no signature")
        parts = text.split("&")
        signed = "&".join(part for part in parts if not part.startswith(SIGNATURE))
        given = [unquote(part.removeprefix(SIGNATURE)) for part in parts if part.startswith(SIGNATURE)]
        check_signature(given[0] if len(given) == 1 else None, signature(app.get("client_secret", ""), signed))
        said = dict(parse_qsl(signed))
        if said.get("algorithm") != ALGORITHM or said.get("client_id") != app.get("client_id"):
            raise WebhookRefusedError("it was signed for somebody else")
        if abs(datetime.now(UTC) - _time(said.get("timestamp", ""))) > NOT_OLDER:
            raise WebhookRefusedError("it was signed at another time")

    def events(self, body: bytes) -> Iterator[Pushed]:
        told: Any = parse_json(body)
        for activity in told if isinstance(told, list) else [told]:
            one = Payload(activity, "activity")
            number, verb = one.text("id"), one.text("verb")
            item = {"id": number, "verb": verb, "published": one.optional_text("published")}
            yield Pushed(account_id="", id=f"{number} {one.optional_text('updated') or ''}", item=item)

    def subscribe(self, api: Api, callback: str) -> None:
        if "access_token" not in api.credentials:
            raise UnavailableError("only an add-on is called", network=api.network)
        known = {one.text("object"): one for one in _webhooks(api, callback) if one.has("object")}
        refused = 0
        for place in _places(api):
            try:
                _keep(api, known.get(place), {"callback": callback, "object": place, "events": EVENTS})
            except (GoneError, UnavailableError):
                refused += 1  # one place that is closed to us does not take the others along
        if refused:
            raise UnavailableError("the network refused some of the places", network=api.network)

    def unsubscribe(self, api: Api, callback: str) -> None:
        for one in list(_webhooks(api, callback)):
            CLIENT.call(api, "DELETE", f"{API}/webhooks/{one.text('id')}")

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del item, account
        return iter(())

    def wakes(self, item: Payload) -> tuple[str, ...]:
        return ("likes",) if item.text("verb") == "jive:liked" else ("contents",)


def signature(secret: str, parameters: str) -> str:
    """The signature of these parameters as they stand in the header; raises WebhookRefusedError without a secret."""
    try:
        key = base64.b64decode(secret.removesuffix(".s"), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise WebhookRefusedError("there is no secret to sign with")
    return base64.b64encode(hmac.digest(key, parameters.encode(), hashlib.sha256)).decode()


def _time(milliseconds: str) -> datetime:
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 15):
        raise WebhookRefusedError("it does not say when it was signed")
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)


def _webhooks(api: Api, callback: str) -> Iterator[Payload]:
    """Ours among the webhooks of this access."""
    path, params = "/webhooks", [("count", str(PAGE))]
    for _ in range(MOST_WEBHOOK_PAGES):
        page, following = listed(api, path, params)
        yield from (one for one in map(Payload, page) if one.optional_text("callback") == callback)
        if following is None:
            return
        path, params = following, []


def _places(api: Api) -> list[str]:
    """Addresses of the places where something happened last."""
    params = [("filter", PLACES), ("sort", "latestActivityDesc"), ("count", str(MOST_PLACES))]
    found, _ = listed(api, "/places", params)
    return [address for place in found if (address := _address(place))]


def _address(place: Item) -> str | None:
    try:
        return Payload(place).child("resources").child("self").optional_text("ref")
    except PayloadError:
        return None


def _keep(api: Api, known: Payload | None, wish: dict[str, str]) -> None:
    """Make a webhook, or make one good that the community holds for broken or has switched off."""
    if known is None:
        CLIENT.call(api, "POST", f"{API}/webhooks", json=wish)
    elif known.flag("buggy") or not known.flag("enabled"):
        CLIENT.call(api, "PUT", f"{API}/webhooks/{known.text('id')}", json=wish)
