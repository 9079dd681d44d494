"""Which given names stand for which: Bill for William, Sascha for Alexander.

Read once from data/nicknames.csv, which this project wrote itself from general knowledge of English, German,
Dutch, Nordic, Slavic, Romance, Hungarian, Greek and Turkish usage. A short name may stand for several.
"""

import csv
from collections import defaultdict
from functools import cache
from importlib.resources import files

from scrm.matching.normalize.text import squash


@cache
def _tables() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    formal_of: dict[str, set[str]] = defaultdict(set)
    short_of: dict[str, set[str]] = defaultdict(set)
    text = files("scrm.matching").joinpath("data/nicknames.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        formal = squash(row["name"])
        for short in row["short"].split():
            if squash(short) != formal:
                formal_of[squash(short)].add(formal)
                short_of[formal].add(squash(short))
    return ({k: frozenset(v) for k, v in formal_of.items()}, {k: frozenset(v) for k, v in short_of.items()})


_NONE: frozenset[str] = frozenset()


def formal_names(word: str) -> frozenset[str]:
    """Names a squashed word may be short for; never itself."""
    return _tables()[0].get(word, _NONE)


def short_names(word: str) -> frozenset[str]:
    """Short names of a squashed word."""
    return _tables()[1].get(word, _NONE)


def are_nicknames(one: str, other: str) -> bool:
    """Tell whether one stands for the other, or both for a third: Bill and Will are both William."""
    mine, theirs = formal_names(one), formal_names(other)
    return other in mine or one in theirs or not mine.isdisjoint(theirs)
