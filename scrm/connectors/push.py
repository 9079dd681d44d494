"""The network calls us: handshake, signature, what a delivery says, and keeping the subscription alive.

One address per network, `/webhooks/<network>`. A delivery is verified and stored before it is answered, and applied
afterwards like a page of a list. Lists are still read: what a network forgot to tell is found by then.
"""

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from scrm.connectors.base import Account, Api, WatchOrder
from scrm.connectors.payload import Payload
from scrm.errors import WebhookRefusedError
from scrm.records import Record

STREAM = "push"  # the name under which pushed items are kept


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """What a network wants to hear before it calls: sent back as it is, with status 200."""

    body: str
    content_type: str = "text/plain"


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """One thing a delivery tells, for the connection of that account; empty: for every connection of the network.

    `id` is the same when it is told again.
    """

    account_id: str  # native id of the connected account, as the connector's sign_in gives it
    id: str
    item: Mapping[str, Any] = field(repr=False)


class Push(ABC):
    """How one network calls us. Secrets are values of the app."""

    keep_every_seconds: ClassVar[int] = (
        86_400  # how often the subscription is looked at, and made again if it is gone
    )

    @abstractmethod
    def handshake(
        self, app: Mapping[str, str], query: Mapping[str, str], accounts: frozenset[str]
    ) -> Handshake | None:
        """Answer a GET; None refuses it with 404. `accounts`: native ids of what is connected."""

    @abstractmethod
    def verify(self, app: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> None:
        """Raises WebhookRefusedError unless the network signed the delivery. Names of headers are lower case."""

    @abstractmethod
    def events(self, body: bytes) -> Iterator[Pushed]:
        """What a delivery tells; raises PayloadError when it makes no sense at all."""

    @abstractmethod
    def subscribe(self, api: Api, callback: str) -> None:
        """Make sure that the network calls this address about this account; harmless to repeat."""

    def unsubscribe(self, api: Api, callback: str) -> None:
        """Tell the network to stop, where it can be told."""
        del api, callback

    def deletion_asked(self, app: Mapping[str, str], form: Mapping[str, str]) -> str:
        """Whose data the network asks us to delete, by native id; raises WebhookRefusedError."""
        del app, form
        raise WebhookRefusedError("this network does not ask for that")

    @abstractmethod
    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        """Records of one pushed item; raises PayloadError. Pure, like that of a stream."""

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        """Objects that should be read because of this item."""
        del item, account
        return iter(())

    def wakes(self, item: Payload) -> tuple[str, ...]:
        """Names of lists to read now because of this item."""
        del item
        return ()


def open_signed_request(secret: str, signed: str) -> Mapping[str, Any]:
    """What Meta's `signed_request` says: signature, a dot, JSON, both base64url; raises WebhookRefusedError.

    Signed is the second part as it was sent (HMAC-SHA256 with the app's secret; Meta's "Data Deletion Request
    Callback", from memory, 2026-11-24).
    """
    given, _dot, part = signed.partition(".")
    try:
        signature = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).hex()
        told = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, UnicodeError):
        raise WebhookRefusedError("expected a signed request") from None
    check_signature(signature, hex_hmac(secret, part.encode("ascii", "replace")))
    if not isinstance(told, dict) or told.get("algorithm") != "HMAC-SHA256":
        raise WebhookRefusedError("expected a request signed with HMAC-SHA256")
    return told


def check_signature(given: str | None, wanted: str) -> None:
    """Compare in constant time; raises WebhookRefusedError."""
    if not given or not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode()):
        raise WebhookRefusedError("the signature does not fit")


def hex_hmac(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    """HMAC in hexadecimal, small letters; raises WebhookRefusedError without a secret, which anybody would know."""
    _check_secret(secret)
    return hmac.digest(secret.encode(), message, algorithm).hex()


def base64_hmac(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in base64; raises WebhookRefusedError without a secret."""
    _check_secret(secret)
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode()


def _check_secret(secret: str) -> None:
    if not secret:
        raise WebhookRefusedError("there is no secret to sign with")
