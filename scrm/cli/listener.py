"""The listener: follows change events of Salesforce, if that was chosen."""

import signal
import threading

import click

from scrm.cli import state_folder
from scrm.cli.opening import open_prepared, settings_for_service
from scrm.errors import InputError
from scrm.i18n import _
from scrm.jobs import waker
from scrm.runtime import open_core
from scrm.sync.change_events import NOT_INSTALLED, follow, is_installed


@click.command(help=_("Follow change events of Salesforce (see `scrm crm listen`). One is enough."))
def listener() -> None:
    if not is_installed():
        raise InputError(NOT_INSTALLED)
    settings = settings_for_service()
    state_folder.use(settings.state_dir)
    open_prepared(settings).db.close()
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda _number, _frame: stop.set())
    core = open_core(settings, wake=waker(settings.redis))
    follow(core, stop)
    core.db.close()
