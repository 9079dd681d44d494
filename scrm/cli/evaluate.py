"""Measures how good matching is: on a labeled set, or on the judgments of this installation."""

from pathlib import Path

import click

from scrm.i18n import _
from scrm.matching.evaluate import Quality

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(
    help=_(
        "Measure matching. FOLDER: contacts.csv.gz, profiles.jsonl.gz and truth.csv.gz; without one, the judgments "
        "of this installation."
    )
)
@click.argument("folder", type=FOLDER, required=False)
@click.option("--model", "model_file", type=READABLE, help=_("The model as JSON; else that in force."))
@click.option("--against", type=READABLE, help=_("A former model as JSON: count the profiles treated differently."))
@click.option("--judgments", type=READABLE, help=_("Judgments to learn from, as CSV; they are not counted."))
def evaluate(folder: Path | None, model_file: Path | None, against: Path | None, judgments: Path | None) -> None:
    if folder is None:
        _own(model_file)
        return
    from scrm.matching.evaluate import changed, load_labeled, measure  # noqa: PLC0415 - slow to load
    from scrm.matching.files import People, read_judgments, read_people  # noqa: PLC0415
    from scrm.matching.model import SHIPPED, from_json  # noqa: PLC0415
    from scrm.matching.whole import Whole  # noqa: PLC0415

    model = from_json(model_file.read_text(encoding="utf-8")) if model_file else SHIPPED
    labeled = load_labeled(folder)

    def leave_out(_path: Path, _line: int, _reason: str) -> None:
        return None

    given = []
    if judgments:
        people: People = read_people(folder / "contacts.csv.gz", folder / "profiles.jsonl.gz", leave_out)
        given = read_judgments(judgments, people, leave_out)
    judged = {row.profile_id for row in given}
    _learned, matches = Whole(labeled.contacts, labeled.profiles, given).match(model)
    write_quality(measure(labeled.truth, [row for row in matches if row.profile_id not in judged]))
    if against:
        former = from_json(against.read_text(encoding="utf-8"))
        _former, before = Whole(labeled.contacts, labeled.profiles, given).match(former)
        click.echo(_("%(changed)s profiles are treated differently.", changed=len(changed(before, matches))))


def _own(model_file: Path | None) -> None:
    from scrm.cli.opening import open_for_command  # noqa: PLC0415 - a labeled set needs no installation
    from scrm.matching.load import active_model  # noqa: PLC0415
    from scrm.matching.model import SHIPPED, from_json  # noqa: PLC0415
    from scrm.matching.versions import measure_own  # noqa: PLC0415

    core = open_for_command()
    with core.db.read() as session:
        found = active_model(session)
        model = from_json(model_file.read_text(encoding="utf-8")) if model_file else (found[1] if found else SHIPPED)
        quality = measure_own(session, model)
    core.db.close()
    write_quality(quality)


def write_quality(quality: Quality) -> None:
    """Print the figures, shares in per cent."""
    rows = (
        (_("profiles"), f"{quality.profiles}"),
        (_("of them among the contacts"), f"{quality.matchable}"),
        (_("right contact among those shown"), _share(quality.found_in_five)),
        (_("precision, recall, F1 at the best threshold"), _shares(quality.precision, quality.recall, quality.f1)),
        (_("recall at precision 0.99 and 0.995"), _shares(quality.recall_at_99, quality.recall_at_995)),
        (_("automatic links: precision, share found"), _shares(quality.auto_precision, quality.auto_recall)),
        (_("profiles to review"), _share(quality.queue_share)),
        (_("calibration error"), f"{quality.calibration_error:.3f}"),
    )
    for name, value in rows:
        click.echo(f"  {name:<46} {value}")
    for each in quality.curve:
        click.echo(f"    {each.expected:6.3f} -> {each.right:6.3f}  ({each.profiles})")


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _shares(*values: float) -> str:
    return ", ".join(_share(value) for value in values)
