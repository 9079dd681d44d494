"""Short ways to write an invented contact, profile and pair; frequencies as in a CRM of a thousand contacts."""

from collections.abc import Mapping
from typing import Any

from scrm.matching.frequencies import CountedFrequencies, Frequencies, TokenKind
from scrm.matching.model import SHIPPED
from scrm.matching.rules import Pair
from scrm.matching.views import ContactId, ContactView, Link, ProfileId, ProfileView


def contact(full_name: str = "", number: int = 1, **fields: Any) -> ContactView:
    return ContactView(contact_id=ContactId(number), full_name=full_name, **fields)


def profile(display_name: str = "", handle: str = "", network: str = "mastodon", **fields: Any) -> ProfileView:
    return ProfileView(profile_id=ProfileId(1), network=network, display_name=display_name, handle=handle, **fields)


def link(url: str, *, verified: bool = False) -> Link:
    return Link(url=url, verified=verified)


def frequencies(counts: Mapping[tuple[TokenKind, str], int] | None = None, total: int = 1000) -> Frequencies:
    return CountedFrequencies(total=total, counts=dict(counts or {}))


def pair(ours: ContactView, theirs: ProfileView, counts: Frequencies | None = None) -> Pair:
    return Pair(contact=ours, profile=theirs, model=SHIPPED, frequencies=counts or frequencies())
