"""Tokens for the API: made and revoked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
from sqlalchemy import select

from scrm.cli.opening import open_for_command
from scrm.i18n import _
from scrm.models import ApiToken, Role, User
from scrm.web.api.tokens import Scope, Wish, make_token, revoke
from scrm.web.people import active_user


@click.group(help=_("Let other systems call the API."))
def token() -> None:
    """Replaced by the translated help."""


@token.command(help=_("Make a token and print it, this once. It sees what ROLE sees and may do what the SCOPES say."))
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("scopes", nargs=-1, required=True, type=click.Choice([scope.value for scope in Scope]))
@click.option(
    "--user", "email", help=_("Whose it is, by e-mail address: it ends with them and undoes what they may.")
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=_("Its last day, in UTC."))
def add(name: str, role: str, scopes: tuple[str, ...], email: str | None, until: datetime | None) -> None:
    expires_at = until.replace(tzinfo=UTC) + timedelta(days=1) if until else None
    chosen = [Scope(one) for one in scopes]
    core = open_for_command()
    with core.db.write("cli.token_add") as session:
        owner = active_user(session, email) if email else None
        wish = Wish(name=name, role=Role(role), scopes=chosen, owner=owner, expires_at=expires_at)
        made = make_token(session, wish, core.db.clock.now())
    core.db.close()
    click.echo(made)


@token.command("list", help=_("List tokens with what they may do and when they were last used."))
def list_() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(select(ApiToken).order_by(ApiToken.id)).all()
        owners = {row.id: row.email for row in session.scalars(select(User))}
    core.db.close()
    for row in rows:
        used = f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "–"
        state = _("revoked") if row.revoked_at else used
        ends = f"{row.expires_at:%Y-%m-%d %H:%M} UTC" if row.expires_at else ""
        until = "  " + _("until %(when)s", when=ends) if ends else ""
        whose = f"  {owners[row.user_id]}" if row.user_id else ""
        click.echo(f"{row.public_id}  {row.name}  {row.role}  {' '.join(row.scopes)}{whose}{until}  {state}")


@token.command("revoke", help=_("End a token at once. TOKEN: the id that `list` shows."))
@click.argument("token_id", metavar="TOKEN", type=click.UUID)
def revoke_(token_id: UUID) -> None:
    core = open_for_command()
    with core.db.write("cli.token_revoke") as session:
        revoke(session, token_id, core.db.clock.now())
    core.db.close()
