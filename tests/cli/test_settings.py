"""The list of settings is made from the class, so it cannot lie."""

from dataclasses import fields
from pathlib import Path

import pytest
from dotenv import dotenv_values

from scrm.config import Settings, as_environment, setting_name
from tests.cli.conftest import Call

ROOT = Path(__file__).parents[2]


def test_every_setting_stands_in_the_list_with_its_help(call: Call) -> None:
    printed = call("settings").output
    for f in fields(Settings):
        assert f"\n#{setting_name(f.name)}=" in printed
        assert f.metadata["help"][:60] in printed


def test_the_example_file_is_the_printed_list(call: Call) -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == call("settings").output


def test_the_list_with_every_line_taken_in_is_the_default(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "all.env"
    file.write_text(call("settings").output.replace("\n#SCRM_", "\nSCRM_").replace("_URL=", "_URL="))
    assert Settings.from_env({k: v or "" for k, v in dotenv_values(file).items()}) == Settings()


def test_a_child_reads_from_its_environment_the_very_settings_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRM_WORKERS", "7")
    given = Settings(
        state_dir=Path("/srv/scrm"),
        port=8003,
        sandbox=True,
        sandbox_urls=("mastodon=http://127.0.0.1:8101", "bluesky=http://127.0.0.1:8102"),
        allowed_hosts=("127.0.0.1:8101", "127.0.0.1:8102"),
        workers=2,
    )
    environment = as_environment(given)
    assert Settings.from_env(environment) == given
    assert environment["SCRM_HOST"] == ""  # spelled out, so that no .env fills it in
