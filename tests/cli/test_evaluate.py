"""Measuring by command: a labeled set without an installation, and versions in one."""

import csv
import gzip
import json

import pytest
from click.testing import CliRunner

from scrm.cli.evaluate import evaluate
from scrm.matching.model import SHIPPED


@pytest.fixture
def folder(tmp_path):
    with gzip.open(tmp_path / "contacts.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["id", "full_name"], ["c1", "Jane Fragala"], ["c2", "Norbert Quist"], ["c3", "Ada Zubrowka"]]
        )
    profiles = [
        {"network": "x", "native_id": "1", "handle": "jf", "display_name": "Jane Fragala"},
        {"network": "x", "native_id": "2", "handle": "nquist"},
        {"network": "x", "native_id": "3", "handle": "zzz"},
    ]
    with gzip.open(tmp_path / "profiles.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in profiles)
    with gzip.open(tmp_path / "truth.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["network", "native_id", "contact_id"], ["x", "1", "c1"], ["x", "2", "c2"]])
    return tmp_path


def run(*arguments):
    done = CliRunner().invoke(evaluate, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_labeled_set_is_measured(folder):
    said = run(folder)
    assert "100.0 %, 100.0 %, 100.0 %" in said
    assert "->" in said


def test_two_models_are_compared_by_what_changes(folder, tmp_path):
    deaf = json.loads(SHIPPED.to_json())
    for name in deaf["levels"]:
        if "handle" in name:
            deaf["levels"][name] |= {"bits": -20.0, "by_value": 0.0}
    path = tmp_path / "deaf.json"
    path.write_text(json.dumps(deaf), encoding="utf-8")
    assert "0 profiles are treated differently" in run(folder, "--against", _shipped(tmp_path))
    assert "1 profiles are treated differently" in run(folder, "--against", path)


def _shipped(folder):
    path = folder / "shipped.json"
    path.write_text(SHIPPED.to_json(), encoding="utf-8")
    return path
