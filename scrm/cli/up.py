"""`scrm up`: the whole product on embedded defaults, under one supervisor."""

import contextlib
import dataclasses
import os
from pathlib import Path

import click

import scrm
from scrm import logs
from scrm.cli import installation
from scrm.cli.display import Display
from scrm.cli.opening import open_prepared
from scrm.cli.supervisor import Supervisor
from scrm.config import Settings
from scrm.i18n import _
from scrm.web.auth import first_admin_link

START_SECONDS = 60.0
CODE = Path(scrm.__file__).parent


@click.command(help=_("Run the whole product here: web, workers and scheduler; database and Valkey included."))
@click.option("--reload", is_flag=True, help=_("Start again when the code changes."))
def up(reload: bool) -> None:
    settings = Settings.from_env()
    settings = dataclasses.replace(settings, state_dir=settings.state_dir.resolve())
    logs.configure(settings.log_level)
    os.umask(0o077)
    display = Display()
    with contextlib.closing(display), Supervisor(settings.state_dir, display.say) as supervisor:
        installation.prepare(supervisor, settings, display.say)
        settings = installation.run_all(supervisor, settings, display.say)
        supervisor.wait_for(lambda: installation.answers(settings), START_SECONDS, "web")
        if not supervisor.stopping:
            _greet(display, settings)
        seen = _newest() if reload else 0.0
        while not supervisor.stopping:
            supervisor.turn()
            if reload and (now := _newest()) != seen:
                seen = now
                supervisor.renew()
        display.say(_("Stopping"))


def _greet(display: Display, settings: Settings) -> None:
    where = {"address": settings.base_url, "folder": settings.state_dir / "log"}
    display.say(_("Ready: %(address)s (stop with Ctrl-C; logs in %(folder)s)", **where))
    core = open_prepared(settings)
    link = first_admin_link(core)
    core.db.close()
    if link is not None:
        display.say(
            _("Nobody has signed in yet. This link signs in the first admin, once: %(address)s", address=link)
        )


def _newest() -> float:
    """When the code was last changed; a file that goes away meanwhile does not count."""
    times = []
    for file in CODE.rglob("*.py"):
        with contextlib.suppress(OSError):
            times.append(file.stat().st_mtime)
    return max(times)
