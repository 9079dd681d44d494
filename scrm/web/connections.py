"""Connect networks and see how each connection is, in plain words; for the admin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm import i18n
from scrm.connectors.base import RECHECK, Connector
from scrm.connectors.manifest import Status
from scrm.connectors.registry import connectors
from scrm.errors import BudgetSpentError, InputError, NetworkError
from scrm.i18n import gettext
from scrm.ingest import connections as hookups
from scrm.ingest.apps import off_lists
from scrm.models import Connection, ConnectionState, Role
from scrm.runtime import Core
from scrm.web import connect_page, connection_audience, connection_facts, current, network_sign_in, wording
from scrm.web.connect_page import OTHER_PROBLEM, PROBLEMS, RULES
from scrm.web.guides import set_up_page
from scrm.web.roles import allow

blueprint = Blueprint("connections", __name__, url_prefix="/connections")
blueprint.register_blueprint(network_sign_in.blueprint)
blueprint.register_blueprint(connection_facts.blueprint)
blueprint.register_blueprint(connection_audience.blueprint)

SOON: Final = timedelta(days=14)
Act = Callable[[Core, UUID, int | None], None]
ACTS: Final[dict[str, Act]] = {
    "pause": hookups.pause,
    "resume": hookups.resume,
    "read": hookups.read_now,
}


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """All connections with their health."""
    now = current.now()
    with current.core().db.read() as db:
        rows = db.scalars(
            select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
        ).all()
        found = [(row, hookups.health(db, row, now)) for row in rows if row.network in connectors()]
    return render_template("connections.html", found=found, say=say)


@blueprint.get("/new")
@allow(Role.ADMIN)
def choose() -> ResponseReturnValue:
    """Every network there is a connector for."""
    return render_template("connections_new.html", connectors=_offered())


@blueprint.route("/new/<network>", methods=["GET", "POST"])
@allow(Role.ADMIN)
def connect(network: str) -> ResponseReturnValue:
    """The form of one network: what it needs, what is read, what its terms allow."""
    connector = connect_page.offered(network)
    if connector is None:
        abort(404)
    if request.method == "GET":
        return connect_page.show(connector, word=gettext("Saved.") if "saved" in request.args else None)
    fields = connector.manifest.credential_fields
    try:
        row = hookups.connect(current.core(), network, connect_page.filled(fields), current.user().id)
    except (InputError, NetworkError) as why:
        return connect_page.show(connector, fault=connect_page.refusal(why)), 400
    return redirect(url_for("connections.show", connection_id=row.public_id, new=1))


@blueprint.get("/<uuid:connection_id>")
@allow(Role.ADMIN)
def show(connection_id: UUID) -> ResponseReturnValue:
    """One connection: lists, progress, last runs, what can be done."""
    with current.core().db.read() as db:
        row, connector = _get(db, connection_id)
        off = off_lists(current.core(), row.network)
        health = hookups.health(db, row, current.now(), off)
        facts = connection_facts.facts(current.core(), db, row, current.now(), off)
    return render_template(
        "connection.html",
        row=row,
        facts=facts,
        audience=connection_audience.CHOICES,
        manifest=connector.manifest,
        health=health,
        say=say,
        rules=RULES,
        rechecks=any(stream.name == RECHECK for stream in connector.object_streams),
        is_new="new" in request.args,
        guide=set_up_page(row.network, i18n.language.get()),
    )


@blueprint.get("/<uuid:connection_id>/progress.json")
@allow(Role.ADMIN)
def progress(connection_id: UUID) -> ResponseReturnValue:
    """How far the reading has got, as text in the reader's language; asked for every two seconds."""
    with current.core().db.read() as db:
        row, _connector = _get(db, connection_id)
        health = hookups.health(db, row, current.now(), off_lists(current.core(), row.network))
    streams = {
        stream.name: {
            "items": wording.num(stream.items),
            "reached": wording.date(stream.reached_at) if stream.reached_at else "–",
            "state": stream_state(stream),
        }
        for stream in health.streams
    }
    return jsonify(streams=streams, items=wording.num(sum(stream.items for stream in health.streams)))


@blueprint.post("/<uuid:connection_id>")
@allow(Role.ADMIN)
def act(connection_id: UUID) -> ResponseReturnValue:
    """Pause, resume, or read now."""
    do = ACTS.get(request.form.get("act", ""))
    if do is None:
        abort(400)
    do(current.core(), connection_id, current.user().id)
    return redirect(url_for("connections.show", connection_id=connection_id))


