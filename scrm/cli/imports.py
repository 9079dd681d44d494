"""Imports files from the command line: contacts as CSV or vCard, and the account archives that networks hand out."""

from pathlib import Path

import click

from scrm.cli.opening import open_for_command
from scrm.i18n import _

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
READABLE_OR_FOLDER = click.Path(exists=True, readable=True, path_type=Path)


def _progress(done: int) -> None:
    click.echo(f"\r{done}", nl=False, err=True)


@click.command(
    "import-contacts", help=_("Import contacts from a CSV or vCard file; says which rows it could not take.")
)
@click.argument("file", type=READABLE)
@click.option("--encoding", help=_("The file's encoding, when it is not recognized."))
def import_contacts(file: Path, encoding: str | None) -> None:
    from scrm.sync import imports  # noqa: PLC0415 - import-archive needs none of it

    core = open_for_command()
    report = imports.import_contacts(core.db, file, encoding=encoding, progress=_progress)
    core.wake("pull", None)
    core.db.close()
    click.echo("", err=True)
    for reject in (*report.rejected, *report.ignored):
        place = _("line %(line)s, %(column)s", line=reject.line, column=reject.column or "-")
        click.echo(f"{place}: {reject.reason}", err=True)
    click.echo(
        _(
            "%(created)s contacts new, %(updated)s changed, %(unchanged)s as they were, %(rejected)s rows not taken.",
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            rejected=len(report.rejected),
        )
    )


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


@click.command("import-grounds", help=_("Import purposes and legal grounds of profiles from a CSV file."))
@click.argument("file", type=READABLE)
def import_grounds(file: Path) -> None:
    from scrm.privacy import grounds_file  # noqa: PLC0415 - the others need none of it

    core = open_for_command()
    report = grounds_file.import_grounds(core, file)
    for kind in ("match", "expand"):
        core.wake(kind, None)
    core.db.close()
    for line, why in report.rejected:
        click.echo(f"{line}: {why}", err=True)
    click.echo(
        _(
            "%(recorded)s recorded, %(rejected)s rows not taken.",
            recorded=report.recorded,
            rejected=len(report.rejected),
        )
    )
