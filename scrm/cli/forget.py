"""Forgets people, and shows how far that is and what was done: the certificate."""

import json
from uuid import UUID

import click

from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import _, gettext
from scrm.models import Forgetting, Origin
from scrm.privacy.forget import forget_due
from scrm.privacy.requests import Who, find, four_eyes, is_late, listed, request

SHOWN = 100


@click.group(help=_("Forget a person everywhere; list requests, show their certificates."))
def forget() -> None:
    """Replaced by the translated help."""


@forget.command(help=_("Forget whoever is named by ONE of the options. A page of scrm shows the ids in its address."))
@click.option("--contact", type=click.UUID, help=_("Id of a contact: with all profiles linked to it."))
@click.option("--profile", type=click.UUID, help=_("Id of a profile: it alone."))
@click.option("--email", help=_("An address, known here or not."))
@click.option("--account", help=_("Network and the account's id there, as network:id, known here or not."))
@click.option("--reference", default="", help=_("Your own number for it; no name."))
def person(
    contact: UUID | None, profile: UUID | None, email: str | None, account: str | None, reference: str
) -> None:
    if sum(one is not None for one in (contact, profile, email, account)) != 1:
        raise InputError(_("Name the person by exactly one option."))
    network, _colon, native_id = (account or "").partition(":")
    who = Who(contact=contact, profile=profile, email=email, account=(network, native_id) if account else None)
    core = open_for_command()
    with core.db.write("cli.forget") as session:
        row = request(session, who, core.db.clock.now(), Origin.COMMAND, reference=reference)
        waits = four_eyes(session)
    if not waits:
        while forget_due(core):
            pass
        core.wake("forget", None)
    with core.db.read() as session:
        _show(find(session, row.public_id))
    core.db.close()
    if waits:
        click.echo(_("It waits for the approval of an admin: CRM, Forgotten people."), err=True)


@forget.command("list", help=_("List requests, the newest first."))
def list_() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = listed(session, SHOWN)
    now = core.db.clock.now()
    core.db.close()
    for row in rows:
        late = _("late") if is_late(row, now) else ""
        click.echo(
            f"{row.public_id}  {row.asked_at:%Y-%m-%d %H:%M} UTC  {row.state}  {row.reference}  {late}".rstrip()
        )


@forget.command(help=_("Show what was done for a request: places, numbers, times. ID: as `list` shows it."))
@click.argument("request_id", metavar="ID", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help=_("As JSON."))
def show(request_id: UUID, as_json: bool) -> None:
    core = open_for_command()
    with core.db.read() as session:
        row = find(session, request_id)
    core.db.close()
    if as_json:
        click.echo(json.dumps({"id": str(row.public_id), "state": row.state, "places": row.places}, indent=1))
    else:
        _show(row)


def _show(row: Forgetting) -> None:
    click.echo(f"{row.public_id}  {row.state}")
    for one in row.places:
        click.echo(f"  {one['at'][:16]}  {one['count']:>6}  {gettext(one['place'])}")
