"""`scrm up`: the whole product on embedded defaults, under one supervisor."""

import dataclasses
import os

import click

from scrm import logs
from scrm.cli import installation
from scrm.cli.supervisor import Supervisor
from scrm.config import Settings
from scrm.i18n import _

START_SECONDS = 60.0


@click.command(help=_("Run the whole product here: web, workers and scheduler; database and Valkey included."))
def up() -> None:
    settings = Settings.from_env()
    settings = dataclasses.replace(settings, state_dir=settings.state_dir.resolve())
    logs.configure(settings.log_level)
    os.umask(0o077)
    with Supervisor(settings.state_dir, click.echo) as supervisor:
        installation.prepare(supervisor, settings, click.echo)
        settings = installation.run_all(supervisor, settings, click.echo)
        supervisor.wait_for(lambda: installation.answers(settings), START_SECONDS, "web")
        if not supervisor.stopping:
            click.echo(_("Ready: %(address)s (stop with Ctrl-C; logs in %(folder)s)", **_where(settings)))
            click.echo(_("First time here? `scrm user add NAME EMAIL admin` prints a sign-in link."))
        while not supervisor.stopping:
            supervisor.turn()
        click.echo(_("Stopping"))


def _where(settings: Settings) -> dict[str, object]:
    return {"address": settings.base_url, "folder": settings.state_dir / "log"}
