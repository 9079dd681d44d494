"""Sign in at a network: save the app, go there, come back, choose what is connected; for the admin.

A form may lead to ourselves alone (Content-Security-Policy, form-action), also through a redirect; so the browser is
sent to the network by a page that goes on at once.
"""

import re
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from scrm import i18n
from scrm.connectors.base import Connector
from scrm.connectors.budget import Forecast
from scrm.errors import InputError, NetworkError
from scrm.i18n import gettext
from scrm.ingest import apps, sign_in
from scrm.models import Connection, ConnectionState, Role
from scrm.web import connect_page, costs, current
from scrm.web.guides import set_up_page
from scrm.web.roles import allow

blueprint = Blueprint("network", __name__)

# RFC 6749, 4.1.2.1; the other two are LinkedIn's, from memory
SAID_NO: Final = {"access_denied", "user_cancelled_login", "user_cancelled_authorize"}
ERROR_CODE: Final = re.compile(r"[a-z_]{1,40}")
LONGEST_ID: Final = 300


@blueprint.post("/new/<network>/app")
@allow(Role.ADMIN)
def save_app(network: str) -> ResponseReturnValue:
    """Keep what the network gave when the app was registered."""
    connector = _offered(network)
    try:
        apps.save(current.core(), network, connect_page.filled(connector.manifest.app_fields), current.user().id)
    except InputError as why:
        return connect_page.show(connector, fault=connect_page.refusal(why)), 400
    return redirect(url_for("connections.connect", network=network, saved=1))


@blueprint.post("/new/<network>/sign-in")
@allow(Role.ADMIN)
def begin(network: str) -> ResponseReturnValue:
    """Go to the network to connect something new."""
    return _go(_offered(network), None)


@blueprint.post("/<uuid:connection_id>/sign-in")
@allow(Role.ADMIN)
def begin_again(connection_id: UUID) -> ResponseReturnValue:
    """Go to the network to sign in again on a connection."""
    with current.core().db.read() as db:
        row = db.scalars(select(Connection).where(Connection.public_id == connection_id)).one_or_none()
    if row is None or row.state == ConnectionState.REMOVED:
        abort(404)
    return _go(_offered(row.network), row)


@blueprint.get("/sign-in/<network>")
@allow(Role.ADMIN)
def come_back(network: str) -> ResponseReturnValue:
    """The network sends the browser here, with a code or with a no."""
    connector, core, user_id = _offered(network), current.core(), current.user().id
    state, code = request.args.get("state", ""), request.args.get("code", "")
    row = sign_in.subject(core, network, state, user_id)
    try:
        if not code:
            sign_in.decline(core, network, state, user_id)
            _tell_of_no(connector)
            return _back_to_the_page(network, row)
        flow = sign_in.redeem(core, network, state, code, user_id)
        chosen = sign_in.choice_for(core, flow)
        if chosen is not None and (row is not None or connector.manifest.budget is None):
            return _connected(sign_in.finish(core, flow, chosen, None, user_id), is_new=row is None)
    except (InputError, NetworkError) as why:
        flash(connect_page.refusal(why), "fault")
        return _back_to_the_page(network, row)
    return redirect(url_for(".choose", network=network, flow_id=flow.flow_id))


@blueprint.get("/sign-in/<network>/<int:flow_id>")
@allow(Role.ADMIN)
def choose(network: str, flow_id: int) -> ResponseReturnValue:
    """What can be connected; with a budget also what reading back will cost."""
    connector = _offered(network)
    try:
        flow = sign_in.returned(current.core(), network, flow_id, current.user().id)
    except InputError as why:
        return connect_page.show(connector, fault=connect_page.refusal(why)), 400
    return _choices(connector, flow)


@blueprint.post("/sign-in/<network>/<int:flow_id>")
@allow(Role.ADMIN)
def finish(network: str, flow_id: int) -> ResponseReturnValue:
    """Connect what was chosen."""
    connector, core, user_id = _offered(network), current.core(), current.user().id
    budget = connector.manifest.budget
    try:
        flow = sign_in.returned(core, network, flow_id, user_id)
    except InputError as why:
        return connect_page.show(connector, fault=connect_page.refusal(why)), 400
    try:
        cap = costs.cap_from(budget, request.form.get("cap", "")) if budget is not None else None
        row = sign_in.finish(core, flow, request.form.get("account", "")[:LONGEST_ID], cap, user_id)
    except (InputError, NetworkError) as why:
        return _choices(connector, flow, fault=connect_page.refusal(why)), 400
    return _connected(row, is_new=flow.connection_id is None)


def _offered(network: str) -> Connector:
    connector = connect_page.offered(network)
    if connector is None or not (connector.oauth or connector.manifest.app_fields):
        abort(404)
    return connector


def _go(connector: Connector, row: Connection | None) -> ResponseReturnValue:
    core, network = current.core(), connector.manifest.key
    back = apps.redirect_address(core.settings, network)
    try:
        address = sign_in.begin(core, network, current.user().id, row.id if row is not None else None, back)
    except InputError as why:
        return connect_page.show(connector, row=row, fault=connect_page.refusal(why)), 400
    return render_template("connect_going.html", manifest=connector.manifest, address=address)


def _tell_of_no(connector: Connector) -> None:
    label, error = connector.manifest.label, request.args.get("error", "")
    if error in SAID_NO:
        flash(
            gettext(
                "You said no at %(network)s, so nothing was changed. You can sign in at any time.", network=label
            ),
            "word",
        )
        return
    code = error if ERROR_CODE.fullmatch(error) else "–"
    fault = gettext(
        "%(network)s did not let you sign in (its word for it: %(code)s). Look at the app's rights and addresses.",
        network=label,
        code=code,
    )
    flash(fault, "fault")


def _back_to_the_page(network: str, row: Connection | None) -> ResponseReturnValue:
    """With what went wrong; the code in the address stays in no page and no history."""
    if row is not None and row.state != ConnectionState.REMOVED:
        return redirect(url_for("connections.reconnect", connection_id=row.public_id))
    return redirect(url_for("connections.connect", network=network))


def _connected(row: Connection, *, is_new: bool) -> ResponseReturnValue:
    return redirect(url_for("connections.show", connection_id=row.public_id, new=1 if is_new else None))


def _choices(connector: Connector, flow: sign_in.Returned, *, fault: str | None = None) -> str:
    """Cards to choose from. Where reading costs something, what is chosen is priced before it can be connected."""
    manifest = connector.manifest
    only = flow.choices[0].native_id if len(flow.choices) == 1 else None
    chosen = request.values.get("account", only)
    forecast: tuple[Forecast, ...] = ()
    doubt = None
    if manifest.budget is not None and chosen is not None:
        try:
            forecast = sign_in.forecast(current.core(), flow, chosen)
        except (InputError, NetworkError) as why:
            doubt = connect_page.refusal(why)
    return render_template(
        "connect_choose.html",
        manifest=manifest,
        flow=flow,
        chosen=chosen,
        taken=_taken(manifest.key),
        forecast=forecast,
        streams={stream.name: stream.label for stream in connector.streams}
        | {stream.name: stream.label for stream in connector.object_streams},
        doubt=doubt,
        fault=fault,
        costs=costs,
        rules=connect_page.RULES,
        guide=set_up_page(manifest.key, i18n.language.get()),
    )


def _taken(network: str) -> set[str]:
    """Accounts that are connected already."""
    with current.core().db.read() as db:
        return set(
            db.scalars(
                select(Connection.native_id).where(
                    Connection.network == network, Connection.state != ConnectionState.REMOVED.value
                )
            )
        )
