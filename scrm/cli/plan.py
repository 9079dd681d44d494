"""Plans what would be written into the CRM, shows it, and has exactly that done."""

import time
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import N_, _, gettext, ngettext
from scrm.models import Contact, PlanState, WritePlan
from scrm.privacy.requests import four_eyes
from scrm.runtime import Core
from scrm.sync import calls, plan_view
from scrm.sync import plan as plans
from scrm.sync.crm import active_crm, open_crm
from scrm.sync.outbox import may_write
from scrm.sync.plan_run import advance
from scrm.sync.timeline import expand_due

SHOWN = 50


@click.group(help=_("See what would be written into the CRM before it is, and approve exactly that."))
def plan() -> None:
    """Replaced by the translated help."""


@plan.command(help=_("Make a plan of everything that is waiting, or of one contact, by its id in the CRM."))
@click.option("--contact", "native_id", help=_("Id of the contact in the CRM."))
def make(native_id: str | None) -> None:
    core = open_for_command()
    crm = open_crm(core, crm_of(core))
    while expand_due(core):
        pass
    with core.db.write("cli.plan_make") as session:
        contact_id = _contact(session, native_id) if native_id else None
        row = plans.order(session, active_crm(session), core.db.clock.now(), contact_id=contact_id)
    while _get(core, row.public_id).state == PlanState.MAKING:
        if not advance(core, crm):  # a worker is at it, too
            if not may_write(core, crm_of(core)):
                raise InputError(N_("The CRM does not answer. The plan is made as soon as it does."))
            time.sleep(0.2)
    _print(core, _get(core, row.public_id))
    core.db.close()


@plan.command("list", help=_("List the plans, the newest first."))
def list_plans() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(select(WritePlan).order_by(WritePlan.id.desc()).limit(SHOWN)).all()
    core.db.close()
    for row in rows:
        state = gettext(plan_view.STATES[PlanState(row.state)])
        click.echo(f"{row.public_id}  {row.created_at:%Y-%m-%d %H:%M} UTC  {state}")


@plan.command(help=_("Show a plan: every step with what would change. PLAN: its id."))
@click.argument("plan_id", metavar="PLAN", type=click.UUID)
def show(plan_id: UUID) -> None:
    core = open_for_command()
    row = _get(core, plan_id)
    _print(core, row)
    after = 0
    with core.db.read() as session:
        while found := plan_view.lines(session, row, after=after, most=SHOWN):
            for line in found:
                _print_line(line)
            after = found[-1].step.id
    core.db.close()


@plan.command(help=_("Have exactly this plan written. What is not as planned any more is left and reported."))
@click.argument("plan_id", metavar="PLAN", type=click.UUID)
def approve(plan_id: UUID) -> None:
    core = open_for_command()
    with core.db.write("cli.plan_approve") as session:
        plans.approve(session, plan_id, core.db.clock.now(), four_eyes=four_eyes(session))
    core.wake("plan", None)
    core.db.close()
    click.echo(_("It is being carried out; `scrm plan show` says how far it is."))


@plan.command(help=_("Discard a plan; what was written of it stays."))
@click.argument("plan_id", metavar="PLAN", type=click.UUID)
def discard(plan_id: UUID) -> None:
    core = open_for_command()
    with core.db.write("cli.plan_discard") as session:
        plans.discard(session, plan_id, core.db.clock.now())
    core.db.close()


@plan.command("only-approved", help=_("on: only approved plans are written. off: everything is, by itself."))
@click.argument("switch", type=click.Choice(["on", "off"]))
def only_approved(switch: str) -> None:
    core = open_for_command()
    with core.db.write("cli.plan_only_approved") as session:
        plans.write_only_plans(session, active_crm(session), core.db.clock.now(), is_planned=switch == "on")
    core.wake("deliver", None)
    core.db.close()


@plan.command(help=_("What is waiting for the CRM, and how many calls it takes."))
def forecast() -> None:
    core = open_for_command()
    about = open_crm(core, crm_of(core)).describe()
    with core.db.read() as session:
        found = calls.forecast(session, about, core.settings.crm_reserve_percent)
    core.db.close()
    click.echo(_("To be written: %(num)s", num=found.writes))
    click.echo(_("To be withdrawn: %(num)s", num=found.withdrawals))
    click.echo(_("Calls needed: %(num)s", num=found.calls))
    if found.left is None:
        click.echo(_("The CRM sets no limit."))
    else:
        click.echo(_("Calls left for us: %(num)s", num=found.left))
    if found.is_short:
        click.echo(_("That is not enough: customers and what is new go first, the rest when calls are left again."))


def crm_of(core: Core) -> str:
    """Which CRM people look at."""
    with core.db.read() as session:
        return active_crm(session)


def _contact(session: Session, native_id: str) -> int:
    query = select(Contact.id).where(Contact.crm_id == active_crm(session), Contact.native_id == native_id)
    found = session.scalar(query)
    if found is None:
        raise InputError(N_("There is no contact with this id."))
    return found


def _get(core: Core, plan_id: UUID) -> WritePlan:
    with core.db.read() as session:
        row = session.scalars(select(WritePlan).where(WritePlan.public_id == plan_id)).one_or_none()
    if row is None:
        raise InputError(N_("There is no such plan."))
    return row


def _print(core: Core, row: WritePlan) -> None:
    click.echo(f"{row.public_id}  {gettext(plan_view.STATES[PlanState(row.state)])}")
    with core.db.read() as session:
        for tally in plan_view.tallies(session, row.id):
            words = [gettext(plan_view.ACTIONS[tally.action]) + f": {tally.steps}"]
            for result, count in zip(plan_view.RESULTS, (tally.done, tally.changed, tally.refused), strict=True):
                words += [gettext(plan_view.RESULTS[result]) + f": {count}"] if count else []
            click.echo("  " + "; ".join(words))
    click.echo("  " + ngettext("One call to the CRM", "%(num)s calls to the CRM", row.calls, num=row.calls))


def _print_line(line: plan_view.Line) -> None:
    step = line.step
    head = [gettext(plan_view.ACTIONS[step.action]), line.contact.full_name, line.about.native_id]  # type: ignore[index]
    if step.reason:
        head.append(gettext(step.reason))
    if step.result:
        head.append(gettext(plan_view.RESULTS[step.result]))  # type: ignore[index]
    click.echo(" | ".join(head))
    for name, before, after in plan_view.diff(step):
        click.echo(f"    {name}: {_short(before)} → {_short(after)}")


def _short(value: object) -> str:
    text = "–" if value is None else " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
