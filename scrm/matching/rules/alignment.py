"""What a profile says about each name of a contact: found where, and how well.

The dependence rule lives here. A handle that repeats the display name adds nothing (splink issue 198: naive sums
were worse than a plain similarity), so for each name the better of display name and handle is taken, never both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from rapidfuzz.distance import JaroWinkler

from scrm.matching.normalize import formal_names, short_names, skeleton
from scrm.matching.normalize.handles import Handle
from scrm.matching.normalize.names import Name
from scrm.matching.normalize.nicknames import are_nicknames
from scrm.matching.views import ContactView, PersonName, ProfileView

NEAR = 0.9  # Jaro-Winkler of squashed words; random pairs of words reach it about six times in ten thousand
SHORTEST_NEAR = 4
SHORTEST_BONES = 3
SHORTEST_INSIDE = 4
SHORTEST_SURNAME = 3  # a shorter one counts only beside the whole given name: weili


class Found(StrEnum):
    """How a name was found; the words are the levels of the rules."""

    EXACT = "exact"
    PART = "part"
    REVERSED = "reversed"
    MIDDLE = "middle"
    NICKNAME = "nickname"
    NEAR = "near"
    SKELETON = "skeleton"
    INITIAL = "initial"
    HANDLE = "handle"
    HANDLE_NICKNAME = "handle_nickname"
    HANDLE_INSIDE = "handle_inside"
    HANDLE_INITIAL = "handle_initial"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One name of the contact, found in one place of the profile."""

    level: Found
    theirs: str  # what the profile says
    ours: str  # what the contact says


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """All findings of a pair, display name and handle apart, and what was left over."""

    surname: tuple[Finding, ...] = ()
    given: tuple[Finding, ...] = ()
    middle: tuple[Finding, ...] = ()
    left_words: tuple[str, ...] = ()  # of the display name, explained by nothing
    left_initials: tuple[str, ...] = ()
    in_display: frozenset[str] = field(default_factory=frozenset)  # "surname", "given"
    in_handle: bool = False
    left_in_handle: tuple[str, ...] = ()  # words of the handle beside the surname, explained by nothing


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
    surname = _surname_shown(person, left, shown)
    given = _given_shown(person, left)
    if surname is None:
        surname = _close(person.surname + person.surname_parts, left)
    if surname is None and given and given.level is not Found.INITIAL and person.surname and not left.words:
        surname = _initial(person.surname[0], left)
    if surname and given and given.level is Found.EXACT and _is_reversed(shown, surname, given):
        surname = Finding(level=Found.REVERSED, theirs=surname.theirs, ours=surname.ours)
    middle = _middle_shown(person, left) if surname and given else None
    handle_surname, handle_given = _in_handle(person, profile.handle_read)
    return Alignment(
        surname=tuple(finding for finding in (surname, handle_surname) if finding),
        given=tuple(finding for finding in (given, handle_given) if finding),
        middle=(middle,) if middle else (),
        left_words=tuple(word for word in left.words if word not in person.words),
        left_initials=tuple(left.initials),
        in_display=frozenset(
            label for label, finding in (("surname", surname), ("given", given)) if finding is not None
        ),
        in_handle=bool(handle_surname or handle_given),
        left_in_handle=_left_in_handle(person, profile.handle_read) if handle_surname else (),
    )


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
        if part in left.words or part in shown.parts:
            left.take(part)
            # the whole double surname that holds the part is explained with it
            left.words = [word for word in left.words if part not in word or word in person.given]
            return Finding(level=Found.PART, theirs=part, ours=person.surname[0] if person.surname else part)
    return None


def _given_shown(person: PersonName, left: _Leftover) -> Finding | None:
    """Try, best first: the name itself, a short form, a middle name, a spelling mistake, an initial."""
    return (
        _same(person.given, left, Found.EXACT)
        or _nickname(person, left)
        or _same(person.middle, left, Found.MIDDLE)
        or _close(person.given, left)
        or _first_letter(person.given or tuple(filter(None, (person.given_initial,))), left)
    )


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


def _close(ours: Iterable[str], left: _Leftover) -> Finding | None:
    """Find a spelling mistake, or the same consonants from another script."""
    for mine in ours:
        if len(mine) < SHORTEST_NEAR:
            continue
        for word in left.words:
            if len(word) >= SHORTEST_NEAR and JaroWinkler.similarity(mine, word) >= NEAR:
                left.take(word)
                return Finding(level=Found.NEAR, theirs=word, ours=mine)
        bones = skeleton(mine)
        if len(bones) >= SHORTEST_BONES:
            for word in left.words:
                if skeleton(word) == bones:
                    left.take(word)
                    return Finding(level=Found.SKELETON, theirs=word, ours=mine)
    return None


