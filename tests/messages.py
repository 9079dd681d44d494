"""Every message of the source, as the catalogues must know it."""

import inspect
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import scrm
from scrm.matching.rules import RULES

PACKAGE = Path(scrm.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}

Ids = tuple[str, ...]


@cache
def used() -> dict[Ids, str]:
    """Message, or singular and plural, with the first place that uses it."""
    found: dict[Ids, str] = {}
    extracted = extract_from_dir(str(PACKAGE), METHODS, keywords=KEYWORDS, directory_filter=is_source)
    for file, line, message, _comments, _context in extracted:
        ids = (message,) if isinstance(message, str) else tuple(part for part in message if part)
        found.setdefault(ids, f"{file}:{line}")
    for rule in RULES:
        explanation = " ".join((inspect.getdoc(rule) or "").split())
        found.setdefault((explanation,), f"the docstring of {rule.__name__}")
    return found


def is_source(folder: str | os.PathLike[str]) -> bool:
    """Also folders that begin with an underscore, which Babel would leave out."""
    return Path(folder).name != "__pycache__"


def translated(language: str) -> Iterator[tuple[str, Ids, Message]]:
    """Every message of every catalogue of a language, with the catalogue's name."""
    for file in sorted((PACKAGE / "translations" / language).glob("*.po")):
        with file.open("rb") as source:
            catalog = read_po(source, locale=language)
        for message in catalog:
            if message.id:
                yield file.name, ids_of(message), message
        for message in catalog.obsolete.values():
            yield file.name, (f"#~ {message.id}",), message


def ids_of(message: Message) -> Ids:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def strings_of(message: Message) -> Ids:
    return message.string if isinstance(message.string, tuple) else (message.string,)
