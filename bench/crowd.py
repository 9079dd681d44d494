"""Invented people for measuring matching at scale: a CRM's contacts, and profiles of whom one in five is a stranger.

How common names are follows the United States' censuses (surnames 2010, first names 1990): the shares at a few ranks,
rounded from memory, with straight lines between them on a double logarithmic scale. The names themselves are common
ones where the rank allows, else made of syllables. Person `n` of a seed is the same however many are made.

A contact is complete. Its profile shows the name (one in ten each: a short form, a typing mistake), the e-mail
address in 30 of 100 cases, the company in 40 and the city in 60; one company in twenty and one city in ten is another
by now. A handle follows one of the patterns counted on 15,000 real pairs; of the profiles whose handle tells the
name, a share shows no other name if asked.
"""

import csv
import math
import random
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import scrm.matching

STRANGERS, SHORT_FORMS, MISTAKES = 0.2, 0.1, 0.1
SHOWS_EMAIL, SHOWS_COMPANY, SHOWS_CITY = 0.3, 0.4, 0.6
OTHER_COMPANY, OTHER_CITY = 0.05, 0.1
FREE_MAIL = 0.6
SURNAMES = {
    1: 8.3e-3, 10: 3.6e-3, 20: 2.3e-3, 100: 9e-4, 1000: 1.2e-4, 10_000: 1.1e-5, 50_000: 1.2e-6, 160_000: 3.4e-7,
}  # fmt: skip
GIVEN = {1: 1.65e-2, 3: 1.55e-2, 10: 8e-3, 50: 3.2e-3, 100: 1.9e-3, 200: 9e-4, 500: 2.5e-4, 1000: 9e-5, 5000: 1e-5}
CITIES = {1: 2.5e-2, 2: 1.2e-2, 10: 3e-3, 100: 6e-4, 1000: 1e-4, 10_000: 8e-6, 20_000: 2e-6}
COMPANIES = {1: 2e-3, 10: 6e-4, 100: 1.5e-4, 1000: 3e-5, 10_000: 6e-6, 100_000: 1.2e-6, 300_000: 5e-7}
HANDLES = {"both": 0.362, "initial": 0.083, "short": 0.011, "extra": 0.113, "surname": 0.127, "given": 0.093}
TELLING = ("both", "initial", "short", "extra")
ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gl",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
)
SYLLABLES = [onset + vowel for onset in ONSETS for vowel in "aeiou"]
ENDS = ("n", "r", "s", "ck", "ld", "ng", "tt", "rd", "m", "lt", "nd", "st", "x")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Contact(NamedTuple):
    number: int
    first_name: str
    last_name: str
    email: str
    company: str
    city: str


class Profile(NamedTuple):
    number: int
    contact: int  # 0: a stranger
    first_name: str
    last_name: str
    email: str
    company: str
    city: str
    handle: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """Words and how they are shared out."""

    words: Sequence[str]
    sums: Sequence[float]

    def draw(self, rng: random.Random) -> str:
        return self.words[min(bisect(self.sums, rng.random() * self.sums[-1]), len(self.words) - 1)]

    def shares(self) -> dict[str, float]:
        """The share of people with each word."""
        before = [0.0, *self.sums[:-1]]
        total = self.sums[-1]
        return {word: (top - low) / total for word, low, top in zip(self.words, before, self.sums, strict=True)}


@dataclass(frozen=True, kw_only=True)
class World:
    """What people are made of."""

    given: Table
    surnames: Table
    cities: Table
    companies: Table
    short: Mapping[str, Sequence[str]]


@cache
def world() -> World:
    folder = Path(scrm.matching.__file__).parent / "data"
    short = {row["name"]: row["short"].split() for row in _rows(folder / "nicknames.csv")}
    common = [row["name"] for row in _rows(folder / "common_names.csv")]
    given = list(dict.fromkeys([name for name in common if name in short] + sorted(short)))
    surnames = [name for name in common if name not in short]
    rng = random.Random(5)
    return World(
        given=_table(GIVEN, given, rng, syllables=2),
        surnames=_table(SURNAMES, surnames, rng, syllables=3),
        cities=_table(CITIES, [], rng, syllables=3, ending="ton"),
        companies=_table(COMPANIES, [], rng, syllables=3, ending=" systems"),
        short=short,
    )


def contacts(start: int, stop: int, seed: int = 1) -> Iterator[Contact]:
    """Contacts number `start` to `stop` - 1; the first is number 1."""
    made = world()
    for number in range(start, stop):
        yield _contact(made, number, random.Random(seed * 1_000_000_007 + number))


