"""Imports files from the command line: contacts as CSV or vCard, and the account archives that networks hand out."""

from pathlib import Path

import click

from scrm.cli.opening import open_for_command
from scrm.i18n import _

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
READABLE_OR_FOLDER = click.Path(exists=True, readable=True, path_type=Path)


def _progress(done: int) -> None:
    click.echo(f"\r{done}", nl=False, err=True)


@click.command("import-archive", help=_("Read an account archive that a network handed out (Takeout, outbox, CAR)."))
@click.argument("file", type=READABLE_OR_FOLDER)
def import_archive(file: Path) -> None:
    from scrm.ingest import archives  # noqa: PLC0415 - import-contacts needs none of it

    core = open_for_command()
    report = archives.import_archive(core, file, _progress)
    core.db.close()
    click.echo("", err=True)
    click.echo(
        _(
            "%(items)s items read, %(new)s of them new, %(bad)s could not be read.",
            items=report.items,
            new=report.new,
            bad=report.quarantined,
        )
    )
