"""Learns a new version of the match model from judgments, shows the versions, and says which is in force."""

import json

import click
from sqlalchemy import select

from scrm.cli.evaluate import write_quality
from scrm.cli.opening import open_for_command
from scrm.i18n import _
from scrm.models import AuditEntry, MatchModelRow

FOLLOWED, REFUSED = "model.followed", "model.not_followed"  # as scrm.matching.follow notes them
TRIED = (FOLLOWED, REFUSED)


@click.group(help=_("Learn how contacts are recognized from your judgments, and choose what is in force."))
def model() -> None:
    """Replaced by the translated help."""


@model.command(help=_("Learn a new version and compare it with the one in force. It is not used until you say so."))
@click.option("--at-least", default=20, show_default=True, help=_("With fewer judgments nothing is learned."))
def learn(at_least: int) -> None:
    from scrm.matching.versions import learn_version  # noqa: PLC0415 - the other commands need none of it

    core = open_for_command()
    model_id, comparison = learn_version(core, fewest=at_least)
    core.db.close()
    click.echo(_("In force now:"))
    write_quality(comparison.before)
    click.echo(_("Version %(id)s, each profile by what was learned from the others:", id=model_id))
    write_quality(comparison.after)
    click.echo(
        _(
            "%(changed)s of %(judged)s judged profiles would be treated differently.",
            changed=comparison.changed,
            judged=comparison.judged,
        )
    )
    click.echo(_("Use it: scrm model use %(id)s, then scrm match --all", id=model_id))


@model.command("list", help=_("List the versions, the one in force marked with a star."))
def list_() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(select(MatchModelRow).order_by(MatchModelRow.id)).all()
        compared = {
            row.object: row for row in session.scalars(select(AuditEntry).where(AuditEntry.action.in_(TRIED)))
        }
    core.db.close()
    used = [row for row in rows if row.activated_at is not None]
    newest = max(used, key=lambda row: (row.activated_at, row.id), default=None)
    for row in rows:
        click.echo(f"{'*' if row is newest else ' '} {row.id}  {row.name}  {row.created_at:%Y-%m-%d %H:%M} UTC")
        if (entry := compared.get(f"match_model/{row.id}")) is not None:
            click.echo(f"     {_told(entry)}")


def _told(entry: AuditEntry) -> str:
    """How the weights that came with an update did on the installation's own judgments."""
    before, after = entry.before or {}, entry.after or {}
    if not after.get("judged"):
        return _("Came with an update, followed %(name)s; nothing was judged to compare by.", name=before["name"])
    said = (
        _("Came with an update, followed %(name)s: F1 %(after)s, before %(before)s, on %(judged)s judged profiles.")
        if entry.action == FOLLOWED
        else _("Came with an update, is not used: F1 %(after)s, %(name)s %(before)s, on %(judged)s judged profiles.")
    )
    return said % {"name": before["name"], "before": before["f1"], "after": after["f1"], "judged": after["judged"]}


@model.command(help=_("Put a version in force; a former one takes the newer back. NUMBER: as `list` shows it."))
@click.argument("number", type=int)
def use(number: int) -> None:
    from scrm.matching.versions import use_version  # noqa: PLC0415 - the other commands need none of it

    core = open_for_command()
    with core.db.write("matching.use_version") as session:
        name = use_version(session, core.db.clock.now(), number).name
    core.db.close()
    click.echo(_("In force: %(name)s. What was linked stays; scrm match --all looks at the rest again.", name=name))


@model.command(help=_("Print a version as JSON. NUMBER: as `list` shows it."))
@click.argument("number", type=int)
def show(number: int) -> None:
    core = open_for_command()
    with core.db.read() as session:
        row = session.get(MatchModelRow, number)
    core.db.close()
    if row is not None:
        click.echo(json.dumps(row.body, indent=1, sort_keys=True))
