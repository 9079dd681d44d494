"""The command line `scrm`: one file per command, imported when it is called.

The language is that of the terminal (SCRM_LOCALE, else LANG). A `.env` in the current folder is read here and in
worker.py and wsgi.py, nowhere else; what the environment says already wins over it.
"""

import importlib
import sys
from typing import Any

import click
from babel import default_locale
from dotenv import load_dotenv

from scrm import i18n
from scrm.errors import ConfigError, ScrmError
from scrm.i18n import _

COMMANDS = {
    "up": "up",
    "demo": "demo",
    "web": "web",
    "worker": "worker",
    "scheduler": "scheduler",
    "listener": "listener",
    "migrate": "migrate",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "restore",
    "import-contacts": "imports",
    "import-archive": "imports",
    "import-grounds": "imports",
    "match": "match",
    "match-files": "match_files",
    "evaluate": "evaluate",
    "model": "model",
    "replay": "replay",
    "forget": "forget",
    "audit": "audit",
    "keys": "keys",
    "user": "user",
    "embed": "embed",
    "token": "token",
    "webhook": "webhook",
    "crm": "crm",
    "plan": "plan",
    "errors": "errors",
    "settings": "settings",
    "new-connector": "new_connector",
    "failpoints": "failpoints",
    "sandbox": "sandbox",
    "seed": "seed",
}


class LazyGroup(click.Group):
    """Imports a command when it is asked for, and tells our own errors in plain words."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"scrm.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def main(self, *args: Any, **extra: Any) -> Any:
        load_dotenv(".env")
        i18n.language.set(terminal_language())
        self.help = _("Brings what people say on social networks to the right contact's timeline in the CRM.")
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as why:
            click.echo(_("This installation cannot work like this:"), err=True)
            for fault in why.faults:
                click.echo(f"  - {fault}", err=True)
            sys.exit(2)
        except ScrmError as why:
            click.echo(i18n.gettext(str(why)), err=True)
            sys.exit(1)


def terminal_language() -> str:
    """Our language that comes nearest to the terminal's."""
    code = (default_locale("SCRM_LOCALE") or "en").partition("_")[0]
    return code if code in i18n.LANGUAGES else "en"


@click.group(name="scrm", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scrm")
def main() -> None:
    """Replaced by a translated text when called."""
