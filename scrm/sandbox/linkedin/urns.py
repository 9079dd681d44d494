"""The names LinkedIn gives: URNs, 19-digit numbers that carry a time, and opaque ids of people.

A number is 41 bits of milliseconds and 22 of sequence, as recorded ids show (urn:li:share:7094637247487995904 is
of 2023-08-08; its activity is some milliseconds younger). A person's id holds for one app only
(developer.linkedin.com/docs/fields/basic-profile, read 2026-11-24).
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SEQUENCE_BITS = 22
PERSON_ID_LENGTH = 10
NUMBER = r"\d{1,19}"
PATTERNS = {
    "organization": re.compile(rf"urn:li:organization:{NUMBER}"),
    "person": re.compile(r"urn:li:person:[A-Za-z0-9_-]+"),
    "post": re.compile(rf"urn:li:(?:share|ugcPost):{NUMBER}"),
    "thread": re.compile(
        rf"urn:li:(?:share|ugcPost|activity):{NUMBER}"
        rf"|urn:li:comment:\(urn:li:(?:activity|share|ugcPost):{NUMBER},{NUMBER}\)"
    ),
    "form": re.compile(rf"urn:li:versionedLeadGenForm:\(urn:li:leadGenForm:{NUMBER},{NUMBER}\)"),
    "account": re.compile(rf"urn:li:sponsoredAccount:{NUMBER}"),
    "application": re.compile(rf"urn:li:developerApplication:{NUMBER}"),
}


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class Numbers:
    """Hands out numbers by time, each once."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def at(self, at: datetime, *, later_by: int = 0) -> int:
        moment = milliseconds(at) + later_by
        sequence = self._next.get(moment, 0)
        self._next[moment] = sequence + 1
        return (moment << SEQUENCE_BITS) + sequence


def person_id(app: str, key: str) -> str:
    digest = hashlib.sha256(f"{app} {key}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:PERSON_ID_LENGTH]


def small_number(key: str) -> int:
    """Return the number of an organization, form or account: eight digits, the same for the same key."""
    return 10_000_000 + zlib.crc32(key.encode()) % 90_000_000


def lead_id(number: int) -> str:
    """Return an id in the form of the documented ones: a UUID and one more number."""
    return f"{uuid.uuid5(uuid.NAMESPACE_URL, f'lead {number}')}-{number % 10}"
