"""Every text that a person may read has its German, once, whole and with the same values in it."""

import ast
import contextvars
import dataclasses
import re
from collections import defaultdict

import pytest

from scrm.connectors._example import connector as example
from scrm.connectors.base import Connector
from scrm.connectors.registry import connectors
from scrm.i18n import LANGUAGES
from scrm.jobs import work
from scrm.runtime import Core
from scrm.sync.timeline import fields_of
from tests.factories import make_interaction, make_profile
from tests.messages import PACKAGE, Ids, ids_of, strings_of, translated, used

PLACE = re.compile(r"%\((\w+)\)(?:s|d|\.\df)")
OTHERS = [language for language in LANGUAGES if language != "en"]
EVERY = [*connectors().values(), example]


def names(text: str) -> set[str]:
    return set(PLACE.findall(text))


@pytest.fixture(params=OTHERS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_message_is_translated(language: str) -> None:
    known = {ids for _, ids, message in translated(language) if all(strings_of(message)) and not message.fuzzy}
    missing = [f"{place}: {' / '.join(ids)}" for ids, place in used().items() if ids not in known]
    assert missing == [], f"add these to a catalogue in scrm/translations/{language}"


def test_no_catalogue_holds_what_nobody_uses(language: str) -> None:
    unused = [f"{file}: {' / '.join(ids)}" for file, ids, _ in translated(language) if ids not in used()]
    assert unused == []


def test_a_translation_puts_the_same_values_into_the_text(language: str) -> None:
    wrong = []
    for file, ids, message in translated(language):
        wanted = set().union(*map(names, ids))
        for text in strings_of(message):
            may_lack = {"num"} if len(ids) == 2 else set()  # "one row" needs no number
            if not wanted - may_lack <= names(text) <= wanted or text.replace("%%", "").count("%") != len(
                PLACE.findall(text)
            ):
                wrong.append(f"{file}: {text}")
    assert wrong == []


def test_a_number_has_as_many_forms_as_the_language_needs(language: str) -> None:
    for file, ids, message in translated(language):
        assert len(strings_of(message)) == len(ids), f"{file}: {ids[0]}"


def test_two_catalogues_say_the_same(language: str) -> None:
    said: dict[Ids, dict[Ids, str]] = defaultdict(dict)
    for file, _, message in translated(language):
        said[ids_of(message)][strings_of(message)] = file
    assert {ids: found for ids, found in said.items() if len(found) > 1} == {}


def test_beginning_and_end_of_a_text_stay_what_they_are(language: str) -> None:
    """A colon, a space or a line break at the end is there for what follows."""
    for file, ids, message in translated(language):
        for text in strings_of(message):
            for end in (ids[0][-1:], ids[-1][-1:]):
                if end in {":", " ", "\n", "…"}:
                    assert text.endswith(end), f"{file}: {text}"
            assert text == text.strip() or ids[0] != ids[0].strip(), f"{file}: {text}"


def test_german_is_polite_and_uses_its_own_quotation_marks() -> None:
    for file, _, message in translated("de"):
        for text in strings_of(message):
            assert not re.search(r"\b(du|dein\w*|dir|dich|euch|euer)\b", text, re.IGNORECASE), f"{file}: {text}"
            assert "“" not in text or "„" in text, f"{file}: {text}"


@pytest.mark.parametrize("connector", EVERY, ids=lambda connector: connector.manifest.key)
def test_whatever_a_connector_shows_is_marked_for_translation(connector: Connector) -> None:
    manifest = connector.manifest
    shown = [
        *manifest.reads,
        manifest.terms.note,
        *(text for field in manifest.credential_fields for text in (field.label, field.help)),
        *(stream.label for stream in (*connector.streams, *connector.object_streams)),
        *(archive.label for archive in connector.archives),
    ]
    assert [text for text in shown if text and (text,) not in used()] == []


@pytest.mark.parametrize(("locale", "subject"), [("en", "Mention on Mastodon"), ("de", "Erwähnung auf Mastodon")])
def test_a_timeline_entry_speaks_the_installations_language(core: Core, locale: str, subject: str) -> None:
    with core.db.write("test.entry") as session:
        author = make_profile(session)
        interaction = make_interaction(session, author, kind="mention")
        spoken = dataclasses.replace(core, settings=dataclasses.replace(core.settings, locale=locale))

    def read() -> str:
        work(spoken, "match", None)  # any job speaks as the installation does
        return str(fields_of(interaction, author, "Mastodon", 1000)["subject"])

    assert contextvars.copy_context().run(read) == subject


def test_what_an_input_error_says_can_be_translated() -> None:
    """Whoever shows one translates `str(error)`; a text that was not marked would stay English."""
    plain = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("InputError")
        and not (isinstance(node.args[0], ast.Call | ast.Name))
    ]
    assert plain == []
