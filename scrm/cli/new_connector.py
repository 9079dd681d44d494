"""Starts a connector as a copy of the living example: code, recordings, expected records, and what is to be written.

Guides keep the headings that the contract suite asks for; the checklist claims nothing yet.
"""

import re
import shutil
import tomllib
from pathlib import Path

import click

from scrm.errors import InputError
from scrm.i18n import _

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
PLACES = ("scrm/connectors", "tests/connectors")


@click.command("new-connector", help=_("Start a connector: copy the example under a new name (for developers)."))
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path(), help=_("The checkout."))
def new_connector(name: str, root: Path) -> None:
    copy_example(name, root)
    click.echo(_next_steps(name))


def copy_example(name: str, root: Path) -> list[Path]:
    """Copy the example below `root` under a new name; returns the files written. Raises InputError."""
    if not NAME.fullmatch(name):
        raise InputError(_("NAME: expected lower-case letters, digits and underscores, such as `threads`"))
    targets = [(root / place / "_example", root / place / name) for place in PLACES]
    for source, target in targets:
        if not source.is_dir():
            raise InputError(_("Call this in the checkout: there is no %(folder)s here.", folder=source))
        if target.exists():
            raise InputError(_("%(folder)s exists already.", folder=target))
    written = []
    for source, target in targets:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        for file in sorted(path for path in target.rglob("*") if path.is_file()):
            file.write_text(_begun(file.name, _renamed(file.read_text(encoding="utf-8"), name)), encoding="utf-8")
            written.append(file)
    return written


def _begun(file_name: str, text: str) -> str:
    """The file as a beginner of a connector should find it."""
    if file_name == "quality.toml":
        bronze = tomllib.loads(text)["bronze"]
        return "\n".join(["[bronze]", *(f'{rule} = {{ todo = "not begun" }}' for rule in bronze), ""])
    if file_name.startswith("README"):
        return "\n".join(f"{line}\n\n…\n" for line in text.splitlines() if line.startswith("#"))
    return text


def _renamed(text: str, name: str) -> str:
    camel = "".join(part.capitalize() for part in name.split("_"))
    return re.sub(r"\bExample", camel, text.replace('"example"', f'"{name}"'))


def _next_steps(name: str) -> str:
    return _(
        "scrm/connectors/%(name)s works, on invented recordings. What comes next:\n"
        "  1. connector.py: manifest with address, terms, rate limit and credential fields, each with its source.\n"
        "  2. tests/connectors/%(name)s/recorded: real answers in place of the invented, scrubbed of real people.\n"
        "  3. connector.py: streams and their translation; UPDATE_EXPECTED=1 make contract N=%(name)s.\n"
        "  4. README.md and README.de.md: how an admin connects it, what is read, how to remove it.\n"
        "  5. quality.toml: mark what is done; make check.",
        name=name,
    )
