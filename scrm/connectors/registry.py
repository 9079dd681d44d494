"""Finds connectors by folder: `scrm/connectors/<network>/__init__.py` with a `connector`; no list to edit."""

import importlib
from functools import cache
from pathlib import Path

from scrm.connectors.base import Connector

FOLDER = Path(__file__).parent


@cache
def connectors() -> dict[str, Connector]:
    """Every connector by its key, `_example` left out."""
    found = {}
    for folder in sorted(FOLDER.iterdir()):
        if (folder / "connector.py").exists() and not folder.name.startswith("_"):
            connector: Connector = importlib.import_module(f"scrm.connectors.{folder.name}").connector
            found[connector.manifest.key] = connector
    return found


def connector_for(network: str) -> Connector:
    """The connector of a network; KeyError when there is none."""
    return connectors()[network]


def guide(network: str, language: str) -> str:
    """The set-up page of a network as Markdown, in English unless there is one in the language."""
    folder = FOLDER / network
    translated = folder / f"README.{language}.md"
    return (translated if translated.exists() else folder / "README.md").read_text(encoding="utf-8")
