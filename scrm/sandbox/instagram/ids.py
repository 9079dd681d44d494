"""Ids as Instagram writes them.

Ids are decimal strings in no order: professional accounts begin with 17841, media with 17 or 18, comments
with 17 or 18, Instagram-scoped ids (IGSID) have fifteen to seventeen digits and differ for every account that
is talked to; conversation and message ids are URL-safe base64 beginning `aWdf` (samples in Meta's pages
"Instagram webhooks", "Conversations API" and "Comment moderation", read 2026-11-24). Every id follows from what
it is made of, so that the same life gives the same ids.
"""

from __future__ import annotations

import base64
import hashlib

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def account_id(key: str) -> str:
    """The id of a professional account: in webhooks, and `user_id` of `/me`."""
    return f"17841{_digits(12, 'account', key)}"


def app_scoped_id(key: str, client_id: str) -> str:
    """The id of the same account for one app: `id` of `/me` and `user_id` of the token answer."""
    return f"2{_digits(16, 'app', key, client_id)}"


def scoped_id(owner_key: str, key: str) -> str:
    """The id under which the owner's account knows a person: its IGSID."""
    return f"{_number('scoped', owner_key, key) % 9 + 1}{_digits(15, 'scoped', owner_key, key)}"


def object_id(kind: str, owner_key: str, count: int) -> str:
    return f"{17 + _number(kind, owner_key, str(count)) % 2}{_digits(15, kind, owner_key, str(count))}"


def conversation_id(owner_key: str, key: str) -> str:
    thread = f"ig_thread:1:IGMessageThread:{account_id(owner_key)}:34028236684171030124{_digits(19, owner_key, key)}"
    return _encoded(thread)


def message_id(owner_key: str, key: str, count: int) -> str:
    numbers = f"{account_id(owner_key)}:3402823668417103{_digits(23, owner_key, key)}:3{_digits(34, key, str(count))}"
    return _encoded(f"ig_item:1:IGMessageID:{numbers}")


def shortcode(media_id: str) -> str:
    rest, signs = int(media_id) * 64, ""
    while rest and len(signs) < 11:
        rest, place = divmod(rest, 64)
        signs = ALPHABET[place] + signs
    return signs


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().replace("=", "ZD")


def _number(*names: str) -> int:
    return int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest(), "big")


def _digits(count: int, *names: str) -> str:
    return f"{_number(*names) % 10**count:0{count}d}"
