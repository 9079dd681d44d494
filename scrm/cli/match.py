"""Matches everything that is due, or everything there is, with several processes; may be stopped and go on."""

import os
import time
from multiprocessing import get_context

import click

from scrm.cli.display import Display
from scrm.cli.opening import open_for_command, open_prepared
from scrm.config import Settings
from scrm.i18n import _
from scrm.matching.backfill import key_all, left, mark_all, match_all
from scrm.matching.candidates import Share
from scrm.runtime import Core

LOOK_SECONDS = 1.0


@click.command(
    help=_("Match all profiles that are due, with several processes; stopped, it goes on when called again.")
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help=_("First make every contact and profile due, as after an update or with a new model."),
)
@click.option("--processes", type=click.IntRange(1, 64), help=_("How many processes; without it one per processor."))
def match(everything: bool, processes: int | None) -> None:
    core = open_for_command()
    display = Display()
    try:
        if everything:
            for marked in mark_all(core):
                display.counts(_("%(num)s contacts and profiles marked", num=marked))
        for _step in key_all(core):
            display.counts(_("%(num)s contacts to key", num=left(core).contacts))
        wanted = left(core).profiles
        _match(core, processes or os.cpu_count() or 1, display)
        core.wake("expand", None)
        display.say(_("%(done)s profiles matched, %(left)s are still due.", done=wanted, left=left(core).profiles))
    finally:
        display.close()
        core.db.close()


def _match(core: Core, processes: int, display: Display) -> None:
    if processes == 1:
        for _step in match_all(core):
            display.counts(_("%(num)s profiles to match", num=left(core).profiles))
        return
    context = get_context("spawn")  # a database handle must not cross a fork
    workers = [context.Process(target=work, args=(Share(part=part, parts=processes),)) for part in range(processes)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        display.counts(_("%(num)s profiles to match", num=left(core).profiles))
        time.sleep(LOOK_SECONDS)


def work(share: Share) -> None:
    """One process: match its share until nothing of it is due."""
    core = open_prepared(Settings.from_env())
    try:
        for _step in match_all(core, share):
            pass
    finally:
        core.db.close()
