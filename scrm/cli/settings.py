"""Prints every setting as a `.env` file, made from the class that reads them; `.env.example` is this output."""

from dataclasses import MISSING, fields
from textwrap import wrap

import click

from scrm.config import Settings, setting_name
from scrm.i18n import _

HEAD = """\
# Every setting and its default, written by `scrm settings`. Copy to .env and change what you need.
# What the environment says wins over .env.
"""


def as_env_file() -> str:
    """The text of `.env.example`."""
    parts = [HEAD]
    for f in fields(Settings):
        help_text = "\n".join(f"# {line}" for line in wrap(f.metadata["help"], 100))
        parts.append(f"{help_text}\n#{setting_name(f.name)}={shown(f.default)}\n")
    return "\n".join(parts)


def shown(value: object) -> str:
    if value is MISSING or value in ("", ()):
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


@click.command(help=_("Print every setting with its default, as a .env file."))
def settings() -> None:
    click.echo(as_env_file(), nl=False)
