"""Goes through the audit trail: exit code 1 when an entry was altered or taken away."""

import sys

import click

from scrm.cli.opening import open_for_command
from scrm.errors import InputError
from scrm.i18n import N_, _, gettext, ngettext
from scrm.models import AuditEntry
from scrm.privacy import trail


@click.group(help=_("The audit trail: who did what when, sealed entry by entry."))
def audit() -> None:
    """Replaced by the translated help."""


@audit.command(help=_("Go through the whole trail and say where it is broken first, if it is."))
@click.option(
    "--expect",
    metavar="NUMBER:SEAL",
    help=_("What this command or the log said on an earlier day; shows also an end that was cut off since."),
)
def verify(expect: str | None) -> None:
    expected = _parsed(expect) if expect else None
    core = open_for_command()
    found = trail.check(core, expected=expected)
    with core.db.read() as session:
        entry = session.get(AuditEntry, found.broken) if found.broken is not None else None
    core.db.close()
    if found.broken is None:
        click.echo(ngettext("%(num)d entry, and it fits.", "%(num)d entries, and all fit.", found.entries))
        if found.seal:
            click.echo(
                _(
                    "It ends with %(end)s; kept elsewhere, this proves later that nothing was cut off.",
                    end=f"{found.entries}:{found.seal}",
                )
            )
        return
    click.echo(
        _("The trail is broken at entry %(number)d.", number=found.broken) + " " + gettext(found.reason), err=True
    )
    if entry is not None:
        click.echo(f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.action}  {entry.object}", err=True)
    sys.exit(1)


def _parsed(expect: str) -> tuple[int, str]:
    number, _colon, seal = expect.partition(":")
    if not number.isdecimal() or len(seal) != 64:
        raise InputError(N_("Expected a number and a seal, as `scrm audit verify` prints them."))
    return int(number), seal
