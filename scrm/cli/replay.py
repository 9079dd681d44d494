"""Translates the stored raw records of a connection again, after a connector was mended."""

import uuid

import click
from sqlalchemy import select

from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import _, ngettext
from scrm.ingest.replay import replay as replay_raw
from scrm.models import Connection
from scrm.runtime import Core


@click.command(help=_("Translate the stored raw records of a connection again. CONNECTION: its id or its name."))
@click.argument("connection")
def replay(connection: str) -> None:
    core = open_for_command()
    left = replay_raw(core, _find(core, connection), lambda done: click.echo(f"\r{done}", nl=False, err=True))
    click.echo("", err=True)
    core.wake("match", None)
    core.wake("expand", None)
    core.db.close()
    click.echo(ngettext("%(num)s record could not be read.", "%(num)s records could not be read.", left))


def _find(core: Core, wanted: str) -> int:
    """A connection by number, by public id as in its page's address, or by the name it shows."""
    with core.db.read() as session:
        rows = session.execute(select(Connection.id, Connection.public_id, Connection.label)).all()
    for row_id, public_id, label in rows:
        if wanted in {str(row_id), label, label.removeprefix("@")} or _as_uuid(wanted) == public_id:
            return row_id
    raise InputError(_("CONNECTION: there is no such connection; its page in the browser shows its name."))


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
