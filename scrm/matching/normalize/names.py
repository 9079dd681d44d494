"""A written name as the words it can be recognized by.

Order is not trusted: networks and CRMs write "Jane Doe", "Doe, Jane" and "DOE Jane". Nothing is guessed from a
single letter. Own tokenizer: nameparser and probablepeople cost 85 to 92 microseconds and think in English.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from scrm.matching.normalize.text import fold, to_latin
from scrm.matching.normalize.words import LEGAL_FORMS, NOT_NAME_PHRASES, NOT_NAMES, PARTICLES, SUFFIXES, TITLES

MOST_WORDS = 8
_NEVER_WORDS = TITLES | SUFFIXES | PARTICLES | NOT_NAMES
_QUOTED = re.compile(r"[\"“”„«»(]\s*([^\"“”„«»()]{2,30}?)\s*[\"“”„«»)]")
_WORD = re.compile(r"[a-z][a-z-]*")
_APOSTROPHE = re.compile(r"['’`]")


@dataclass(frozen=True, kw_only=True)
class Name:
    """Folded words in the order "given … surname"; one letter is an initial, never a word."""

    words: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    called: tuple[str, ...] = ()  # in quotes or brackets: Elizabeth "Betsy" Carr
    parts: tuple[str, ...] = ()  # the halves of double names; the whole stands among the words
    was_reversed: bool = False

    @property
    def everything(self) -> tuple[str, ...]:
        """All that may count as a word of this name, without repetition, in order."""
        return tuple(dict.fromkeys(self.words + self.called + self.parts))


NOBODY = Name()


@lru_cache(maxsize=16384)
def parse_name(text: str | None) -> Name:
    """Read a personal name; what is not a name (empty, one letter, "null") has no words."""
    latin = _APOSTROPHE.sub("", to_latin(text)) if text else ""
    if not latin or fold(latin) in NOT_NAME_PHRASES:
        return NOBODY
    called: list[str] = []
    for quoted in _QUOTED.findall(latin):
        called += [word for word in fold(quoted).split() if _is_name_word(word)]
    plain = _QUOTED.sub(" ", latin)
    before, comma, after = plain.partition(",")
    swapped = bool(comma) and any(_is_name_word(word) for word in fold(after).split())
    if swapped:
        plain = f"{after} {before}"
    words, initials, parts = _read_words(plain)
    if not words and called and not initials:
        words, called = called, []
    return Name(
        words=tuple(dict.fromkeys(words))[:MOST_WORDS],
        initials=tuple(initials)[:MOST_WORDS],
        called=tuple(dict.fromkeys(called)),
        parts=tuple(dict.fromkeys(parts)),
        was_reversed=swapped,
    )


def _is_name_word(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word not in _NEVER_WORDS


def _read_words(plain: str) -> tuple[list[str], list[str], list[str]]:
    words: list[str] = []
    initials: list[str] = []
    parts: list[str] = []
    raw = _WORD.findall(plain.lower().replace(".", " "))
    letters = [word for word in raw if len(word) > 1]
    for word in raw:
        halves = [half for half in word.split("-") if half]
        whole = "".join(halves)
        if len(whole) == 1:
            initials.append(whole)
        elif whole in PARTICLES and len(letters) <= 2 and whole not in {"der", "von", "van"}:
            # "Le Nguyen", "Ben Adams": where nothing else is left, a particle is the name itself
            words.append(whole)
        elif _is_name_word(whole):
            words.append(whole)
            if len(halves) > 1:
                parts += [half for half in halves if _is_name_word(half)]
    return words, initials, parts


@lru_cache(maxsize=16384)
def fold_company(text: str | None) -> str:
    """Fold a company's name without its legal form."""
    words = fold(text).split()
    kept = [word for word in words if word not in LEGAL_FORMS]
    folded = " ".join(kept or words)
    return "" if folded in NOT_NAMES or len(folded) < 2 else folded
