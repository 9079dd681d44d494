"""Fills the demo: contacts as a CRM exports them, an app registered with every network, and most of them connected.

One is left for the visitor to connect. Runs once beside the rest.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy import select

from scrm.cli.opening import open_prepared, settings_for_service
from scrm.cli.processes import wait_until
from scrm.connectors.registry import connector_for, connectors
from scrm.errors import ScrmError
from scrm.ingest import apps, sign_in
from scrm.ingest.connections import connect, reconnect
from scrm.ingest.internal import PREFERENCE as INTERNAL
from scrm.jobs import waker
from scrm.models import Connection, ConnectionState, Preference, Role, User
from scrm.runtime import Core
from scrm.sandbox import visitor
from scrm.sandbox.cast import contacts_csv
from scrm.sync.imports import import_contacts

WAIT_SECONDS = 60.0
LEFT_TO_VISITORS = "youtube"


@click.command(hidden=True)
@click.option(
    "--access", type=click.Path(path_type=Path), required=True, help="file the sandbox writes the access to"
)
def seed(access: Path) -> None:
    settings = settings_for_service()
    core = open_prepared(settings, wake=waker(settings.redis))
    import_contacts(core.db, io.BytesIO(contacts_csv().encode()))
    core.wake("pull", None)
    if not wait_until(access.exists, WAIT_SECONDS):
        raise ScrmError("the sandbox did not say where it is")
    facts = json.loads(access.read_text(encoding="utf-8"))
    with core.db.write("demo.own_people") as session:
        own = {"domains": [], "profiles": facts["own_profiles"]}
        session.merge(Preference(name=INTERNAL, value=own, updated_at=core.db.clock.now()))
    for network in connectors():
        fake = network if network in facts["connections"] else network.partition("_")[0]
        app = facts["apps"].get(network)
        if app:
            apps.save(core, network, app, None)
        if fake in facts["connections"] and network != LEFT_TO_VISITORS:
            connect_to(core, network, facts["connections"][fake], _admin(core))
    core.db.close()


def connect_to(core: Core, network: str, form: Mapping[str, str], user_id: int) -> None:
    """Connect, or connect again where an earlier demo was kept: the sandbox gives new access at each start.

    Where the network offers it, by signing in there, as an admin would, on every account that may be chosen (each
    site of SharePoint, say); else by pasting the access.
    """
    with core.db.read() as session:
        known = session.scalars(
            select(Connection).where(Connection.network == network, Connection.state != ConnectionState.REMOVED.value)
        ).all()
    if connector_for(network).oauth is not None:
        for connection in known:
            _sign_in(core, network, user_id, connection)
        if not known:
            for choice in _sign_in(core, network, user_id)[1:]:
                _sign_in(core, network, user_id, choice=choice)
    elif known:
        reconnect(core, known[0].public_id, form, user_id)
    else:
        connect(core, network, form, user_id)


def _sign_in(
    core: Core, network: str, user_id: int, connection: Connection | None = None, choice: str | None = None
) -> list[str]:
    """Sign in on one account, the first that is offered unless another is named; returns what was offered."""
    back = f"{core.settings.base_url}/connections/sign-in/{network}"
    state, code = visitor.allow(sign_in.begin(core, network, user_id, connection.id if connection else None, back))
    flow = sign_in.redeem(core, network, state, code, user_id)
    offered = [one.native_id for one in flow.choices]
    asked = sign_in.choice_for(core, flow) if choice is None else choice
    sign_in.finish(core, flow, offered[0] if asked is None else asked, None, user_id)
    return offered


def _admin(core: Core) -> int:
    with core.db.read() as session:
        return session.scalars(select(User.id).where(User.role == Role.ADMIN.value)).first() or 0
