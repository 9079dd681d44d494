"""Every text of the catalogue that the pages use."""

from pathlib import Path

from babel.messages.extract import extract_from_dir

WEB = Path(__file__).parents[2] / "scrm" / "web"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


def used() -> dict[str, tuple[str, ...]]:
    """Message id → the id, or singular and plural."""
    found = {}
    keywords = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
    for _file, _line, message, _comments, _context in extract_from_dir(str(WEB), METHODS, keywords=keywords):
        ids = (message,) if isinstance(message, str) else tuple(part for part in message if part)
        found[ids[0]] = ids
    return found
