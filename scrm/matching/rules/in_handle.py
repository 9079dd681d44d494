"""What a handle says of a contact's name: jdoe, doe_john82, janefragala, repsmithtx, janef, joshst."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from scrm.matching.normalize import formal_names, short_names
from scrm.matching.normalize.handles import Handle
from scrm.matching.normalize.persons import PersonName
from scrm.matching.rules.findings import Finding, Found

SHORTEST_GIVEN = 3
SHORTEST_INSIDE = 4
SHORTEST_SURNAME = 3  # a shorter one counts only beside the whole given name: weili
SHORTEST_PREFIX = 2


@dataclass(frozen=True, kw_only=True)
class HandleReading:
    """Surname and given name as a handle has them, and how many of its letters neither explains."""

    surname: Finding | None = None
    given: Finding | None = None
    letters_left: int = 0

    @property
    def worth(self) -> tuple[bool, int]:
        return (self.surname is not None and self.given is not None, -self.letters_left)


NOTHING = HandleReading()


def read_handle(person: PersonName, handle: Handle) -> HandleReading:
    """Find the reading that explains most: both names before one, then the fewest letters left."""
    if not handle.core:
        return NOTHING
    best = NOTHING
    for reading in _readings(person, handle):
        if best is NOTHING or reading.worth > best.worth:
            best = reading
    return best


def words_left(person: PersonName, handle: Handle) -> tuple[str, ...]:
    """Words of a handle that are none of the contact's."""
    said = "".join(person.words)
    return tuple(word for word in handle.words if len(word) > 2 and word not in said)


def _readings(person: PersonName, handle: Handle) -> Iterator[HandleReading]:
    found = False
    for core in dict.fromkeys((handle.core, handle.full)):
        for surname in person.surname + person.surname_parts:
            reading = _around_surname(person, handle, core, surname)
            if reading is not None:
                found = True
                yield reading
    if not found:
        yield from _without_surname(person, handle)


def _around_surname(person: PersonName, handle: Handle, core: str, surname: str) -> HandleReading | None:
    at = _place_in(core, surname)
    if at < 0:
        return None
    before, after = core[:at], core[at + len(surname) :]
    given, left = _given_beside(person, before, after)
    if (
        given is None
        and not before
        and handle.twice == surname[0]
        and person.given[:1]
        and person.given[0][0] == surname[0]
    ):
        # squashing made one letter of the initial and the surname's first
        given = Finding(level=Found.FIRST_LETTER, theirs=handle.twice, ours=person.given[0])
    stands_alone = surname in handle.words or not (before or after)
    is_whole = given is not None and given.level in {Found.WHOLE, Found.SHORT}
    if len(surname) < SHORTEST_SURNAME and not is_whole:
        return None
    is_explained = is_whole or (given is not None and given.level in {Found.FIRST_LETTER, Found.PREFIX})
    if not stands_alone and not is_explained and len(surname) < SHORTEST_INSIDE:
        return None
    level = Found.WHOLE if stands_alone or is_explained else Found.INSIDE
    return HandleReading(surname=Finding(level=level, theirs=core, ours=surname), given=given, letters_left=left)


def _place_in(core: str, surname: str) -> int:
    """Find a surname in a handle; one of two letters (Li, Yu) only at either end."""
    if len(surname) >= SHORTEST_SURNAME:
        return core.find(surname)
    if core.endswith(surname):
        return len(core) - len(surname)
    return 0 if core.startswith(surname) else -1


def _given_beside(person: PersonName, before: str, after: str) -> tuple[Finding | None, int]:
    """Find the given name in what the surname leaves of the handle, and count the letters still left."""
    rests = tuple(rest for rest in (before, after) if rest)
    everything = len(before) + len(after)
    for finding, explained in chain(_written_out(person, rests), _shortened(person, rests)):
        return finding, everything - explained
    return None, everything


Explained = tuple[Finding, int]  # and how many letters it explains


def _written_out(person: PersonName, rests: tuple[str, ...]) -> Iterator[Explained]:
    for name, rest in ((name, rest) for name in person.given + person.middle for rest in rests):
        if rest == name or (len(name) > 2 and _is_name_and_initial(rest, name)):
            yield Finding(level=Found.WHOLE, theirs=rest, ours=name), len(rest)
        elif rest in short_names(name) or rest in formal_names(name):
            yield Finding(level=Found.SHORT, theirs=rest, ours=name), len(rest)


def _shortened(person: PersonName, rests: tuple[str, ...]) -> Iterator[Explained]:
    firsts = person.given or tuple(filter(None, (person.given_initial,)))
    beside = tuple((name, rest) for name in firsts for rest in rests)
    for name, rest in beside:
        if rest == name[0] or rest in _initials(person, name):
            yield Finding(level=Found.FIRST_LETTER, theirs=rest, ours=name), len(rest)
    for name, rest in beside:
        if len(rest) >= SHORTEST_PREFIX and name.startswith(rest):
            yield Finding(level=Found.PREFIX, theirs=rest, ours=name), len(rest)
    for name, rest in ((name, rest) for name in person.given + person.middle for rest in rests):
        if len(name) >= SHORTEST_INSIDE and name in rest:
            yield Finding(level=Found.INSIDE, theirs=rest, ours=name), len(name)
    for name, rest in beside:
        if rest[0] == name[0] and len(rest) == SHORTEST_PREFIX:
            yield Finding(level=Found.FIRST_LETTER, theirs=rest, ours=name), 1


def _stands_out(name: str, core: str) -> bool:
    """Whether a first name in a handle is no accident: a longer one anywhere, one of four letters at either end."""
    if len(name) > SHORTEST_INSIDE:
        return name in core
    return len(name) == SHORTEST_INSIDE and (core.startswith(name) or core.endswith(name))


def _initials(person: PersonName, given: str) -> set[str]:
    """Two letters that stand for a given and a middle name: jq of Jane Quentin Fragala."""
    others = (*(word[0] for word in person.middle), *person.middle_initials)
    return {given[0] + other for other in others}


def _is_name_and_initial(rest: str, name: str) -> bool:
    return rest.startswith(name) and len(rest) == len(name) + 1


def _without_surname(person: PersonName, handle: Handle) -> Iterator[HandleReading]:
    """Find janed, janedo, jane or a nickname alone in a handle."""
    core = handle.core
    for name in person.given + person.middle:
        for word in (name, *sorted(short_names(name))):
            if len(word) < SHORTEST_GIVEN:
                continue
            given = Finding(level=Found.WHOLE if word == name else Found.SHORT, theirs=word, ours=name)
            rest = core[len(word) :] if core.startswith(word) else None
            if rest and person.surname and person.surname[0].startswith(rest):
                level = Found.FIRST_LETTER if len(rest) == 1 else Found.PREFIX
                surname = Finding(level=level, theirs=rest, ours=person.surname[0])
                yield HandleReading(surname=surname, given=given)
            elif rest == "" or word in handle.words:
                yield HandleReading(given=given, letters_left=len(core) - len(word))
            elif word == name and _stands_out(word, core):
                inside = Finding(level=Found.INSIDE, theirs=core, ours=name)
                yield HandleReading(given=inside, letters_left=len(core) - len(word))
