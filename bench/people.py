"""Standard sets of record linkage as people: one record of a person is the contact, another the profile.

Their names have typing mistakes and forms that office holders do not have. Which record is which, who is a stranger
and what a profile shows is drawn by chance, the same each time.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import duckdb

from scrm.matching.evaluate import Labeled
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView

STRANGERS = 0.15
SHOWN = 0.5  # of the people that have a profile
PLACES, TRADES = 0.5, 0.4  # of the profiles that show a place, or what the person does


class _People:
    """Contacts, profiles and truth as they are added, numbered from 1."""

    def __init__(self) -> None:
        self._contacts: list[ContactView] = []
        self._profiles: list[ProfileView] = []
        self._truth: dict[ProfileId, ContactId | None] = {}

    def add(
        self, native_id: str, dice: random.Random, contact: Mapping[str, str], profile: Mapping[str, str]
    ) -> None:
        """Add a person, or a stranger whose contact is not there."""
        is_stranger = dice.random() < STRANGERS
        if not is_stranger:
            self._contacts.append(ContactView(contact_id=ContactId(len(self._contacts) + 1), **contact))  # type: ignore[arg-type] - texts alone
        if dice.random() < SHOWN:
            profile_id = ProfileId(len(self._profiles) + 1)
            self._profiles.append(
                ProfileView(profile_id=profile_id, network="mastodon", native_id=native_id, **profile)  # type: ignore[arg-type] - texts alone
            )
            self._truth[profile_id] = None if is_stranger else self._contacts[-1].contact_id

    @property
    def labeled(self) -> Labeled:
        return Labeled(contacts=tuple(self._contacts), profiles=tuple(self._profiles), truth=self._truth)


def historical(folder: Path) -> Labeled:
    """Historical figures with errors (splink_datasets, MIT; derived from Wikidata, CC0)."""
    file = folder / "historical_figures_with_errors_50k.parquet"
    rows = duckdb.execute(
        "select cluster, unique_id, full_name, first_name, surname, birth_place, occupation from read_parquet(?) "
        "order by cluster, unique_id",
        [str(file)],
    ).fetchall()
    records = defaultdict(list)
    for cluster, *rest in rows:
        records[cluster].append([text or "" for text in rest])
    people = _People()
    for cluster, some in records.items():
        if len(some) < 2:
            continue
        dice = random.Random(cluster)
        (_, full, first, last, place, trade), (native_id, shown, _, _, born, does) = dice.sample(some, 2)
        people.add(
            native_id,
            dice,
            {"full_name": full, "first_name": first, "last_name": last, "city": place, "title": trade},
            {
                "display_name": shown.title(),
                "location": born if dice.random() < PLACES else "",
                "bio": does if dice.random() < TRADES else "",
            },
        )
    return people.labeled


def febrl(folder: Path) -> Labeled:
    """People of febrl 4 (BSD): names and suburbs with typing mistakes, some of them exchanged."""
    ours, theirs = (_febrl(folder / f"dataset4{side}.csv") for side in "ab")
    people = _People()
    for number in sorted(ours):
        one, other, dice = ours[number], theirs[number], random.Random(f"febrl {number}")
        first, last = one["given_name"], one["surname"]
        people.add(
            number,
            dice,
            {
                "full_name": f"{first} {last}".strip(), "first_name": first, "last_name": last,
                "city": one["suburb"], "country": one["state"],
            },
            {
                "display_name": f"{other['given_name']} {other['surname']}".strip().title(),
                "location": other["suburb"] if dice.random() < PLACES else "",
            },
        )  # fmt: skip
    return people.labeled


def _febrl(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, skipinitialspace=True)
        return {row["rec_id"].split("-")[1]: row for row in rows}
