"""Bring the database up to date, or write a migration for what the models say now."""

import click

from scrm import migrations
from scrm.cli import state_folder
from scrm.config import Settings
from scrm.i18n import _


@click.command(help=_("Bring the database up to date. Harmless to repeat."))
@click.option("--write", "message", help=_("Write a migration with this name instead (for developers)."))
@click.option("--kind", type=click.Choice(["pre", "post"]), default="pre", help=_("Before or after a deployment."))
def migrate(message: str | None, kind: str) -> None:
    settings = Settings.from_env()
    state_folder.make(settings.state_dir)
    migrations.upgrade(settings.database)
    if message:
        click.echo(_("Written: %(file)s", file=migrations.write_revision(message, kind, settings.database).name))
    else:
        click.echo(_("The database is up to date."))
