"""Standard Webhooks 1.0.0: who sent this, and when (specification read 2026-11-23); the same for what we send.

Only `v1` (HMAC-SHA256). The reference library is not used: it raises errors of its own for six malformed headers and
takes a timestamp with a fraction. Five minutes either way, any of several signatures, any of several secrets.

Senders that can set one header alone may use `X-Signature: t=<seconds>,v1=<hex>`, over time and body joined by
a dot. It names no delivery, so the body itself does: the same body is the same event, whenever it is sent again.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as dice
from collections.abc import Mapping, Sequence
from datetime import datetime

from scrm.errors import ConfigError, WebhookRefusedError

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64  # bytes, as the specification says
TOLERANCE_SECONDS = 300
LONGEST_HEADER = 4096
DELIVERY_ID = re.compile(r"[!-\-/-~]{1,256}")  # printable, without the dot that separates what is signed
TIMESTAMP = re.compile(r"[0-9]{10}")
SHORT = "x-signature"
SHORT_FORM = re.compile(r"t=([0-9]{10})((?:,v1=[0-9a-f]{64}){1,5})")


def new_secret() -> str:
    """A secret as senders expect it."""
    return PREFIX + base64.b64encode(dice.token_bytes(32)).decode()


def new_path_secret() -> str:
    """A secret that may stand in an address, for senders that cannot sign."""
    return dice.token_urlsafe(32)


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str:
    """The sender's id of this delivery; raises WebhookRefusedError, with the reason but never a value."""
    given_names = {name.lower() for name in headers}
    if SHORT in given_names and "webhook-signature" not in given_names:
        return _verify_short(headers, body, secrets, now)
    delivery_id = _header(headers, "webhook-id", DELIVERY_ID)
    timestamp = _header(headers, "webhook-timestamp", TIMESTAMP)
    given = _header(headers, "webhook-signature", None)
    _check_fresh("webhook-timestamp", timestamp, now)
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    wanted = [b"v1," + base64.b64encode(hmac.digest(key_of(secret), signed, hashlib.sha256)) for secret in secrets]
    matches = [
        hmac.compare_digest(entry.encode("utf-8", "surrogatepass"), one)
        for entry in given.split(" ")
        for one in wanted
    ]
    if not any(matches):
        raise WebhookRefusedError("webhook-signature: no signature fits")
    return delivery_id


def sign(delivery_id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of something we send; one signature for each secret, so that receivers change theirs in peace."""
    timestamp = str(int(now.timestamp()))
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    made = ["v1," + base64.b64encode(hmac.digest(key_of(one), signed, hashlib.sha256)).decode() for one in secrets]
    return {
        "Webhook-Id": delivery_id,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": " ".join(made),
    }


def _verify_short(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str:
    parts = SHORT_FORM.fullmatch(_header(headers, SHORT, SHORT_FORM))
    if parts is None:
        raise WebhookRefusedError(f"{SHORT}: not as documented")
    timestamp, given = parts[1], parts[2].split(",v1=")[1:]
    _check_fresh(SHORT, timestamp, now)
    signed = f"{timestamp}.".encode() + body
    wanted = [hmac.digest(key_of(secret), signed, hashlib.sha256).hex() for secret in secrets]
    if not any([hmac.compare_digest(entry, one) for entry in given for one in wanted]):  # noqa: C419 - all, always
        raise WebhookRefusedError(f"{SHORT}: no signature fits")
    return "sha256:" + hashlib.sha256(body).hexdigest()


def _check_fresh(header: str, timestamp: str, now: datetime) -> None:
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookRefusedError(f"{header}: more than five minutes from now")


def key_of(secret: str) -> bytes:
    """The bytes that sign; raises ConfigError for a secret that anybody could guess."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ConfigError(["webhook secret: expected whsec_ and base64 of 24 to 64 bytes"])
    return key


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str] | None) -> str:
    found = [value for given, value in headers.items() if given.lower() == name]
    if len(found) != 1 or not found[0]:
        raise WebhookRefusedError(f"{name}: expected exactly one")
    if len(found[0]) > LONGEST_HEADER or (shape and not shape.fullmatch(found[0])):
        raise WebhookRefusedError(f"{name}: not as the specification has it")
    return found[0]
