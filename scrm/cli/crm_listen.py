"""Chooses whose change events are followed."""

import click

from scrm.cli.opening import open_for_command
from scrm.i18n import _
from scrm.sync.change_events import TOPIC, choose


@click.command(help=_("Follow change events of Salesforce, so that what changes there is here within seconds."))
@click.option(
    "--channel", default=TOPIC, show_default=True, help=_("All that is selected there, or one of your own.")
)
@click.option("--off", is_flag=True, help=_("Follow none any more."))
def listen(channel: str, off: bool) -> None:
    core = open_for_command()
    with core.db.write("cli.listen") as session:
        choose(session, None if off else channel, core.db.clock.now())
    core.db.close()
    if not off:
        click.echo(_("Start `scrm up` again, or the process `scrm listener` where you run them yourself."))
