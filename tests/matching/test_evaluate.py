import csv
import gzip
import json
import os
from pathlib import Path

import pytest

from scrm.matching.evaluate import changed, evaluate, load_labeled, measure
from scrm.matching.model import SHIPPED
from scrm.matching.score import Action
from scrm.matching.views import ContactId, ProfileId
from scrm.matching.whole import Match

SHARED = Path(os.environ.get("SCRM_SHARED") or Path(__file__).parents[3] / "shared")
OFFICIALS = SHARED / "data/matching/us-officials"
COLUMNS = [
    "id",
    "first_name",
    "last_name",
    "full_name",
    "emails",
    "company",
    "title",
    "city",
    "country",
    "handles",
    "urls",
]


def write_set(folder, contacts, profiles, truth):
    with gzip.open(folder / "contacts.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(contacts)
    with gzip.open(folder / "profiles.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in profiles)
    with gzip.open(folder / "truth.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["network", "native_id", "contact_id"])
        writer.writerows(truth)


@pytest.fixture
def small_set(tmp_path):
    write_set(
        tmp_path,
        [
            {"id": "a", "full_name": "Jane Fragala", "emails": "jane@company.example;", "handles": "x:quux;"},
            {"id": "b", "full_name": "Norbert Quist", "urls": "https://quist.example;"},
            {"id": "c", "full_name": "Norbert Quist"},
        ],
        [
            {"network": "twitter", "native_id": "1", "handle": "quux", "display_name": "Jane Fragala"},
            {"network": "x", "native_id": "2", "handle": "nq", "url": "https://quist.example"},
            {"network": "x", "native_id": "3", "handle": "nq2", "display_name": "Norbert Quist"},
            {"network": "x", "native_id": "4", "handle": "stranger", "display_name": "Ada Zubrowka"},
        ],
        [("twitter", "1", "a"), ("x", "2", "b"), ("x", "3", "c"), ("x", "4", "")],
    )
    return load_labeled(tmp_path)


def test_a_labeled_set_is_read_with_its_truth(small_set):
    assert list(small_set.truth.values()) == [1, 2, 3, None]
    assert small_set.contacts[0].accounts == {("x", "quux")}


def test_the_figures_of_a_small_set_are_right(small_set):
    quality = evaluate(small_set, SHIPPED)
    assert (quality.profiles, quality.matchable) == (4, 3)
    assert quality.found_in_five == 1.0
    assert quality.auto_precision == 1.0
    assert quality.auto_recall == pytest.approx(2 / 3)
    # the two Norberts tie: one question
    assert quality.queue_share == pytest.approx(1 / 4)
    assert quality.recall_at_99 >= 2 / 3
    assert quality.f1 >= 0.8


def match(number, contact, probability, action=Action.REVIEW):
    return Match(
        profile_id=ProfileId(number),
        contact_id=contact and ContactId(contact),
        probability=probability,
        action=action,
    )


def test_figures_are_counted_by_hand():
    truth = {ProfileId(1): ContactId(1), ProfileId(2): ContactId(2), ProfileId(3): None, ProfileId(4): ContactId(4)}
    quality = measure(
        truth,
        [
            match(1, 1, 0.99, Action.LINK),
            match(2, 3, 0.5),
            match(2, 2, 0.4),
            match(3, 1, 0.8),
            match(4, None, 0.0, Action.NONE),
        ],
    )
    assert (quality.precision, quality.recall, quality.f1) == (1.0, pytest.approx(1 / 3), pytest.approx(0.5))
    assert quality.recall_at_99 == quality.auto_recall == pytest.approx(1 / 3)
    assert quality.found_in_five == pytest.approx(2 / 3)
    assert (quality.auto_precision, quality.queue_share) == (1.0, 0.5)
    assert quality.calibration_error == pytest.approx((0.01 + 0.5 + 0.8) / 3)


def test_what_changed_between_two_versions_is_named():
    before = [match(1, 1, 0.9), match(1, 2, 0.1), match(2, 1, 0.9)]
    after = [match(1, 2, 0.9), match(1, 1, 0.1), match(2, 1, 0.8)]
    assert [(old.contact_id, new.contact_id) for old, new in changed(before, after)] == [(1, 2)]


def test_an_empty_set_has_no_figures_but_no_error(tmp_path):
    write_set(tmp_path, [], [], [])
    quality = evaluate(load_labeled(tmp_path), SHIPPED)
    assert (quality.f1, quality.auto_precision, quality.found_in_five) == (0, 0, 0)


@pytest.mark.skipif(not OFFICIALS.is_dir(), reason="the labeled set us-officials is not on this machine")
def test_the_shipped_model_is_good_enough_on_officials():
    quality = evaluate(load_labeled(OFFICIALS), SHIPPED)
    assert quality.found_in_five >= 0.99
    assert quality.auto_precision >= 0.995
    assert quality.auto_recall >= 0.75
    assert quality.recall_at_99 >= 0.9
    assert quality.f1 >= 0.97
