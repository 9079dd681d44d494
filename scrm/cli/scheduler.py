"""The scheduler: finds what is due and wakes workers for it."""

import signal
import threading

import click

from scrm.cli import state_folder
from scrm.cli.opening import open_prepared, settings_for_service
from scrm.i18n import _
from scrm.schedule import run


@click.command(help=_("Find what is due and wake workers for it. One is enough; several do no harm."))
def scheduler() -> None:
    settings = settings_for_service()
    state_folder.use(settings.state_dir)
    open_prepared(settings).db.close()
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda _number, _frame: stop.set())
    run(settings, stop)
