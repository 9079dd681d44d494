"""How common a value is among the contacts: two Smiths meet more easily than two Wasserman Schultzes.

A small installation cannot know that Smith is common, so its counts are blended with a shipped table of common
names (data/common_names.csv, rounded by hand from general knowledge, per million people in an international
contact list). The contact that is being scored is left out of its own count, or a unique name could never be rare.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Protocol

from scrm.matching.normalize import squash
from scrm.matching.views import ContactView

BLEND = 200  # the shipped table weighs as much as this many contacts
UNLISTED_NAME = 5e-5
UNLISTED = 1e-3


class TokenKind(StrEnum):
    """What a counted value is."""

    NAME = "name"
    EMAIL = "email"
    PAGE = "page"
    COMPANY = "company"
    DOMAIN = "domain"
    PLACE = "place"
    TITLE = "title"
    LANGUAGE = "language"


class Frequencies(Protocol):
    """Counts over all contacts; one implementation reads them from the database, one keeps them in memory."""

    @property
    def total(self) -> int: ...

    def count(self, kind: TokenKind, value: str) -> int: ...


@dataclass(frozen=True, kw_only=True)
class CountedFrequencies:
    """Frequencies counted in memory."""

    total: int
    counts: Mapping[tuple[TokenKind, str], int] = field(default_factory=dict)

    def count(self, kind: TokenKind, value: str) -> int:
        return self.counts.get((kind, value), 0)


def count_contacts(contacts: Iterable[ContactView]) -> CountedFrequencies:
    """Count every value of every contact once."""
    counts: Counter[tuple[TokenKind, str]] = Counter()
    total = 0
    for contact in contacts:
        total += 1
        counts.update(set(counted_values(contact)))
    return CountedFrequencies(total=total, counts=dict(counts))


def counted_values(contact: ContactView) -> Iterator[tuple[TokenKind, str]]:
    """Give what is counted of one contact: the same list for the table in the database."""
    for word in contact.name.words:
        yield TokenKind.NAME, word
    for address in contact.addresses:
        yield TokenKind.EMAIL, address
    for page in contact.pages:
        yield TokenKind.PAGE, page
    for domain in contact.employer_domains:
        yield TokenKind.DOMAIN, domain
    if contact.company_folded:
        yield TokenKind.COMPANY, contact.company_folded
    for place in contact.places:
        if place:
            yield TokenKind.PLACE, place
    for word in contact.title_words:
        yield TokenKind.TITLE, word
    if contact.language:
        yield TokenKind.LANGUAGE, contact.language.lower()


def share(frequencies: Frequencies, kind: TokenKind, value: str) -> float:
    """Give the chance that another contact has this value, the one being scored left out."""
    seen = max(frequencies.count(kind, value) - 1, 0) + 0.5
    general = _common_names().get(value, UNLISTED_NAME) if kind is TokenKind.NAME else UNLISTED
    return min((seen + BLEND * general) / (max(frequencies.total, 1) + BLEND), 1.0)


@cache
def _common_names() -> dict[str, float]:
    text = files("scrm.matching").joinpath("data/common_names.csv").read_text(encoding="utf-8")
    return {squash(row["name"]): int(row["per_million"]) / 1e6 for row in csv.DictReader(text.splitlines())}
