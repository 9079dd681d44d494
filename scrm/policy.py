"""What a network's terms allow: match, store, show, write. One answer with its reason, asked wherever it matters.

The rules are data in each connector's manifest, with their source and the date somebody read it. The visibility that
the author chose counts too: what was not said in public is shown here but not copied into the CRM.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scrm.connectors.manifest import Rule
from scrm.connectors.registry import connectors
from scrm.i18n import N_
from scrm.records import Audience


class Use(StrEnum):
    """What is about to be done with a network's data."""

    MATCH = "match"
    STORE = "store"
    SHOW = "show"
    WRITE = "write_to_crm"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Allowed or held, why, and where that is written. `reason` is a message for the catalogue."""

    allowed: bool
    needs_consent: bool = False  # it would be allowed if the person agreed
    reason: str = ""
    source: str = ""
    read_on: date | None = None


FORBIDDEN = N_("Held back: the network's terms do not allow this.")
NEEDS_CONSENT = N_("Held back: the network's terms need the person's consent.")
NOT_PUBLIC = N_("Held back: it was not said in public.")
UNKNOWN = N_("Held back: no connector knows this network's terms.")

NOT_FOR_CRM = frozenset({Audience.PRIVATE, Audience.FOLLOWERS, Audience.COMMUNITY})


def permit(network: str, use: Use, *, audience: str = Audience.PUBLIC, has_consent: bool = False) -> Permission:
    """Whether this use of this network's data is allowed, and why not; `has_consent`: the person agreed to it."""
    connector = connectors().get(network)
    if connector is None:
        return Permission(allowed=False, reason=UNKNOWN)
    terms = connector.manifest.terms
    rule: Rule = getattr(terms, use.value)
    if rule is Rule.FORBIDDEN:
        return Permission(allowed=False, reason=FORBIDDEN, source=terms.source, read_on=terms.read_on)
    if rule is Rule.CONSENT and not has_consent:
        return Permission(
            allowed=False,
            needs_consent=True,
            reason=NEEDS_CONSENT,
            source=terms.source,
            read_on=terms.read_on,
        )
    if use is Use.WRITE and audience in NOT_FOR_CRM:
        return Permission(allowed=False, reason=NOT_PUBLIC, source=terms.source, read_on=terms.read_on)
    return Permission(allowed=True, source=terms.source, read_on=terms.read_on)
