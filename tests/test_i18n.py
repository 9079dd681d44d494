"""Catalogues read from their .po files, several per language, and what happens when a text is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrm import i18n

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: de\\n"\n\n'
WEB = HEAD + (
    'msgid "Contact"\nmsgstr "Kontakt"\n\n'
    'msgid "From %(name)s"\nmsgstr "Von %(name)s"\n\n'
    'msgid "%(num)s contact"\nmsgid_plural "%(num)s contacts"\n'
    'msgstr[0] "%(num)s Kontakt"\nmsgstr[1] "%(num)s Kontakte"\n\n'
    'msgid "Not yet"\nmsgstr ""\n\n'
    '#, fuzzy\nmsgid "Doubtful"\nmsgstr "Zweifelhaft"\n\n'
    'msgid "%(num)s page of %(name)s"\nmsgid_plural "%(num)s pages of %(name)s"\nmsgstr[0] ""\nmsgstr[1] ""\n'
)
CLI = HEAD + 'msgid "Stopping"\nmsgstr "Wird beendet"\n'


@pytest.fixture(autouse=True)
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "web.po").write_text(WEB, encoding="utf-8")
    (tmp_path / "de" / "cli.po").write_text(CLI, encoding="utf-8")
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n.translations.cache_clear()
    before = i18n.language.set("de")
    yield
    i18n.language.reset(before)
    i18n.translations.cache_clear()


def test_the_catalogues_of_a_language_are_read_as_one() -> None:
    assert i18n.gettext("Contact") == "Kontakt"
    assert i18n.gettext("Stopping") == "Wird beendet"


def test_a_value_is_put_where_the_translation_wants_it() -> None:
    assert i18n.gettext("From %(name)s", name="Erika 100%") == "Von Erika 100%"
    assert i18n.gettext("From %(name)s") == "Von %(name)s"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 Kontakte"), (1, "1 Kontakt"), (2, "2 Kontakte")])
def test_a_number_takes_its_plural(number: int, expected: str) -> None:
    assert i18n.ngettext("%(num)s contact", "%(num)s contacts", number) == expected


def test_a_shown_number_may_be_written_as_the_reader_does() -> None:
    assert i18n.ngettext("%(num)s contact", "%(num)s contacts", 1284, num="1.284") == "1.284 Kontakte"


@pytest.mark.parametrize("message", ["Not yet", "Doubtful", "Nobody knows this"])
def test_a_missing_empty_or_doubtful_translation_falls_back_to_the_source(message: str) -> None:
    assert i18n.gettext(message) == message


@pytest.mark.parametrize(("number", "expected"), [(1, "1 page of Erika"), (3, "3 pages of Erika")])
def test_an_untranslated_plural_falls_back_to_the_source(number: int, expected: str) -> None:
    shown = i18n.ngettext("%(num)s page of %(name)s", "%(num)s pages of %(name)s", number, name="Erika")
    assert shown == expected


def test_an_empty_text_is_empty_and_not_the_catalogues_header() -> None:
    assert i18n.gettext("") == ""


@pytest.mark.parametrize("code", ["en", "fr", "xx"])
def test_a_language_without_catalogues_shows_the_source(code: str) -> None:
    i18n.language.set(code)
    assert i18n.gettext("Contact") == "Contact"
    assert i18n.ngettext("%(num)s contact", "%(num)s contacts", 1) == "1 contact"
    assert i18n.ngettext("%(num)s contact", "%(num)s contacts", 2) == "2 contacts"


def test_marking_a_message_does_not_translate_it() -> None:
    assert i18n.N_("Contact") == "Contact"


def test_a_language_belongs_to_its_own_context() -> None:
    import contextvars

    contextvars.copy_context().run(i18n.language.set, "en")
    assert i18n.gettext("Contact") == "Kontakt"
