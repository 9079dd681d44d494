"""Files in, a file out: what the engine would do, and what it makes of rows that nobody can use."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from scrm.cli.match_files import match_files

CONTACTS = [
    "id,full_name,first_name,last_name,emails,handles,shoe_size",
    "c1,Jane Fragala,Jane,Fragala,frosch77@mail.example,,38",
    "c2,Norbert Quist,Norbert,Quist,n.quist@company.example,x:quux,44",
    "c3,Ada Zubrowka,Ada,Zubrowka,,,",
    ",Nobody,,,,,",
    "c3,Twice,,,,,",
]
PROFILES = [
    {"network": "twitter", "native_id": "1", "handle": "janefragala", "display_name": "Jane Fragala", "shoe": 1},
    {"network": "x", "native_id": "2", "handle": "quux"},
    {"network": "github", "native_id": "3", "handle": "frosch77"},
    {"network": "nowhere", "native_id": "4", "handle": "zzz", "display_name": "Facebook User"},
    {"network": "x", "handle": "nameless"},
    ["no", "object"],
]


@pytest.fixture
def run(tmp_path: Path):
    def run(contacts=CONTACTS, profiles=PROFILES, judgments=None, *, packed=False):
        def write(name: str, text: str) -> Path:
            path = tmp_path / name
            if packed:
                path.write_bytes(gzip.compress(text.encode()))
            else:
                path.write_text(text, encoding="utf-8")
            return path

        lines = [row if isinstance(row, str) else json.dumps(row) for row in profiles]
        arguments = ["--contacts", write("c", "\n".join(contacts)), "--profiles", write("p", "\n".join(lines))]
        if judgments:
            arguments += ["--judgments", write("j", "\n".join(judgments))]
        out = tmp_path / "out.csv"
        done = CliRunner().invoke(match_files, [str(part) for part in (*arguments, "--out", out)])
        assert done.exit_code == 0, done.output
        with out.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file)), done.output

    return run


def best(rows, native_id):
    return next(row for row in rows if row["native_id"] == native_id)


@pytest.mark.parametrize("packed", [False, True])
def test_each_profile_gets_its_best_contacts_first(run, packed):
    rows, _said = run(packed=packed)
    assert list(rows[0]) == ["network", "native_id", "contact_id", "probability", "decision", "evidence"]
    assert (best(rows, "1")["network"], best(rows, "1")["contact_id"]) == ("twitter", "c1")
    assert "surname.exact" in best(rows, "1")["evidence"]
    assert (best(rows, "2")["contact_id"], best(rows, "2")["decision"]) == ("c2", "link")
    assert best(rows, "3")["contact_id"] == "c1"


def test_a_profile_without_a_candidate_has_one_row_that_says_so(run):
    rows, _said = run()
    found = [row for row in rows if row["native_id"] == "4"]
    assert [(row["contact_id"], row["decision"]) for row in found] == [("", "none")]


def test_what_cannot_be_used_is_told_counted_and_left_out(run):
    profiles = [*PROFILES, "{", "[" * 100_000, "", {"network": "x", "native_id": "2"}]
    rows, said = run(profiles=profiles)
    assert {row["native_id"] for row in rows} == {"1", "2", "3", "4"}
    assert "7 rows could not be used." in said
    assert "p:7: the line is not JSON" in said


def test_it_says_that_no_terms_are_applied(run):
    assert "no terms of any network are applied" in run()[1]


def test_a_judgment_is_kept_and_a_refused_pair_never_comes_back(run):
    judgments = ["network,native_id,contact_id,judgment", "x,1,c1,negative", "x,4,c3,positive", "x,9,c1,positive"]
    profiles = [*PROFILES[:3], {"network": "twitter", "native_id": "4", "handle": "zzzzz", "display_name": "Z"}]
    rows, said = run(profiles=profiles, judgments=judgments)
    assert ("1", "c1") not in {(row["native_id"], row["contact_id"]) for row in rows}
    assert (best(rows, "4")["contact_id"], best(rows, "4")["decision"]) == ("c3", "link")
    assert "3 rows could not be used." in said  # two contacts, one judgment


def test_a_confirmed_account_makes_its_handle_known_elsewhere(run):
    profiles = [
        {"network": "github", "native_id": "1", "handle": "zauberfrosch"},
        {"network": "x", "native_id": "2", "handle": "zauberfrosch"},
    ]
    before, _said = run(profiles=profiles)
    after, _said = run(profiles=profiles, judgments=["network,native_id,contact_id,judgment", "github,1,c3,positive"])
    assert best(before, "2")["contact_id"] == ""
    assert best(after, "2")["contact_id"] == "c3"
    assert "same_handle.own" in best(after, "2")["evidence"]


def test_a_claimed_address_weighs_less_than_a_verified_one(run):
    mail = {"network": "x", "handle": "zz9", "email": "n.quist@company.example"}
    profiles = [{**mail, "native_id": "1"}, {**mail, "network": "github", "native_id": "2", "email_verified": True}]
    rows, _said = run(profiles=profiles)
    assert "email.claimed" in best(rows, "1")["evidence"]
    assert "email.verified" in best(rows, "2")["evidence"]


HARD = ["Facebook User", "", "a" * 10_000, "Z̸̢͌a̷l̶g̶o̵" * 50, "🚀🚀🚀", "Джейн Fragala 山田", "\u202e\u200b", "null"]


def test_hostile_names_neither_link_nor_slow_it_down(run):
    profiles = [
        {"network": "x", "native_id": str(number), "handle": name[:50], "display_name": name, "bio": name * 3}
        for number, name in enumerate(HARD * 20)
    ]
    contacts = [*CONTACTS[:4], *(f"h{number},{name},,,,," for number, name in enumerate(HARD))]
    rows, _said = run(contacts=contacts, profiles=profiles)
    assert len({row["native_id"] for row in rows}) == len(profiles)
    assert not any(row["decision"] == "link" for row in rows)
