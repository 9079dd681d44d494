"""Changes the keys without refusing anybody: a new one seals, old ones open until they are dropped."""

import click

from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import N_, _, ngettext
from scrm.privacy.reseal import left, reseal
from scrm.runtime import Core
from scrm.vault import add_key, drop_keys


@click.group(help=_("The keys that seal accesses and secrets."))
def keys() -> None:
    """Replaced by the translated help."""


@keys.command(help=_("Make a new key and seal everything anew with it; works while scrm runs."))
def rotate() -> None:
    core = open_for_command()
    _own_file(core)
    name = add_key(core.settings.state_dir / "keys")
    core.db.close()
    click.echo(_("Key %(name)s seals from now on.", name=name))
    _reseal()


@keys.command("reseal", help=_("Seal anew what an older key sealed: SCRM_KEYS changed, or `rotate` stopped."))
def reseal_all() -> None:
    _reseal()


@keys.command(help=_("Drop older keys from the file, if nothing is sealed with them any more."))
def drop_old() -> None:
    core = open_for_command()
    _own_file(core)
    if left(core):
        raise InputError(N_("Older keys are still in use; run `scrm keys reseal` first."))
    drop_keys(core.settings.state_dir / "keys", set(core.vault.key_ids[:1]))
    core.db.close()
    click.echo(_("Only the newest key is left. Forms and frames that were open before have to be loaded again."))


def _own_file(core: Core) -> None:
    if core.settings.keys:
        raise InputError(N_("The keys come from SCRM_KEYS: put a new one first there, restart, and reseal."))


def _reseal() -> None:
    core = open_for_command()
    count = reseal(core)
    core.db.close()
    click.echo(ngettext("%(num)d value sealed anew.", "%(num)d values sealed anew.", count))
