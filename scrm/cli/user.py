"""Adds people who may sign in, and gives them a link that works once."""

import dataclasses

import click

from scrm.cli import state_folder
from scrm.cli.opening import open_for_command
from scrm.config import Settings
from scrm.errors import InputError
from scrm.i18n import _
from scrm.models import AuditEntry, Role
from scrm.web.people import active_user, ensure_user, make_sign_in_link


@click.group(help=_("Add people who may sign in."))
def user() -> None:
    """Replaced by the translated help."""


@user.command(help=_("Add a person, or find the one with this address, and print a sign-in link that works once."))
@click.argument("name")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def add(name: str, email: str, role: str) -> None:
    if "@" not in email.strip("@"):
        raise InputError(_("EMAIL: expected an address like name@company.example"))
    core = open_for_command()
    with core.db.write("cli.add_user") as session:
        now = core.db.clock.now()
        person = ensure_user(session, name, email, Role(role), now)
        token = make_sign_in_link(session, person.id, now)
        is_other_role = person.role != role
    core.db.close()
    if is_other_role:
        click.echo(_("This person is here already, with another role; it was left as it is."), err=True)
    _print_link(core.settings, token)


@user.command(
    help=_(
        "Print a sign-in link that works once for somebody who is here; it works without a password or a directory."
    )
)
@click.argument("email")
def link(email: str) -> None:
    core = open_for_command()
    with core.db.write("cli.user_link") as session:
        now = core.db.clock.now()
        person = active_user(session, email)
        token = make_sign_in_link(session, person.id, now)
        about = f"user/{person.public_id}"
        session.add(AuditEntry(at=now, user_id=None, action="user.link_made", object=about, after={"how": "command"}))
    core.db.close()
    _print_link(core.settings, token)


def _print_link(settings: Settings, token: str) -> None:
    port = state_folder.noted_port(settings.state_dir) or settings.port
    click.echo(f"{dataclasses.replace(settings, port=port).base_url}/sign-in/{token}")