def _is_reversed(shown: Name, surname: Finding, given: Finding) -> bool:
    """Tell "Thomas James" from "James Thomas": two people more often than one, unless a comma says otherwise."""
    if shown.was_reversed or surname.level is not Found.EXACT:
        return False
    words = shown.words
    return (
        surname.theirs in words and given.theirs in words and words.index(surname.theirs) < words.index(given.theirs)
    )


def _middle_shown(person: PersonName, left: _Leftover) -> Finding | None:
    others = (*person.middle, *person.middle_initials, *person.given[1:])
    return _same(person.middle, left, Found.EXACT) or _first_letter(others, left)


def _in_handle(person: PersonName, handle: Handle) -> tuple[Finding | None, Finding | None]:
    core = handle.core
    if not core:
        return None, None
    for surname in person.surname + person.surname_parts:
        at = _place_in(core, surname)
        if at < 0:
            continue
        before, after = core[:at], core[at + len(surname) :]
        given = _given_beside(person, before, after)
        stands_alone = surname in handle.words or not (before or after)
        explained = given is not None and given.level in {Found.HANDLE, Found.HANDLE_NICKNAME}
        if len(surname) < SHORTEST_SURNAME and not explained:
            continue
        explained = explained or (given is not None and given.level is Found.HANDLE_INITIAL)
        if not stands_alone and not explained and len(surname) < SHORTEST_INSIDE:
            continue
        level = Found.HANDLE if stands_alone or explained else Found.HANDLE_INSIDE
        return Finding(level=level, theirs=core, ours=surname), given
    return _without_surname(person, handle)


def _place_in(core: str, surname: str) -> int:
    """Find a surname in a handle; one of two letters (Li, Yu) only at either end."""
    if len(surname) >= SHORTEST_SURNAME:
        return core.find(surname)
    if core.endswith(surname):
        return len(core) - len(surname)
    return 0 if core.startswith(surname) else -1


def _left_in_handle(person: PersonName, handle: Handle) -> tuple[str, ...]:
    said = "".join(person.words)
    return tuple(word for word in handle.words if len(word) > 2 and word not in said)


def _given_beside(person: PersonName, before: str, after: str) -> Finding | None:
    """Find the given name in what the surname leaves of the handle: whole, short, as initial, or inside."""
    rests = tuple(rest for rest in (before, after) if rest)
    beside = tuple((name, rest) for name in person.given + person.middle for rest in rests)
    for name, rest in beside:
        if rest == name or (len(name) > 2 and _is_name_and_initial(rest, name)):
            return Finding(level=Found.HANDLE, theirs=rest, ours=name)
        if rest in short_names(name) or rest in formal_names(name):
            return Finding(level=Found.HANDLE_NICKNAME, theirs=rest, ours=name)
    firsts = person.given or tuple(filter(None, (person.given_initial,)))
    for name, rest in ((name, rest) for name in firsts for rest in rests):
        if rest[0] == name[0] and len(rest) <= 2:
            return Finding(level=Found.HANDLE_INITIAL, theirs=rest, ours=name)
    for name, rest in beside:
        if len(name) >= SHORTEST_INSIDE and name in rest:
            return Finding(level=Found.HANDLE_INSIDE, theirs=rest, ours=name)
    return None


def _is_name_and_initial(rest: str, name: str) -> bool:
    return rest.startswith(name) and len(rest) == len(name) + 1


def _without_surname(person: PersonName, handle: Handle) -> tuple[Finding | None, Finding | None]:
    """Find janed, jane or a nickname alone in a handle."""
    core = handle.core
    for name in person.given + person.middle:
        for word in (name, *short_names(name)):
            if len(word) < SHORTEST_NEAR - 1:
                continue
            level = Found.HANDLE if word == name else Found.HANDLE_NICKNAME
            given = Finding(level=level, theirs=word, ours=name)
            rest = core[len(word) :] if core.startswith(word) else None
            if rest is not None and person.surname and rest == person.surname[0][0]:
                return Finding(level=Found.HANDLE_INITIAL, theirs=rest, ours=person.surname[0]), given
            if rest == "" or word in handle.words:
                return None, given
            if word == name and len(word) > SHORTEST_INSIDE and word in core:
                return None, Finding(level=Found.HANDLE_INSIDE, theirs=core, ours=name)
    return None, None
