"""`scrm doctor`: what is wrong with an installation, in plain words; exit code 1 when something must be mended."""

import sys
from collections.abc import Callable, Iterator

import click

from scrm.cli import examine, examine_networks, examine_services
from scrm.cli.findings import Finding, Grade
from scrm.config import Settings
from scrm.i18n import _

EXAMINERS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    examine.python,
    examine.sqlite,
    examine.state_folder,
    examine.file_system,
    examine.key_ring,
    examine.disk,
    examine.addresses,
    examine_services.database,
    examine_services.redis,
    examine_services.processes,
    examine_networks.versions,
)


@click.command(help=_("Say what is wrong with this installation."))
def doctor() -> None:
    settings = Settings.from_env()
    words = {Grade.GOOD: _("good"), Grade.WARN: _("look"), Grade.MEND: _("mend")}
    worst = Grade.GOOD
    for examiner in EXAMINERS:
        for finding in examiner(settings):
            click.echo(f"{words[finding.grade]:5} {finding.text}")
            worst = Grade.MEND if Grade.MEND in {worst, finding.grade} else worst
    sys.exit(1 if worst is Grade.MEND else 0)
