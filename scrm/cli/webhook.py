"""Opens addresses that a CRM may call, changes their secrets, and tries again what was set aside."""

import click
from sqlalchemy import select

from scrm.cli.opening import open_for_command
from scrm.cli.webhook_out import out
from scrm.i18n import _
from scrm.models import InboxItem, InboxState
from scrm.sync import webhook as inbox
from scrm.sync.crm import LOCAL, SALESFORCE


@click.group(help=_("Let another system send contacts by webhook; tell others what happens here."))
def webhook() -> None:
    """Replaced by the translated help."""


webhook.add_command(out)


@webhook.command(help=_("Open an address /webhooks/crm/NAME and print its secret, this once."))
@click.argument("name")
@click.option("--outbound", is_flag=True, help=_("For outbound messages of Salesforce: the secret ends the address."))
def add(name: str, outbound: bool) -> None:
    core = open_for_command()
    with core.db.write("cli.webhook_add") as session:
        now = core.db.clock.now()
        secret = inbox.make_endpoint(session, core.vault, name, SALESFORCE if outbound else LOCAL, now)
    core.db.close()
    base = f"{core.settings.base_url}/webhooks"
    click.echo(f"{base}/outbound/{name}/{secret}" if outbound else f"{base}/crm/{name}\n{secret}")


@webhook.command(help=_("Give an address a new secret; the old one is taken for another 24 hours."))
@click.argument("name")
def rotate(name: str) -> None:
    core = open_for_command()
    with core.db.write("cli.webhook_rotate") as session:
        secret = inbox.rotate(session, core.vault, name, core.db.clock.now())
    core.db.close()
    click.echo(secret)


@webhook.command("set-aside", help=_("List deliveries that could not be applied, with the reason."))
def set_aside() -> None:
    core = open_for_command()
    with core.db.read() as session:
        rows = session.scalars(
            select(InboxItem).where(InboxItem.state == InboxState.QUARANTINED.value).order_by(InboxItem.id)
        ).all()
    core.db.close()
    for row in rows:
        click.echo(f"{row.id}  {row.endpoint}  {row.received_at:%Y-%m-%d %H:%M} UTC  {row.reason}")


@webhook.command(help=_("Apply a delivery that was set aside once more. NUMBER: as `set-aside` lists it."))
@click.argument("number", type=int)
def retry(number: int) -> None:
    core = open_for_command()
    with core.db.write("cli.webhook_retry") as session:
        inbox.replay(session, number, core.db.clock.now())
    core.db.close()
    core.wake("inbox", None)
    core.wake("push", None)
