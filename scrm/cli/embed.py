"""Timelines within a CRM: the secret that links are signed with, and a link to try."""

import click

from scrm.cli.opening import open_for_command
from scrm.i18n import _
from scrm.runtime import Core
from scrm.web import embed as pages
from scrm.web.frame import origins_of


@click.group(help=_("Show timelines in a frame of the CRM."))
def embed() -> None:
    """Replaced by the translated help."""


@embed.command(help=_("Print what the CRM signs its links with. It changes with the installation's keys."))
@click.argument("name")
def secret(name: str) -> None:
    core = _open(name)
    core.db.close()
    click.echo(pages.secrets_of(core, name)[0])


@embed.command(help=_("Print a signed link to the timeline of RECORD, good for five minutes."))
@click.argument("name")
@click.argument("record")
def link(name: str, record: str) -> None:
    core = _open(name)
    path = pages.signed_path(core, name, record, core.db.clock.now())
    core.db.close()
    click.echo(core.settings.base_url + path)


def _open(name: str) -> Core:
    core = open_for_command()
    if not origins_of(core.settings, name):
        core.db.close()
        raise click.ClickException(_("SCRM_EMBED_ORIGINS names nobody who may show %(name)s.", name=name))
    return core
