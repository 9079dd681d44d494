"""Ids as Facebook gives them: digits as text, a post below its page, a comment below its post.

A person's id is scoped to one page (PSID) or to one app (ASID); both follow from the names alone, so that the
same life gives the same ids (shapes in Meta's page "Pages API overview" and captured payloads, 2026-11-23).
"""

from __future__ import annotations

import base64
import hashlib


def _number(digits: int, *names: str) -> int:
    seed = "\x1f".join(names).encode()
    low: int = 10 ** (digits - 1)
    return low + int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") % (9 * low)


def page_id(key: str) -> str:
    return str(_number(15, "page", key))


def psid(page_key: str, person_key: str) -> str:
    """Return the id under which one page knows a person."""
    return str(_number(16, "psid", page_key, person_key))


def asid(person_key: str) -> str:
    """Return the id under which the app knows a person who signed in."""
    return str(_number(17, "asid", person_key))


def story_number(counter: int) -> str:
    """Return the number of the next post, comment or review: long and rising."""
    return str(122_100_000_000_000_000 + counter * 6_007)


def message_id(counter: int) -> str:
    text = hashlib.sha256(f"message {counter}".encode()).digest() * 2
    return "m_" + base64.urlsafe_b64encode(text).decode().rstrip("=")


def conversation_id(page_key: str, person_key: str) -> str:
    return f"t_{_number(15, 'conversation', page_key, person_key)}"
