"""What the CRM did not take: listed by kind with the cause, sent again, exported, decided."""

from pathlib import Path

import click

from scrm.cli.opening import open_for_command
from scrm.cli.plan import crm_of
from scrm.i18n import _, gettext, ngettext
from scrm.sync import faults
from scrm.sync.crm.base import Fault

SHOWN = 200
KIND = click.Choice([fault.value for fault in Fault])


@click.group(help=_("What the CRM did not take: see the cause, and send it again."), invoke_without_command=True)
@click.pass_context
def errors(ctx: click.Context) -> None:
    """Without a command of its own: the kinds."""
    if ctx.invoked_subcommand is not None:
        return
    core = open_for_command()
    with core.db.read() as session:
        kinds = faults.kinds(session, crm_of(core))
    core.db.close()
    for kind in kinds:
        cause = faults.CAUSES[kind.fault]
        click.echo(f"{kind.fault}  {kind.count}  {gettext(cause.name)}")
        click.echo(f"    {gettext(cause.why)}")
        click.echo(f"    {gettext(cause.fix)}")
    if not kinds:
        click.echo(_("Nothing. The CRM took all it was sent."))


@errors.command("list", help=_("List the entries of one kind."))
@click.argument("kind", type=KIND)
def list_entries(kind: str) -> None:
    core = open_for_command()
    after = 0
    with core.db.read() as session:
        while found := faults.lines(session, crm_of(core), Fault(kind), after=after, most=SHOWN):
            for line in found:
                words = gettext(line.entry.reason) if line.entry.reason else "–"
                click.echo(f"{line.entry.id}  {line.contact.native_id}  {line.about.native_id}  {words}")
            after = found[-1].entry.id
    core.db.close()


@errors.command(help=_("Send entries again: those with these numbers, all of one kind, or all."))
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1, type=int)
@click.option("--kind", type=KIND, help=_("All entries of this kind."))
@click.option("--all", "everything", is_flag=True, help=_("All entries that were set aside."))
def resync(numbers: tuple[int, ...], kind: str | None, everything: bool) -> None:
    if sum((bool(numbers), kind is not None, everything)) != 1:
        raise click.UsageError(_("Name numbers, or a kind, or --all."))
    core = open_for_command()
    only = list(numbers) if numbers else None
    count = faults.send_again(core, crm_of(core), fault=Fault(kind) if kind else None, only=only)
    core.wake("deliver", None)
    core.db.close()
    click.echo(ngettext("One entry is sent again.", "%(num)s entries are sent again.", count, num=count))


@errors.command(help=_("Withdraw a record from the CRM although somebody edited it there."))
@click.argument("number", type=int)
def remove(number: int) -> None:
    core = open_for_command()
    faults.remove_all_the_same(core, crm_of(core), number)
    core.wake("deliver", None)
    core.db.close()


@errors.command(help=_("Leave a record that somebody edited in the CRM to them."))
@click.argument("number", type=int)
def leave(number: int) -> None:
    core = open_for_command()
    faults.leave_it(core, crm_of(core), number)
    core.db.close()


@errors.command(help=_("Write everything that was set aside into a CSV file."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    core = open_for_command()
    with core.db.read() as session, file.open("w", encoding="utf-8-sig", newline="") as out:
        out.writelines(faults.as_csv(session, crm_of(core)))
    core.db.close()