@blueprint.route("/<uuid:connection_id>/reconnect", methods=["GET", "POST"])
@allow(Role.ADMIN)
def reconnect(connection_id: UUID) -> ResponseReturnValue:
    """Sign in again on the same account."""
    with current.core().db.read() as db:
        row, connector = _get(db, connection_id)
    if request.method == "GET":
        return connect_page.show(connector, row=row)
    fields = connector.manifest.credential_fields
    try:
        hookups.reconnect(current.core(), connection_id, connect_page.filled(fields), current.user().id)
    except (InputError, NetworkError) as why:
        return connect_page.show(connector, row=row, fault=connect_page.refusal(why)), 400
    return redirect(url_for("connections.show", connection_id=connection_id))


@blueprint.route("/<uuid:connection_id>/remove", methods=["GET", "POST"])
@allow(Role.ADMIN)
def remove(connection_id: UUID) -> ResponseReturnValue:
    """Say what removing does, then do it."""
    if request.method == "POST":
        hookups.remove(current.core(), connection_id, current.user().id)
        return redirect(url_for("connections.index"))
    with current.core().db.read() as db:
        row, connector = _get(db, connection_id)
        health = hookups.health(db, row, current.now())
    items = sum(stream.items for stream in health.streams)
    return render_template("connection_remove.html", row=row, manifest=connector.manifest, items=items)


def say(health: hookups.Health) -> tuple[str, str]:
    """How a connection is: a tone for the sign, and a sentence."""
    stopped = {
        ConnectionState.SUSPENDED: (
            "bad",
            gettext(PROBLEMS.get(health.problem or "", PROBLEMS["AccessRevokedError"])),
        ),
        ConnectionState.PAUSED: ("off", gettext("Paused. Nothing is read; resuming goes on where it stopped.")),
    }
    if health.state in stopped:
        return stopped[health.state]
    if health.problem:
        return "bad", gettext(PROBLEMS.get(health.problem, OTHER_PROBLEM))
    if health.wait_until is not None:
        return "slow", gettext("The network asked us to wait until %(time)s.", time=wording.clock(health.wait_until))
    return _say_of_streams(health)


def _say_of_streams(health: hookups.Health) -> tuple[str, str]:
    broken = next((stream for stream in health.streams if stream.problem), None)
    if broken is not None:
        text = gettext(PROBLEMS.get(broken.problem or "", OTHER_PROBLEM))
        return "slow", gettext("%(stream)s: %(problem)s", stream=gettext(broken.label), problem=text)
    if any(stream.is_backfilling for stream in health.streams):
        return "good", gettext("Works. What was said before is still being read.")
    return "good", gettext("Works.")


def stream_state(stream: hookups.StreamHealth) -> str:
    """What one list is doing."""
    if not stream.is_on:
        return gettext("switched off")
    if stream.problem and stream.problem != BudgetSpentError.__name__:  # a spent budget is no failure
        return (
            gettext("fails, next try %(when)s", when=wording.when(stream.due_at))
            if stream.due_at
            else gettext("fails")
        )
    if stream.is_reading:
        return gettext("is being read")
    if stream.is_backfilling:
        return gettext("reads what was said before")
    if stream.due_at is not None:
        return gettext("next reading %(when)s", when=wording.when(max(stream.due_at, current.now())))
    return gettext("nothing to do")


def signs_in_at(network: str) -> bool:
    """Whether one click leads to the network and back."""
    connector = connectors().get(network)
    return connector is not None and connector.oauth is not None


def ends_soon(row: Connection) -> bool:
    """Whether the access ends within two weeks unless somebody signs in again."""
    is_read = row.state in {ConnectionState.ACTIVE.value, ConnectionState.PAUSED.value}
    return is_read and row.access_until is not None and row.access_until < current.now() + SOON


blueprint.add_app_template_global(stream_state, "stream_state")
blueprint.add_app_template_global(signs_in_at, "signs_in_at")
blueprint.add_app_template_global(ends_soon, "ends_soon")


def _offered() -> list[Connector]:
    return sorted(connectors().values(), key=lambda row: (row.manifest.status != Status.LIVE, row.manifest.label))


def _get(db: Session, public_id: UUID) -> tuple[Connection, Connector]:
    row = db.scalars(select(Connection).where(Connection.public_id == public_id)).one_or_none()
    if row is None or row.state == ConnectionState.REMOVED or row.network not in connectors():
        abort(404)
    return row, connectors()[row.network]
