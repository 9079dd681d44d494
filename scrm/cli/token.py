"""Tokens for the API: made and revoked."""

from uuid import UUID

import click
from sqlalchemy import select

from scrm.cli.opening import open_for_command
from scrm.i18n import _
from scrm.models import ApiToken, Role
from scrm.web.api.tokens import Scope, make_token, revoke


@click.group(help=_("Let other systems call the API."))
def token() -> None:
    """Replaced by the translated help."""


@token.command(help=_("Make a token and print it, this once. It sees what ROLE sees and may do what the SCOPES say."))
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("scopes", nargs=-1, required=True, type=click.Choice([scope.value for scope in Scope]))
def add(name: str, role: str, scopes: tuple[str, ...]) -> None:
    core = open_for_command()
    with core.db.write("cli.token_add") as session:
        made = make_token(session, name, Role(role), [Scope(one) for one in scopes], core.db.clock.now())
    core.db.close()
    click.echo(made)


@token.command("list", help=_("List tokens with what they may do and when they were last used."))
def list_() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(select(ApiToken).order_by(ApiToken.id)).all()
    core.db.close()
    for row in rows:
        used = f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "–"
        state = _("revoked") if row.revoked_at else used
        click.echo(f"{row.public_id}  {row.name}  {row.role}  {' '.join(row.scopes)}  {state}")


@token.command("revoke", help=_("End a token at once. TOKEN: the id that `list` shows."))
@click.argument("token_id", metavar="TOKEN", type=click.UUID)
def revoke_(token_id: UUID) -> None:
    core = open_for_command()
    with core.db.write("cli.token_revoke") as session:
        revoke(session, token_id, core.db.clock.now())
    core.db.close()
