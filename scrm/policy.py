"""What a network's terms allow: match, store, show, write. One answer with its reason, asked wherever it matters.

The rules are data in each connector's manifest, with their source and the date somebody read it. Who could read it at
the network counts too: what was said to a closed community, to followers or in private is not copied into the CRM,
and of it reps are shown only what the admin opened to them, connection by connection.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, or_, true

from scrm.connectors.manifest import Rule
from scrm.connectors.registry import connectors
from scrm.i18n import N_
from scrm.models import Connection, Role, audience_now
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


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the admin opened of a connection's closed communities and private messages; at first nothing."""

    reps_read_closed: bool = False
    reps_read_private: bool = False
    writes_closed: bool = False
    writes_private: bool = False


NOTHING = Opening()
FORBIDDEN = N_("Held back: the network's terms do not allow this.")
NEEDS_CONSENT = N_("Held back: the network's terms need the person's consent.")
NOT_PUBLIC = N_("Held back: it was not said in public.")
CLOSED_TO_ROLE = N_("From a closed community, not shown to your role.")
PRIVATE_TO_ROLE = N_("Said in private, not shown to your role.")
UNKNOWN = N_("Held back: no connector knows this network's terms.")

NEVER_FOR_CRM = frozenset({Audience.FOLLOWERS})
OF_CLOSED, OF_PRIVATE = Audience.COMMUNITY.value, Audience.PRIVATE.value


def opening_of(connection: Connection | None) -> Opening:
    """What the admin opened of what this connection reads; nothing of what came from an archive alone."""
    if connection is None:
        return NOTHING
    return Opening(
        reps_read_closed=connection.reps_read_closed,
        reps_read_private=connection.reps_read_private,
        writes_closed=connection.writes_closed,
        writes_private=connection.writes_private,
    )


def permit(
    network: str,
    use: Use,
    *,
    audience: str = Audience.PUBLIC,
    has_consent: bool = False,
    role: str | None = None,
    opening: Opening = NOTHING,
) -> Permission:
    """Whether this use of this network's data is allowed, and why not.

    `audience`: who may read it at the network now. `has_consent`: the person agreed. `role`: to whom it is shown;
    without one it is shown as to a rep. `opening`: what the admin opened of the connection that it was read by.
    """
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
    reason = _narrow(use, audience, role, opening)
    return Permission(allowed=not reason, reason=reason, source=terms.source, read_on=terms.read_on)


def within_purposes(permission: Permission, held: str) -> Permission:
    """The same, unless the purposes recorded for the person hold it back (`purposes.hold`)."""
    return replace(permission, allowed=False, reason=held) if permission.allowed and held else permission


def _narrow(use: Use, audience: str, role: str | None, opening: Opening) -> str:
    """Why what was not said to everybody stays where it is; empty when it does not."""
    if use is Use.WRITE:
        opened = {OF_CLOSED: opening.writes_closed, OF_PRIVATE: opening.writes_private}
        return "" if opened.get(audience, audience not in NEVER_FOR_CRM) else NOT_PUBLIC
    if use is Use.SHOW and role not in {Role.STEWARD, Role.ADMIN}:
        if audience == OF_CLOSED and not opening.reps_read_closed:
            return CLOSED_TO_ROLE
        if audience == OF_PRIVATE and not opening.reps_read_private:
            return PRIVATE_TO_ROLE
    return ""


def is_for_crm(network: str) -> ColumnElement[bool]:
    """The same answer for writing, as SQL about an interaction; joins `Community` and `Connection` from outside."""
    if not permit(network, Use.WRITE).allowed:
        return false()
    audience = audience_now()
    return or_(
        audience.not_in([OF_CLOSED, OF_PRIVATE, *NEVER_FOR_CRM]),
        and_(audience == OF_CLOSED, Connection.writes_closed.is_(True)),
        and_(audience == OF_PRIVATE, Connection.writes_private.is_(True)),
    )


def is_for_role(network: str, role: str | None) -> ColumnElement[bool]:
    """The same answer for showing, as SQL about an interaction; joins `Community` and `Connection` from outside."""
    if not permit(network, Use.SHOW, role=role).allowed:
        return false()
    if role in {Role.STEWARD, Role.ADMIN}:
        return true()
    audience = audience_now()
    return or_(
        audience.not_in([OF_CLOSED, OF_PRIVATE]),
        and_(audience == OF_CLOSED, Connection.reps_read_closed.is_(True)),
        and_(audience == OF_PRIVATE, Connection.reps_read_private.is_(True)),
    )
