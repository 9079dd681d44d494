"""A connector that was just begun claims nothing and passes the contract suite (tests/cli/test_new_connector.py)."""

import shutil
import tomllib
from pathlib import Path

import pytest

from scrm.cli.new_connector import copy_example
from tests.connectors.test_contract_folder import HEADINGS, RULES

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for place in ("scrm/connectors/_example", "tests/connectors/_example"):
        shutil.copytree(ROOT / place, tmp_path / place, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_what_is_written_stands_in_two_folders_and_nowhere_else(checkout):
    before = {file for file in checkout.rglob("*") if file.is_file()}
    written = copy_example("threads", checkout)
    assert {file for file in checkout.rglob("*") if file.is_file()} - before == set(written)
    assert {file.relative_to(checkout).parts[:3] for file in written} == {
        ("scrm", "connectors", "threads"),
        ("tests", "connectors", "threads"),
    }


def test_the_checklist_has_every_rule_of_bronze_and_claims_none(checkout):
    copy_example("threads", checkout)
    claims = tomllib.loads((checkout / "scrm/connectors/threads/quality.toml").read_text())
    assert set(claims) == {"bronze"}
    assert set(claims["bronze"]) == RULES["bronze"]
    assert all(set(claim) == {"todo"} for claim in claims["bronze"].values())


def test_the_guides_are_headings_to_be_filled(checkout):
    copy_example("threads", checkout)
    for name, headings in HEADINGS.items():
        lines = (checkout / "scrm/connectors/threads" / name).read_text().split()
        text = (checkout / "scrm/connectors/threads" / name).read_text()
        assert [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")] == headings
        assert text.startswith("# Threads\n")
        assert lines.count("…") == len(headings) + 1
