"""The command line as a whole: languages, faults in plain words, settings from a .env file."""

import ast
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import scrm
from scrm import cli, i18n
from tests.cli.conftest import Call

PACKAGE = Path(scrm.__file__).parent
HIDDEN = {"sandbox", "seed"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_tells_what_it_does(call: Call, name: str) -> None:
    told = call(name, "--help")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: scrm {name}")


def test_the_list_of_commands_shows_all_that_people_call(call: Call) -> None:
    told = call("--help").output
    assert "Brings what people say on social networks" in told
    shown = {line.split()[0] for line in told.partition("Commands:")[2].splitlines() if line.strip()}
    assert shown >= set(cli.COMMANDS) - HIDDEN
    assert not shown & HIDDEN


def test_every_command_has_a_file_of_its_own() -> None:
    for module in cli.COMMANDS.values():
        assert (PACKAGE / "cli" / f"{module}.py").exists()


def test_wrong_settings_are_told_all_at_once_without_their_values(call: Call) -> None:
    wrong = {"SCRM_PORT": "http", "SCRM_WORKRES": "2"}
    told = call("migrate", environment=wrong)
    assert told.exit_code == 2
    assert told.output.splitlines() == [
        "This installation cannot work like this:",
        "  - SCRM_PORT: expected a whole number",
        "  - SCRM_WORKRES: there is no such setting",
    ]


def test_a_dot_env_file_is_read_and_the_environment_wins(call: Call, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCRM_PORT=http\nSCRM_STATE_DIR=elsewhere\n")
    assert "SCRM_PORT: expected a whole number" in call("migrate").output
    assert call("migrate", environment={"SCRM_PORT": "8000"}).exit_code == 0
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("spoken", "language"),
    [({"SCRM_LOCALE": "de"}, "de"), ({"LANG": "de_AT.UTF-8"}, "de"), ({"LANG": "fr_FR.UTF-8"}, "en"), ({}, "en")],
)
def test_the_terminal_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, spoken: dict[str, str], language: str
) -> None:
    for name in ("SCRM_LOCALE", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in spoken.items():
        monkeypatch.setenv(name, value)
    assert cli.terminal_language() == language


def test_german_terminals_are_answered_in_german(call: Call) -> None:
    told = call("migrate", environment={"SCRM_LOCALE": "de"})
    assert told.output == "Die Datenbank ist auf dem neuesten Stand.\n"


def messages() -> set[str | tuple[str, ...]]:
    words = {"_": None, "N_": None, "ngettext": (1, 2)}
    found = extract_from_dir(PACKAGE / "cli", [("**.py", "python")], keywords=words)
    return {message for _file, _line, message, _comments, _context in found}


def test_every_text_of_the_command_line_is_translated() -> None:
    german = i18n.translations("de")
    untranslated = set()
    for message in messages():
        if isinstance(message, tuple):
            translated = german.ngettext(message[0], message[1], 2) != message[1]
        else:
            translated = german.gettext(message) != message
        if not translated:
            untranslated.add(message)
    assert untranslated == set()


def test_no_text_is_put_together_before_it_is_translated() -> None:
    for file in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_":
                assert isinstance(node.args[0], ast.Constant), f"{file.name}:{node.lineno}"
