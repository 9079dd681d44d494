"""Calls the command line as its own process would, in a state folder of the test's own."""

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from scrm import i18n, migrations
from scrm.cli import COMMANDS, main
from scrm.config import Settings

Call = Callable[..., Result]

for command in COMMANDS.values():  # their texts are fixed when they are imported: here in English, for every test
    importlib.import_module(f"scrm.cli.{command}")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def call(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `scrm …`; nothing of the developer's own settings comes in."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, environment: Mapping[str, str] | None = None) -> Result:
        settings = {"SCRM_STATE_DIR": str(state), "SCRM_LOCALE": "en", "DATABASE_URL": "", "REDIS_URL": ""}
        before = dict(os.environ)
        try:
            return CliRunner().invoke(main, list(arguments), env=settings | dict(environment or {}))
        finally:
            os.environ.clear()
            os.environ.update(before)
            i18n.language.set("en")
            structlog.reset_defaults()  # the command's writes to a terminal that is gone

    return run


@pytest.fixture
def installed(state: Path) -> Settings:
    """A migrated SQLite installation."""
    state.mkdir(mode=0o700)
    settings = Settings(state_dir=state)
    migrations.upgrade(settings.database)
    return settings
