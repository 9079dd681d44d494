"""Lists the points at which tests kill processes."""

from pathlib import Path

import click

import scrm
from scrm.failpoints import enumerate_failpoints
from scrm.i18n import _, ngettext


@click.command(help=_("List every point at which a test may kill a process (for developers)."))
def failpoints() -> None:
    found = enumerate_failpoints(Path(scrm.__file__).parent)
    for name, place in sorted(found.items()):
        click.echo(f"{name}  {place}")
    click.echo(ngettext("%(num)s failpoint", "%(num)s failpoints", len(found)))
