"""Health at a glance for the admin: a page of its own, the same part on the home page, and the part alone.

The part is asked for every ten seconds while somebody looks; what it cost decides how long it is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any, Final

from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from scrm.connectors.registry import connectors
from scrm.i18n import N_, gettext
from scrm.ingest.coverage import Coverage
from scrm.ingest.trouble import troubled
from scrm.models import Role
from scrm.runtime import Core
from scrm.sync.faults import CAUSES
from scrm.web import connections as connection_pages
from scrm.web import costs, current
from scrm.web.board import DAYS, Board, Hookup, board
from scrm.web.connect_page import OTHER_PROBLEM, PROBLEMS
from scrm.web.roles import allow

blueprint = Blueprint("dashboard", __name__, url_prefix="/admin/health")

SHARE: Final = 20  # a board is made anew after 20 times what it cost, so it takes 5 % of the time at most
NEAR: Final = 0.8  # of a budget
BAR: Final = 300
CHART_HEIGHT: Final = 40
QUEUES: Final = {
    "read": (N_("To read"), N_("lists of the networks whose time has come")),
    "keys": (N_("To index"), N_("contacts that changed")),
    "match": (N_("To match"), N_("profiles that are new or changed")),
    "review": (N_("In review"), N_("profiles that wait for a steward")),
    "expand": (N_("To compare"), N_("timelines that may have changed")),
    "deliver": (N_("To write"), N_("entries on their way to the CRM")),
    "inbox": (N_("Webhooks"), N_("received and not yet applied")),
}
OUTCOMES: Final = {"done": N_("done"), "more": N_("done, more is waiting"), None: N_("is being read")}
INBOX: Final = {"todo": N_("waits"), "done": N_("applied"), "quarantined": N_("set aside")}
CLASSES: Final = {Coverage.COMPLETE: "fill", Coverage.PARTIAL: "warn", Coverage.MISSING: "miss"}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A part of a drawing: where it begins, how long it is, and its class."""

    x: float
    width: float
    kind: str
    y: float = 0.0
    height: float = 8.0


@blueprint.get("")
@allow(Role.ADMIN)
def show() -> ResponseReturnValue:
    """The whole page."""
    return render_template("health.html", **shown())


@blueprint.get("/part.json")
@allow(Role.ADMIN)
def part() -> ResponseReturnValue:
    """The part that changes, for our own script; asking for it keeps no session alive."""
    return jsonify(part=render_template("health_part.html", **shown()))


def shown() -> dict[str, Any]:
    """What the template of the part needs."""
    now = current.now()
    held: _Held = current_app.extensions.setdefault("scrm_board", _Held())
    seen = held.get(current.core())
    with current.core().db.read() as db:
        trouble = troubled(db, now)
    return {
        "board": seen,
        "now": now,
        "say": connection_pages.say,
        "bars": bars,
        "columns": columns(seen.hours),
        "busiest": max(seen.hours, default=0),
        "trouble": trouble,
        "queue_words": QUEUES,
        "causes": CAUSES,
        "outcome": outcome,
        "list_name": list_name,
        "inbox_words": INBOX,
        "used": used,
        "near": NEAR,
        "days": DAYS,
    }


def bars(one: Hookup) -> list[Bar]:
    """The last days as a line, neighbors of the same kind drawn as one."""
    step, found = BAR / DAYS, list[Bar]()
    for number, day in enumerate(one.days):
        kind = CLASSES[day]
        if found and found[-1].kind == kind:
            found[-1] = Bar(x=found[-1].x, width=round(found[-1].width + step, 1), kind=kind)
        else:
            found.append(Bar(x=round(number * step, 1), width=round(step, 1), kind=kind))
    return found


def columns(hours: Sequence[int]) -> list[Bar]:
    """What was stored by the hour, as columns that stand on the ground."""
    most = max(hours, default=0) or 1
    step = BAR / max(len(hours), 1)
    return [
        Bar(
            x=round(number * step + 1, 1),
            width=round(step - 2, 1),
            y=round(CHART_HEIGHT - CHART_HEIGHT * count / most, 1),
            height=round(CHART_HEIGHT * count / most, 1),
            kind="fill",
        )
        for number, count in enumerate(hours)
        if count
    ]


def used(one: Hookup) -> str:
    """Such as “$6.00 of $50.00”."""
    read = one.reading
    if read is None or read.cap is None:
        return ""
    words = {"used": costs.cost(read.unit, read.spent), "cap": costs.cost(read.unit, read.cap)}
    return gettext("%(used)s of %(cap)s", **words)


def list_name(network: str, stream: str) -> str:
    """What a list is called on pages; its own name when the connector is gone or has renamed it."""
    connector = connectors().get(network)
    labels: dict[str, str] = {}
    if connector is not None:
        labels = {one.name: one.label for one in connector.streams}
        labels |= {one.name: one.label for one in connector.object_streams}
    return labels.get(stream, stream)


def outcome(name: str | None) -> str:
    """How a run ended, in words."""
    return gettext(OUTCOMES.get(name) or PROBLEMS.get(name or "", OTHER_PROBLEM))


class _Held:
    """The board as last made, for as long as it is dear; one request at a time makes it anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._value: Board | None = None
        self._until = 0.0

    def get(self, core: Core) -> Board:
        known = self._value
        if known is not None and (monotonic() < self._until or not self._lock.acquire(blocking=False)):
            return known
        if known is None:
            self._lock.acquire()
        try:
            started = monotonic()
            self._value = made = board(core, core.db.clock.now())
            self._until = monotonic() + SHARE * (monotonic() - started)
            return made
        finally:
            self._lock.release()
