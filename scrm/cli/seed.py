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
from scrm.connectors.registry import connectors
from scrm.errors import ScrmError
from scrm.ingest import apps
from scrm.ingest.connections import connect, reconnect
from scrm.ingest.internal import PREFERENCE as INTERNAL
from scrm.jobs import waker
from scrm.models import Connection, ConnectionState, Preference, Role, User
from scrm.runtime import Core
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
        app = facts["apps"].get(fake)
        if app:
            apps.save(core, network, app, None)
        if fake in facts["connections"] and network != LEFT_TO_VISITORS:
            _connect(core, network, facts["connections"][fake])
    core.db.close()


def _connect(core: Core, network: str, form: Mapping[str, str]) -> None:
    """Connect, or sign in again where an earlier demo was kept: the sandbox gives new tokens at each start."""
    with core.db.read() as session:
        admin_id = session.scalars(select(User.id).where(User.role == Role.ADMIN.value)).first()
        known = session.scalars(
            select(Connection.public_id).where(
                Connection.network == network, Connection.state != ConnectionState.REMOVED.value
            )
        ).first()
    if known is None:
        connect(core, network, form, admin_id)
    else:
        reconnect(core, known, form, admin_id)
