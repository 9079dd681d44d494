"""What a profile says about each name of a contact: found where, and how well.

The dependence rule lives here. A handle that repeats the display name adds nothing (splink issue 198: naive sums
were worse than a plain similarity), so for each name the better of display name and handle is taken, never both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz.distance import OSA, Indel, JaroWinkler

from scrm.matching.normalize import skeleton
from scrm.matching.normalize.names import Name
from scrm.matching.normalize.nicknames import are_nicknames
from scrm.matching.normalize.persons import PersonName
from scrm.matching.normalize.text import squash
from scrm.matching.rules.findings import Finding, Found
from scrm.matching.rules.in_handle import read_handle, words_left
from scrm.matching.views import ContactView, ProfileView

NEAR = 0.9  # Jaro-Winkler of squashed words; random pairs of words reach it about six times in ten thousand
SHORTEST_NEAR = 4
SHORTEST_BONES = 3
SHORTEST_SLIP = 6  # one letter wrong in a shorter word makes another name: Meier is not Weier
LONGEST_SLIP = 3
LIKE_BONES = 0.75
LIKE_OTHER_SCRIPT = 0.82


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """All findings of a pair, display name and handle apart, and what was left over."""

    surname: Finding | None = None  # in the display name
    given: Finding | None = None
    middle: Finding | None = None
    handle_surname: Finding | None = None
    handle_given: Finding | None = None
    letters_left: int = 0  # of the handle, explained by nothing
    left_words: tuple[str, ...] = ()  # of the display name, explained by nothing
    left_initials: tuple[str, ...] = ()
    unmet_middle: tuple[str, ...] = ()  # middle names of the contact that the display name does not have
    in_display: frozenset[str] = field(default_factory=frozenset)  # "surname", "given"
    left_in_handle: tuple[str, ...] = ()  # words of the handle beside the surname, explained by nothing

    @property
    def has_surname(self) -> bool:
        return bool(self.surname or self.handle_surname)

    @property
    def has_given(self) -> bool:
        return bool(self.given or self.handle_given)

    @property
    def is_in_handle(self) -> bool:
        return bool(self.handle_surname or self.handle_given)


@dataclass(slots=True)
class _Leftover:
    """Words and initials of the display name that are still to be explained."""

    words: list[str]
    initials: list[str]

    def take(self, word: str) -> None:
        if word in self.words:
            self.words.remove(word)


def align(contact: ContactView, profile: ProfileView) -> Alignment:
    """Look for the contact's names in the display name, then in the handle."""
    person, shown = contact.name, profile.name
    if not person.words:
        return Alignment()
    left = _Leftover(words=list(dict.fromkeys(shown.words + shown.called)), initials=list(shown.initials))
    is_other = profile.is_other_script(contact)
    surname, given = _together(person, left)
    surname = surname or _surname_shown(person, left, shown)
    given = given or _given_shown(person, left, shown, is_other=is_other)
    if surname is None:
        surname = _close(person.surname + person.surname_parts, left, is_other=is_other)
    if surname is None and given and given.level is not Found.INITIAL and person.surname and not left.words:
        surname = _initial(person.surname[0], left)
    if surname and given and given.level is Found.EXACT and _is_reversed(shown, surname, given):
        surname = Finding(level=Found.REVERSED, theirs=surname.theirs, ours=surname.ours)
    middle = _middle_shown(person, left) if surname and given else None
    handle = read_handle(person, profile.handle_read)
    return Alignment(
        surname=surname,
        given=given,
        middle=middle,
        handle_surname=handle.surname,
        handle_given=handle.given,
        letters_left=handle.letters_left,
        left_words=tuple(word for word in left.words if word not in person.words),
        left_initials=tuple(left.initials),
        unmet_middle=_unmet_middle(person, shown) if surname and given and not is_other else (),
        in_display=frozenset(
            label for label, finding in (("surname", surname), ("given", given)) if finding is not None
        ),
        left_in_handle=words_left(person, profile.handle_read) if handle.surname else (),
    )


def _together(person: PersonName, left: _Leftover) -> tuple[Finding | None, Finding | None]:
    """Find surname and first name written as one word: JaneDoe, DoeJane."""
    if len(left.words) != 1:
        return None, None
    word = left.words[0]
    for surname in person.surname:
        for given in person.given:
            if word in {squash(given + surname), squash(surname + given)}:
                left.take(word)
                return (
                    Finding(level=Found.EXACT, theirs=word, ours=surname),
                    Finding(level=Found.EXACT, theirs=word, ours=given),
                )
    return None, None


def _surname_shown(person: PersonName, left: _Leftover, shown: Name) -> Finding | None:
    for surname in person.surname:
        if surname in left.words:
            left.take(surname)
            return Finding(level=Found.EXACT, theirs=surname, ours=surname)
        if len(left.words) > 1 and surname in {one + other for one, other in pairwise(shown.words)}:
            for part in person.surname_parts:
                left.take(part)
            return Finding(level=Found.EXACT, theirs=surname, ours=surname)
    for part in (*person.surname_parts, *(part for part in shown.parts if part in person.surname)):
        if part in left.words or (
            part in shown.parts and not (part in person.surname_parts and _is_double(part, shown))
        ):
            left.take(part)
            # the whole double surname that holds the part is explained with it
            left.words = [word for word in left.words if part not in word or word in person.given]
            return Finding(level=Found.PART, theirs=part, ours=person.surname[0] if person.surname else part)
    return None


def _is_double(part: str, shown: Name) -> bool:
    """Whether a part of a name is shown only inside a double one: Müller-Schmidt is not Müller-Lüdenscheidt."""
    return part not in shown.words and any(part in word for word in shown.words)


