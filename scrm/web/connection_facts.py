"""What a connection uses of its budget, which time its lists cover, whether the network calls us.

Everything is said in words; the drawings only say it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from scrm.connectors.budget import Unit
from scrm.errors import InputError, SealError
from scrm.i18n import N_, gettext
from scrm.ingest import meter
from scrm.ingest.coverage import Coverage, ListCoverage, Range, coverage
from scrm.ingest.subscriptions import PushHealth, push_health
from scrm.ingest.versions import VersionEnd, version_end
from scrm.models import Connection, ConnectionState, Role
from scrm.runtime import Core
from scrm.web import costs, current, wording
from scrm.web.connect_page import OTHER_PROBLEM, PROBLEMS
from scrm.web.roles import allow

blueprint = Blueprint("facts", __name__)

WIDTH: Final = 200  # of a drawing
OLDER: Final = 16  # for all that lies before the first time that is known
LONGEST_CAP: Final = 30
COVERED: Final = {
    Coverage.COMPLETE: N_("complete"),
    Coverage.PARTIAL: N_("still being read"),
    Coverage.MISSING: N_("missing"),
}

PUSH_PROBLEMS: Final = {
    "AccessRevokedError": N_("The network does not let this access subscribe. The lists are read as before."),
    "UnavailableError": N_("The network does not offer it to this app. The lists are read as before."),
    "BudgetSpentError": PROBLEMS["BudgetSpentError"],
}
OTHER_PUSH_PROBLEM: Final = N_("Asking for it fails; we try again by ourselves. The lists are read as before.")


@dataclass(frozen=True, kw_only=True)
class MeterView:
    """A meter as it is shown."""

    used: str
    resets_at: datetime
    share: float
    is_spent: bool
    what_then: str
    label: str
    cap: str
    calls: int


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One range as a length, and as a sentence."""

    x: float
    width: float
    coverage: Coverage
    text: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ListView:
    """One list: a bar, its text, and every range in words, newest first."""

    label: str
    text: str
    segments: Sequence[Segment]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All of it, for one page."""

    meter: MeterView | None
    lists: Sequence[ListView]
    push: PushHealth | None
    push_words: tuple[str, str] | None  # a tone and a sentence
    version: VersionEnd | None


def facts(core: Core, session: Session, row: Connection, now: datetime, off: frozenset[str]) -> Facts:
    """Everything shown about one connection; `off` names the lists that the admin does not ask for."""
    push = push_health(session, core.settings, row)
    return Facts(
        meter=_meter(meter.reading(session, row, now)),
        lists=[_list(one, now) for one in coverage(session, row, now) if one.name not in off],
        push=push,
        push_words=_say_of_push(push, row) if push else None,
        version=_version(core, row, now),
    )


@blueprint.post("/<uuid:connection_id>/budget")
@allow(Role.ADMIN)
def set_cap(connection_id: UUID) -> ResponseReturnValue:
    """Allow more or less per period."""
    core = current.core()
    try:
        budget = meter.budget_of(core, connection_id)
        cap = costs.cap_from(budget, request.form.get("cap", "")[:LONGEST_CAP])
        meter.set_cap(core, connection_id, cap, current.user().id)
    except InputError as why:
        flash(gettext(str(why)), "fault")
    else:
        flash(gettext("Saved."), "word")
    return redirect(url_for("connections.show", connection_id=connection_id, _anchor="budget"))


def _meter(read: meter.Reading) -> MeterView | None:
    if read.budget is None or read.cap is None or read.resets_at is None:
        return None
    is_money = read.unit is Unit.MICRO_USD
    used = costs.cost(read.unit, read.spent) if is_money else wording.num(read.spent)
    return MeterView(
        used=gettext("%(used)s of %(cap)s", used=used, cap=costs.cost(read.unit, read.cap)),
        resets_at=read.resets_at,
        share=read.share,
        is_spent=read.is_spent,
        what_then=costs.what_then(read.budget),
        label=costs.cap_label(read.budget),
        cap=costs.cap_text(read.budget, read.cap),
        calls=read.calls,
    )


def _list(one: ListCoverage, now: datetime) -> ListView:
    bounds = [at for row in one.ranges for at in (row.since, row.until) if at is not None]
    first = min(bounds, default=now)
    has_older = any(row.since is None for row in one.ranges)
    begin = OLDER if has_older and first < now else 0
    scale = (WIDTH - begin) / max((now - first).total_seconds(), 1.0)

    def place(at: datetime | None) -> float:
        return 0.0 if at is None else round(begin + (at - first).total_seconds() * scale, 1)

    segments = [
        Segment(
            x=place(row.since),
            width=max(round(place(row.until) - place(row.since), 1), 1.0) if first < now else WIDTH,
            coverage=row.coverage,
            text=_say_of_range(row, now),
            why=_why(row),
        )
        for row in one.ranges
    ]
    words = "; ".join(segment.text for segment in segments)
    return ListView(label=gettext(one.label), text=words, segments=segments[::-1])


def _say_of_range(row: Range, now: datetime) -> str:
    how = gettext(COVERED[row.coverage])
    is_open = row.until >= now
    if row.since is None:
        if is_open:
            return gettext("everything: %(how)s", how=how)
        return gettext("before %(until)s: %(how)s", until=wording.date(row.until), how=how)
    if is_open:
        return gettext("since %(since)s: %(how)s", since=wording.date(row.since), how=how)
    return gettext(
        "%(since)s to %(until)s: %(how)s", since=wording.date(row.since), until=wording.date(row.until), how=how
    )


def _why(row: Range) -> str:
    if row.reason is not None:
        return gettext(row.reason)
    return gettext(PROBLEMS.get(row.problem, OTHER_PROBLEM)) if row.problem else ""


def _say_of_push(push: PushHealth, row: Connection) -> tuple[str, str]:
    """A tone for the sign, and a sentence."""
    if push.is_on:
        return "good", gettext("On. The network tells us at once what happens.")
    if not push.has_address:
        return "off", gettext("Off. Nobody outside reaches us: SCRM_PUBLIC_URL needs an https address.")
    if row.state != ConnectionState.ACTIVE:
        return "off", gettext("Off while nothing is read.")
    if push.problem:
        why = gettext(PUSH_PROBLEMS.get(push.problem, OTHER_PUSH_PROBLEM))
        return "slow", gettext("Off. %(why)s", why=why)
    return "slow", gettext("Not yet. We are asking the network to call us.")


def _version(core: Core, row: Connection, now: datetime) -> VersionEnd | None:
    try:
        return version_end(core, row.network, now.date())
    except SealError:
        return None  # the connect page says that the app's values cannot be opened
