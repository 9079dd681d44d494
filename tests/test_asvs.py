"""docs/asvs.md is whole, adds up, and names only tests that are there; the list of what is installed is complete."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| V(\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
SUM = re.compile(r"^\| (met|partly|not met|operator|–) \| (\d+) \| (\d+) \|", re.MULTILINE)
WORDS = {"met", "partly", "not met", "operator", "–"}


@cache
def _named(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    """70 and 183, as the standard counts them."""
    assert Counter(level for _number, level, _how, _why in ROWS) == {"1": 70, "2": 183}
    assert len({number for number, *_rest in ROWS}) == 253
    assert {how for _number, _level, how, _why in ROWS} == WORDS


def test_the_figures_at_the_top_are_those_of_the_table() -> None:
    counted = Counter((how, level) for _number, level, how, _why in ROWS)
    assert {how: (int(one), int(two)) for how, one, two in SUM.findall(PAGE)} == {
        how: (counted[how, "1"], counted[how, "2"]) for how in WORDS
    }


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_whatever_a_row_names_exists(row: tuple[str, str, str, str]) -> None:
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[3]):
        assert name in _named(file), f"{file}::{name}"
    for path in re.findall(r"`((?:docs/|SECURITY)[\w./-]*\.md)`", row[3]):
        assert (ROOT / path).is_file(), path


def test_the_list_of_what_is_installed_names_every_pinned_package(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    tool = Path(sys.executable).with_name("cyclonedx-py")
    command = [tool, "requirements", ROOT / "requirements.txt", "--output-reproducible", "-o", out]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["bomFormat"] == "CycloneDX"
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    named = {one["name"]: one["version"] for one in told["components"]}
    assert named.items() >= pinned.items()


def test_every_place_that_the_threats_name_is_there() -> None:
    """Paths below scrm/ in code marks: a file, or a folder with a slash at its end."""
    page = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+(?:\.py|/))`", page.replace("`var/`", ""))
    assert len(named) > 30
    assert [path for path in named if not (ROOT / "scrm" / path).exists()] == []