def _given_shown(person: PersonName, left: _Leftover, shown: Name, *, is_other: bool) -> Finding | None:
    """Try, best first: the name itself, a short form, a middle name, a spelling mistake, an initial."""
    return (
        _same(person.given, left, Found.EXACT)
        or _joined(person, left, shown)
        or _nickname(person, left)
        or _same(person.middle, left, Found.MIDDLE)
        or _close(person.given, left, is_other=is_other)
        or _first_letter(person.given or tuple(filter(None, (person.given_initial,))), left)
        or _two_letters(person, left)
    )


def _joined(person: PersonName, left: _Leftover, shown: Name) -> Finding | None:
    """Find a first name written as one word on one side and as two on the other: Jan Daniel, JanDaniel."""
    for one, other in pairwise(shown.words):
        if one + other in person.given:
            left.take(one)
            left.take(other)
            return Finding(level=Found.EXACT, theirs=one + other, ours=one + other)
    if person.given and person.middle and (both := person.given[0] + person.middle[0]) in left.words:
        left.take(both)
        return Finding(level=Found.EXACT, theirs=both, ours=person.given[0])
    return None


def _two_letters(person: PersonName, left: _Leftover) -> Finding | None:
    """Find JD for James David and JP for Jean-Pierre."""
    for word in left.words:
        if len(word) == 2 and word in _written_as_two(person):
            left.take(word)
            return Finding(level=Found.INITIAL, theirs=word, ours=person.given[0])
    return None


def _written_as_two(person: PersonName) -> set[str]:
    given = person.given[:1]
    others = (*(word[0] for word in person.middle), *person.middle_initials)
    parts = person.given[1:]
    pairs = {parts[0][0] + parts[1][0]} if len(parts) > 1 else set()
    return pairs | {name[0] + other for name in given for other in others}


def _same(ours: Iterable[str], left: _Leftover, level: Found) -> Finding | None:
    for mine in ours:
        if mine in left.words:
            left.take(mine)
            return Finding(level=level, theirs=mine, ours=mine)
    return None


def _nickname(person: PersonName, left: _Leftover) -> Finding | None:
    for given in person.given:
        for word in left.words:
            if are_nicknames(given, word):
                left.take(word)
                return Finding(level=Found.NICKNAME, theirs=word, ours=given)
    return None


def _first_letter(ours: Iterable[str], left: _Leftover) -> Finding | None:
    """Let an initial on either side stand for the name on the other."""
    for mine in ours:
        if mine[0] in left.initials:
            return _initial(mine, left)
        if len(mine) == 1:
            for word in left.words:
                if word[0] == mine:
                    left.take(word)
                    return Finding(level=Found.INITIAL, theirs=word, ours=mine)
    return None


def _initial(word: str, left: _Leftover) -> Finding | None:
    if word[0] not in left.initials:
        return None
    left.initials.remove(word[0])
    return Finding(level=Found.INITIAL, theirs=word[0], ours=word)


def _close(ours: Iterable[str], left: _Leftover, *, is_other: bool) -> Finding | None:
    """Find a spelling mistake, or the same consonants; from another script, also what only resembles it."""
    for mine in ours:
        if len(mine) < SHORTEST_NEAR:
            continue
        for word in left.words:
            if len(word) >= SHORTEST_NEAR and _is_near(mine, word):
                left.take(word)
                return Finding(level=Found.NEAR, theirs=word, ours=mine)
        bones = skeleton(mine)
        if len(bones) >= SHORTEST_BONES:
            for word in left.words:
                if skeleton(word) == bones:
                    left.take(word)
                    return Finding(level=Found.SKELETON, theirs=word, ours=mine)
    return _from_other_script(ours, left) if is_other else None


def _is_near(one: str, other: str) -> bool:
    """Tell whether two squashed words may be one, misspelled; what differs at the end weighs as at the start."""
    if abs(len(one) - len(other)) > LONGEST_SLIP:
        return False
    return JaroWinkler.similarity(one, other) >= NEAR or (
        min(len(one), len(other)) >= SHORTEST_SLIP and OSA.distance(one, other, score_cutoff=1) <= 1
    )


def _from_other_script(ours: Iterable[str], left: _Leftover) -> Finding | None:
    for mine in ours:
        bones = skeleton(mine)
        for word in left.words:
            theirs = skeleton(word)
            if len(bones) > 1 and len(theirs) > 1 and Indel.normalized_similarity(bones, theirs) >= LIKE_BONES:
                left.take(word)
                return Finding(level=Found.OTHER_SCRIPT, theirs=word, ours=mine)
            if JaroWinkler.similarity(mine, word) >= LIKE_OTHER_SCRIPT:
                left.take(word)
                return Finding(level=Found.OTHER_SCRIPT, theirs=word, ours=mine)
    return None


def _is_reversed(shown: Name, surname: Finding, given: Finding) -> bool:
    """Tell "Thomas James" from "James Thomas": two people more often than one, unless a comma says otherwise."""
    if shown.was_reversed or surname.level is not Found.EXACT:
        return False
    words = shown.words
    return (
        surname.theirs in words and given.theirs in words and words.index(surname.theirs) < words.index(given.theirs)
    )


def _unmet_middle(person: PersonName, shown: Name) -> tuple[str, ...]:
    words = shown.words + shown.parts
    return tuple(
        word
        for word in person.middle
        if word[0] not in shown.initials
        and not any(word == other or are_nicknames(word, other) or _is_near(word, other) for other in words)
    )


def _middle_shown(person: PersonName, left: _Leftover) -> Finding | None:
    others = (*person.middle, *person.middle_initials, *person.given[1:])
    return _same(person.middle, left, Found.EXACT) or _first_letter(others, left)
