"""Addresses of others that are called when something happens: made, changed, and told again what they missed."""

from datetime import UTC, datetime
from uuid import UUID

import click
from sqlalchemy import select

from scrm.cli.opening import open_for_command
from scrm.connectors.registry import connectors
from scrm.i18n import _, gettext
from scrm.models import Announcement, Hook, HookEvent
from scrm.sync import hooks

SHOWN = 50


@click.group(help=_("Tell other systems what happens here, by signed webhooks."))
def out() -> None:
    """Replaced by the translated help."""


@out.command(help=_("Have ADDRESS told of EVENTS (none named: of all) and print the secret that signs, this once."))
@click.argument("name")
@click.argument("address")
@click.argument("events", nargs=-1, type=click.Choice([event.value for event in hooks.SUBSCRIBABLE]))
@click.option("--network", "networks", multiple=True, help=_("Only what happens there; may be given several times."))
def add(name: str, address: str, events: tuple[str, ...], networks: tuple[str, ...]) -> None:
    unknown = set(networks) - set(connectors())
    if unknown:
        raise click.BadParameter(", ".join(sorted(unknown)), param_hint="--network")
    wanted = [HookEvent(event) for event in events] or list(hooks.SUBSCRIBABLE)
    core = open_for_command()
    with core.db.write("cli.hook_add") as session:
        wish = hooks.Wish(name=name, address=address, events=wanted, networks=networks)
        secret = hooks.make_hook(session, core, wish)[1]
    core.db.close()
    click.echo(secret)


@out.command("list", help=_("List webhooks: what they are told, and how they are."))
def list_() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(select(Hook).order_by(Hook.name)).all()
    core.db.close()
    for row in rows:
        last = f"{row.answered_at:%Y-%m-%d %H:%M} UTC" if row.answered_at else "–"
        where = f"  {' '.join(row.networks)}" if row.networks else ""
        click.echo(f"{row.name}  {row.state}  {row.address}  {' '.join(row.events)}{where}  {last}")


@out.command(help=_("Give a webhook a new secret; for another 24 hours we sign with the old one too."))
@click.argument("name")
def rotate(name: str) -> None:
    core = open_for_command()
    with core.db.write("cli.hook_rotate") as session:
        secret = hooks.rotate_hook(session, core.vault, hooks.find_hook(session, name), core.db.clock.now())
    core.db.close()
    click.echo(secret)


@out.command(help=_("Call a webhook no longer; what happens meanwhile waits, 30 days at most."))
@click.argument("name")
def disable(name: str) -> None:
    _switch(name, is_on=False)


@out.command(help=_("Call a webhook again, with what waits."))
@click.argument("name")
def enable(name: str) -> None:
    _switch(name, is_on=True)


@out.command(help=_("End a webhook and forget what it was told."))
@click.argument("name")
def remove(name: str) -> None:
    core = open_for_command()
    with core.db.write("cli.hook_remove") as session:
        hooks.remove(session, hooks.find_hook(session, name), core.db.clock.now())
    core.db.close()


@out.command(help=_("Send a webhook something that means nothing; `log` shows the answer."))
@click.argument("name")
def test(name: str) -> None:
    core = open_for_command()
    with core.db.write("cli.hook_test") as session:
        hook = hooks.find_hook(session, name)
        hooks.send_test(session, hook, core.db.clock.now())
    core.db.close()
    core.wake("announce", hook.id)


@out.command(help=_("Show what a webhook was told lately, newest first, with the answers."))
@click.argument("name")
def log(name: str) -> None:
    core = open_for_command()
    with core.db.read() as session:
        hook = hooks.find_hook(session, name)
        wanted = select(Announcement).where(Announcement.hook_id == hook.id)
        rows = session.scalars(wanted.order_by(Announcement.id.desc()).limit(SHOWN)).all()
    core.db.close()
    for row in rows:
        answer = f"{row.status or ''} {gettext(row.reason) if row.reason else ''}".strip()
        click.echo(f"{row.public_id}  {row.at:%Y-%m-%d %H:%M} UTC  {row.event}  {row.state}  {answer}")


@out.command(help=_("Tell a webhook again: one thing by its id, or what failed (--all: everything) since a time."))
@click.argument("name")
@click.option("--id", "public_id", type=click.UUID, help=_("As `log` lists it."))
@click.option("--since", type=click.DateTime(), help=_("From this time on, in UTC."))
@click.option("--all", "is_all", is_flag=True, help=_("Also what was taken; receivers know it by the same id."))
def replay(name: str, public_id: UUID | None, since: datetime | None, is_all: bool) -> None:
    if (public_id is None) == (since is None):
        raise click.UsageError(_("Name either an id or a time."))
    core = open_for_command()
    with core.db.write("cli.hook_replay") as session:
        hook = hooks.find_hook(session, name)
        if public_id is not None:
            hooks.replay_one(session, hook, public_id, core.db.clock.now())
    if since is not None:
        click.echo(hooks.replay_since(core.db, hook, since.replace(tzinfo=UTC), only_failed=not is_all))
    core.db.close()
    core.wake("announce", hook.id)


def _switch(name: str, *, is_on: bool) -> None:
    core = open_for_command()
    with core.db.write("cli.hook_switch") as session:
        hooks.switch(session, hooks.find_hook(session, name), core.db.clock.now(), is_on=is_on)
    core.db.close()