def profiles(start: int, stop: int, size: int, *, seed: int = 1, nameless: float = 0.0) -> Iterator[Profile]:
    """Profiles number `start` to `stop` - 1, each of one of the first `size` contacts or of a stranger.

    No two are of the same contact while there are no more profiles than contacts.
    """
    made = world()
    step = 0.6180339887
    stride = max(int(size * step) | 1, 1)
    while math.gcd(stride, size) != 1:
        stride += 2
    for number in range(start, stop):
        rng = random.Random(-(seed * 1_000_000_007 + number))
        is_stranger = rng.random() < STRANGERS
        owner = (number * stride) % size + 1
        source = size * 1000 + number if is_stranger else owner
        person = _contact(made, source, random.Random(seed * 1_000_000_007 + source))
        yield _profile(made, person, number, rng, nameless)._replace(contact=0 if is_stranger else owner)


def _contact(made: World, number: int, rng: random.Random) -> Contact:
    first, last, company = made.given.draw(rng), made.surnames.draw(rng), made.companies.draw(rng)
    local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{last}", f"{last}.{first}"))
    if rng.random() < FREE_MAIL:
        email = f"{local}{rng.randint(1, 9999)}@freemail.example"
    else:
        email = f"{local}@{company.replace(' ', '-')}.example"
    return Contact(number, first, last, email, company, made.cities.draw(rng))


def _profile(made: World, person: Contact, number: int, rng: random.Random, nameless: float) -> Profile:
    first, last = person.first_name, person.last_name
    if first in made.short and rng.random() < SHORT_FORMS:
        first = rng.choice(made.short[first])
    if rng.random() < MISTAKES:
        first, last = (_mistake(first, rng), last) if rng.random() < 0.5 else (first, _mistake(last, rng))
    company = made.companies.draw(rng) if rng.random() < OTHER_COMPANY else person.company
    city = made.cities.draw(rng) if rng.random() < OTHER_CITY else person.city
    kind, handle = _handle(made, person, rng)
    if kind in TELLING and rng.random() < nameless:
        first = last = ""
    return Profile(
        number,
        0,
        first,
        last,
        person.email if rng.random() < SHOWS_EMAIL else "",
        company if rng.random() < SHOWS_COMPANY else "",
        city if rng.random() < SHOWS_CITY else "",
        handle,
    )


def _handle(made: World, person: Contact, rng: random.Random) -> tuple[str, str]:
    kind = rng.choices([*HANDLES, "unrelated"], [*HANDLES.values(), 1 - sum(HANDLES.values())])[0]
    first, last = person.first_name, person.last_name
    between, digits = rng.choice(("", "", "_", ".")), rng.choice(("", "", "", "", str(rng.randint(1, 99))))
    short = rng.choice(made.short.get(first, (first,)))
    forms = {
        "both": rng.choice((f"{first}{between}{last}", f"{last}{between}{first}")),
        "initial": rng.choice((f"{first[0]}{last}", f"{last}{first[0]}")),
        "short": f"{short}{between}{last}",
        "extra": f"{first}{last}{rng.choice(('dev', 'tx', 'writes', 'hq'))}",
        "surname": f"{last}{rng.choice(SYLLABLES)}{between}",
        "given": f"{first}{rng.choice(SYLLABLES)}{rng.choice(SYLLABLES)}",
        "unrelated": "".join(rng.choice(SYLLABLES) for _ in range(4)),
    }
    return kind, forms[kind] + digits


def _mistake(word: str, rng: random.Random) -> str:
    """One letter left out, doubled, wrong, or two of them swapped; the first letter stays."""
    if len(word) < 3:
        return word
    at = rng.randint(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + rng.choice(LETTERS) + word[at:],
            word[:at] + rng.choice(LETTERS) + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at > 1 else word + word[-1],
        )
    )


def _table(anchors: Mapping[int, float], words: Sequence[str], rng: random.Random, **shape: object) -> Table:
    count = max(anchors)
    taken = dict.fromkeys(words[:count])
    while len(taken) < count:
        taken[_word(rng, int(str(shape["syllables"]))) + str(shape.get("ending", ""))] = None
    return Table(words=tuple(taken), sums=tuple(accumulate(_share(anchors, rank) for rank in range(1, count + 1))))


def _word(rng: random.Random, syllables: int) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, syllables))) + rng.choice(ENDS)


def _share(anchors: Mapping[int, float], rank: int) -> float:
    ranks = list(anchors)
    after = min(max(bisect(ranks, rank), 1), len(ranks) - 1)
    low, high = ranks[after - 1], ranks[after]
    part = (math.log(rank) - math.log(low)) / (math.log(high) - math.log(low))
    return math.exp(math.log(anchors[low]) * (1 - part) + math.log(anchors[high]) * part)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(path.read_text(encoding="utf-8").splitlines())
