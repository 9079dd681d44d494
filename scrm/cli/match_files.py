"""Matches the profiles of one file with the contacts of another, without an installation."""

import csv
from collections.abc import Iterable
from pathlib import Path

import click

from scrm.i18n import _

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
SHOWN = 20
COLUMNS = ("network", "native_id", "contact_id", "probability", "decision", "evidence")


@click.command(
    "match-files",
    help=_("Match the profiles of a file with the contacts of another, and write what the engine would do."),
)
@click.option("--contacts", required=True, type=READABLE, help=_("Contacts as CSV, gzipped or not."))
@click.option("--profiles", required=True, type=READABLE, help=_("Profiles, one JSON object a line, gzipped or not."))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("Where the matches go, as CSV.")
)
@click.option("--judgments", type=READABLE, help=_("Judgments to learn from, as CSV."))
def match_files(contacts: Path, profiles: Path, out: Path, judgments: Path | None) -> None:
    from scrm.matching.files import read_judgments, read_people  # noqa: PLC0415 - quick when only help is asked for
    from scrm.matching.model import SHIPPED  # noqa: PLC0415
    from scrm.matching.whole import Whole  # noqa: PLC0415

    click.echo(_("The engine alone: no terms of any network are applied here."), err=True)
    faults = _Faults()
    people = read_people(contacts, profiles, faults.report)
    judged = read_judgments(judgments, people, faults.report) if judgments else []
    _model, matches = Whole(people.contacts, people.profiles, judged).match(SHIPPED)
    native = {row.profile_id: row.native_id for row in people.profiles}
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in matches:
            writer.writerow(
                (
                    people.networks[row.profile_id],
                    native[row.profile_id],
                    people.contact_ids[row.contact_id] if row.contact_id is not None else "",
                    f"{row.probability:.6f}",
                    row.action.value,
                    _evidence(row.evidence),
                )
            )
    faults.summarize()
    click.echo(
        _(
            "%(profiles)s profiles, %(contacts)s contacts, %(judgments)s judgments; %(links)s linked.",
            profiles=len(people.profiles),
            contacts=len(people.contacts),
            judgments=len(judged),
            links=sum(row.action.value == "link" for row in matches),
        ),
        err=True,
    )


def _evidence(rows: Iterable[tuple[str, float]]) -> str:
    return "; ".join(f"{name} {bits:+.1f}" for name, bits in rows)


class _Faults:
    """Rows left out: the first are told one by one, all are counted."""

    def __init__(self) -> None:
        self._count = 0

    def report(self, path: Path, line: int, reason: str) -> None:
        self._count += 1
        if self._count <= SHOWN:
            click.echo(f"{path.name}:{line}: {reason}", err=True)

    def summarize(self) -> None:
        if self._count:
            click.echo(_("%(count)s rows could not be used.", count=self._count), err=True)
