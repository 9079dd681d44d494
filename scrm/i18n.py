"""User-visible text in English and German: gettext, read from the .po files themselves, so nothing is compiled.

Each part of the product has its own catalogue, `translations/<language>/<part>.po`; they are read as one.
The language is a context variable: the web sets it per request, the command line once.
"""

import gettext as gettext_module
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")
FOLDER = Path(__file__).parent / "translations"

language: ContextVar[str] = ContextVar("language", default="en")


@cache
def translations(code: str) -> gettext_module.NullTranslations:
    """All catalogues of one language as one; English is the source text itself."""
    merged = Catalog(locale=code)
    for file in sorted((FOLDER / code).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=code):
                if message.id and message.string:
                    merged[message.id] = message
    if not len(merged):
        return gettext_module.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)


def gettext(message: str, **params: object) -> str:
    """Translate into the current language; `%(name)s` in the message takes a keyword."""
    text = translations(language.get()).gettext(message) if message else ""  # "" names a catalogue's header
    return text % params if params else text


def ngettext(one: str, many: str, number: int, **params: object) -> str:
    """Translate with singular and plural; `%(num)s` is the number."""
    text = translations(language.get()).ngettext(one, many, number)
    return text % {"num": number, **params}


def N_(message: str) -> str:  # noqa: N802 - the field's name for "mark, translate later"
    """Mark a message for translation without translating it now."""
    return message


_ = gettext
