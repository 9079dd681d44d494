"""The first run: five steps from an empty installation to the first judged match, for the admin.

There is no state of its own: what is done is read from what the installation holds, so a step done elsewhere is done
here, too, and the page has nothing left to show when all are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.i18n import N_
from scrm.ingest import connections as hookups
from scrm.ingest.apps import off_lists
from scrm.models import (
    Connection,
    ConnectionState,
    Contact,
    CrmConnection,
    Interaction,
    Judge,
    Judgment,
    Link,
    MatchState,
    Profile,
    Role,
    User,
)
from scrm.web import counts, current
from scrm.web.people import can_come_back
from scrm.web.roles import allow

blueprint = Blueprint("start", __name__, url_prefix="/start")
MOST: Final = 20  # connections shown


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to do a step: the page that does it and the words on its button."""

    endpoint: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its title, why it matters, and the ways to do it, the usual one first."""

    key: str
    title: str
    words: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How far one connection has been read."""

    connection: Connection
    items: int
    reached_at: datetime | None  # the oldest that was read so far
    is_going_on: bool


STEPS: Final = (
    Step(
        key="admin",
        title=N_("Make the account yours"),
        words=N_("Enter your name and e-mail address and set a password, so that you need no link the next time."),
        ways=(Way(endpoint="account.show", label=N_("To my account")),),
    ),
    Step(
        key="crm",
        title=N_("Choose where your contacts are"),
        words=N_(
            "Bring them as a file into the built-in CRM, or connect the CRM you have. Without contacts nobody "
            "can be recognized."
        ),
        ways=(
            Way(endpoint="imports.contacts", label=N_("Import contacts")),
            Way(endpoint="crm.show", label=N_("Connect Salesforce")),
        ),
    ),
    Step(
        key="network",
        title=N_("Connect a network"),
        words=N_("What people say to you there is read, as far back as it goes."),
        ways=(Way(endpoint="connections.choose", label=N_("Connect a network")),),
    ),
    Step(
        key="read",
        title=N_("Watch what was said come in"),
        words=N_("The past is read back bit by bit. You need not wait for the end of it."),
        ways=(Way(endpoint="connections.index", label=N_("To the connections")),),
    ),
    Step(
        key="match",
        title=N_("Settle the first doubtful match"),
        words=N_("What is certain is linked by itself. The rest waits for a person, with the evidence side by side."),
        ways=(Way(endpoint="review.queue", label=N_("To the review")),),
    ),
)


@blueprint.get("")
@allow(Role.ADMIN)
def show() -> ResponseReturnValue:
    """The steps, what is done of them, and one button for the next."""
    return render_template("start.html", counts=counts.remembered(), **shown())


@blueprint.get("/part.json")
@allow(Role.ADMIN)
def part() -> ResponseReturnValue:
    """The steps alone, for our own script; asking for them keeps no session alive."""
    return jsonify(part=render_template("start_steps.html", **shown()))


def shown() -> dict[str, Any]:
    """What the template of the steps needs."""
    with current.core().db.read() as db:
        done = frozenset(key for key, is_done in FACTS.items() if is_done(db))
        reading = _reading(db) if "network" in done else []
        waits = is_any(db, _waiting())
    upcoming = next((step.key for step in STEPS if step.key not in done), None)
    return {"steps": STEPS, "done": done, "upcoming": upcoming, "reading": reading, "waits": waits}


def is_any(db: Session, query: Select[Any]) -> bool:
    """Whether a query has a row."""
    return db.execute(query.limit(1)).first() is not None


def _reading(db: Session) -> list[Reading]:
    now, found = current.now(), []
    for row in db.scalars(select(Connection).where(_is_kept()).order_by(Connection.id).limit(MOST)):
        if row.network in connectors():
            streams = hookups.health(db, row, now, off_lists(current.core(), row.network)).streams
            reached = [stream.reached_at for stream in streams if stream.reached_at is not None]
            found.append(
                Reading(
                    connection=row,
                    items=sum(stream.items for stream in streams),
                    reached_at=min(reached, default=None),
                    is_going_on=any(stream.is_backfilling for stream in streams),
                )
            )
    return found


def _has_account(db: Session) -> bool:
    """An admin can come back without a link."""
    query = select(User.id).where(User.role == Role.ADMIN.value, User.disabled_at.is_(None))
    return is_any(db, query.where(can_come_back()))


def _has_contacts(db: Session) -> bool:
    return is_any(db, select(Contact.id)) or is_any(db, select(CrmConnection.crm_id).where(CrmConnection.is_active))


def _has_network(db: Session) -> bool:
    return is_any(db, select(Connection.id).where(_is_kept()))


def _has_read(db: Session) -> bool:
    """Something came in, or all was read and nobody has said anything."""
    if is_any(db, select(Interaction.id)):
        return True
    seen = _reading(db)
    return bool(seen) and not any(one.is_going_on for one in seen)


def _has_judged(db: Session) -> bool:
    """A person judged; or there was nothing to judge, because all that came in is linked by itself."""
    if is_any(db, select(Judgment.id).where(Judgment.judge == Judge.STEWARD.value)):
        return True
    if not is_any(db, select(Link.profile_id)) or is_any(db, _waiting()):
        return False
    return not any(one.is_going_on for one in _reading(db))


def _is_kept() -> ColumnElement[bool]:
    return Connection.state != ConnectionState.REMOVED.value


def _waiting() -> Select[Any]:
    """Profiles that a person has to look at, or that the engine has not looked at yet."""
    return select(Profile.id).where(
        or_(Profile.match_state == MatchState.REVIEW.value, Profile.match_due_at.is_not(None))
    )


FACTS: Final[dict[str, Callable[[Session], bool]]] = {
    "admin": _has_account,
    "crm": _has_contacts,
    "network": _has_network,
    "read": _has_read,
    "match": _has_judged,
}
