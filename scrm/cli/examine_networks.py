"""Examines what networks announced: versions of their APIs that end."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from scrm import migrations
from scrm.cli.findings import Finding, mend, warn
from scrm.config import Settings
from scrm.connectors.registry import connector_for, connectors
from scrm.errors import ConfigError, SealError
from scrm.i18n import _
from scrm.ingest.versions import VersionEnd, version_end
from scrm.models import Connection, ConnectionState
from scrm.runtime import Core, open_core


def versions(settings: Settings) -> Iterator[Finding]:
    """Connected networks whose API ends soon in the version that we speak; nothing to say about the others."""
    if not settings.keys and not (settings.state_dir / "keys").exists():
        return  # nothing can be sealed yet, and looking must not make keys
    try:
        if not migrations.is_current(settings.database):
            return  # said elsewhere
        core = open_core(settings)
    except (ConfigError, SQLAlchemyError):
        return  # as above
    try:
        yield from _examine(core)
    finally:
        core.db.close()


def _examine(core: Core) -> Iterator[Finding]:
    with core.db.read() as session:
        found = session.scalars(
            select(Connection.network)
            .where(Connection.state != ConnectionState.REMOVED.value)
            .distinct()
            .order_by(Connection.network)
        ).all()
    for network in found:
        if network not in connectors():
            continue
        label = connector_for(network).manifest.label
        try:
            end = version_end(core, network, core.db.clock.now().date())
        except SealError:
            yield mend(_("The app registered with %(network)s cannot be opened with our keys", network=label))
            continue
        if end is not None:
            yield _say(label, end)


def _say(label: str, end: VersionEnd) -> Finding:
    if end.has_ended:
        return mend(
            _(
                "%(network)s ended version %(name)s of its API on %(date)s; choose a newer one for the app",
                network=label,
                name=end.name,
                date=end.ends_on.isoformat(),
            )
        )
    return warn(
        _(
            "%(network)s serves version %(name)s of its API until %(date)s; choose a newer one for the app",
            network=label,
            name=end.name,
            date=end.ends_on.isoformat(),
        )
    )
