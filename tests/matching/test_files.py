"""Files as people have them: from spreadsheets, with holes, twice the same, too large, or not what they say."""

import gzip
import json

import pytest

from scrm.matching.files import read_judgments, read_people

CONTACTS = "id,full_name,emails\n1,Jane Fragala,jane@a.example; j@b.example\n2,Norbert Quist,\n"
PROFILE = {"network": "twitter", "native_id": "7", "handle": "jane", "display_name": "Jane Fragala"}


@pytest.fixture
def read(tmp_path):
    faults = []

    def report(path, line, reason):
        faults.append((path.name, line, reason))

    def read_all(contacts=CONTACTS, profiles=(PROFILE,), judgments=None):
        files = []
        told = "".join(f"{json.dumps(row) if isinstance(row, dict) else row}\n" for row in profiles)
        for name, content in (
            ("contacts.csv", contacts),
            ("profiles.jsonl", told),
            ("judgments.csv", judgments or ""),
        ):
            file = tmp_path / name
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
            files.append(file)
        people = read_people(files[0], files[1], report)
        judged = read_judgments(files[2], people, report) if judgments else []
        return people, judged, faults

    return read_all


def names(people):
    return [row.full_name for row in people.contacts]


@pytest.mark.parametrize(
    "contacts",
    [
        CONTACTS,
        "\ufeff" + CONTACTS,
        CONTACTS.replace("\n", "\r\n"),
        CONTACTS.replace("\n", "\n\n"),
        gzip.compress(CONTACTS.encode()),
        'id;full_name;emails\n1;Jane Fragala;"jane@a.example; j@b.example"\n2;Norbert Quist;\n',
        "id\tfull_name\temails\n1\tJane Fragala\tjane@a.example; j@b.example\n2\tNorbert Quist\t\n",
        "Straße,full_name,id,emails\nHauptstraße 1,Jane Fragala,1,jane@a.example;j@b.example\n,Norbert Quist,2,\n",
    ],
    ids=["plain", "mark", "windows", "blank lines", "packed", "semicolons", "tabs", "unknown column"],
)
def test_the_same_contacts_come_out_of_every_spreadsheet(read, contacts):
    people, _, faults = read(contacts=contacts)
    assert names(people) == ["Jane Fragala", "Norbert Quist"]
    assert people.contacts[0].emails == ("jane@a.example", "j@b.example")
    assert faults == []


def test_rows_that_cannot_be_used_are_reported_and_left_out(read):
    people, _, faults = read(
        contacts="id,full_name\n1,Jane Fragala\n1,Somebody Else\n,Nobody\n3\n4,A B,too,many\n",
        profiles=(PROFILE, PROFILE, {"network": "x"}, "no JSON", "[1]", "", {**PROFILE, "native_id": 8}),
    )
    assert names(people) == ["Jane Fragala", "", "A B"]
    assert [row.native_id for row in people.profiles] == ["7", "8"]
    assert [(name, line) for name, line, _ in faults] == [
        ("contacts.csv", 3), ("contacts.csv", 4),
        ("profiles.jsonl", 2), ("profiles.jsonl", 3), ("profiles.jsonl", 4), ("profiles.jsonl", 5),
    ]  # fmt: skip


def test_fields_of_another_kind_are_nothing_and_an_address_is_only_claimed(read):
    odd = {"display_name": ["Jane"], "location": {"a": 1}, "bio": None, "urls": "https://a.example", "url": 5}
    people, _, faults = read(profiles=({**PROFILE, **odd, "email": "j@b.example", "email_verified": "true"},))
    (row,) = people.profiles
    assert (row.display_name, row.location, row.bio, row.email_verified) == ("", "", "", False)
    assert [link.url for link in row.links] == ["https://a.example", "5"]
    assert faults == []


def test_huge_cells_and_letters_of_another_encoding_stop_nobody(read):
    huge = "x" * 3_000_000
    people, _, faults = read(
        contacts=f"id,full_name\n1,{huge}\n2,J\N{LATIN SMALL LETTER U WITH DIAERESIS}rgen\n".encode("latin-1"),
        profiles=({**PROFILE, "bio": huge},),
    )
    assert len(people.contacts) == 2
    assert names(people)[1].startswith("J")
    assert faults == []


def test_judgments_name_a_network_by_any_of_its_names_and_the_last_word_counts(read):
    _, judged, faults = read(
        judgments="network,native_id,contact_id,judgment\nX,7,1,NEGATIVE\ntwitter,7,1,positive\nx,7,9,positive\nx,7,2,maybe\n"
    )
    assert [(row.contact_id, row.is_positive) for row in judged] == [(1, True)]
    assert [line for _, line, _ in faults] == [4, 5]
