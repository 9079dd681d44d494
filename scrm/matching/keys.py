"""Blocking keys: which pairs of profile and contact are worth scoring.

A pair is a candidate when it shares a key that few contacts have; `choose` says which keys of a profile are looked
up, by how many contacts hold each. The same functions serve the online index and a backfill. A key is a signed 64-bit
number (SQLite and PostgreSQL have no other), made of family and value; what it was made of cannot be read back.

Names that thousands share are not dropped: name and city, name and company, name and mail domain are keys of their
own, and these stay rare where the name alone is not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import combinations
from struct import Struct
from typing import NewType

from scrm.matching.normalize import canonical_phone, fold_company, formal_names, parse_handle, short_names, skeleton
from scrm.matching.normalize.handles import Handle
from scrm.matching.normalize.persons import PersonName
from scrm.matching.normalize.text import clean, squash
from scrm.matching.views import ContactView, ProfileView

Key = NewType("Key", int)

MOST_CONTACTS_PER_KEY = 400
COUNTED_FROM = 16  # below this many contacts a key is looked up without asking how many hold it
MOST_ROWS = 1500  # that one profile may read of keys more common than that, rarest first
_SHORTEST_WORD = 3
_SHORTEST_FORM = 4
_MOST_WORDS = 6
_MOST_PLACES = 4
_READ = Struct("<q").unpack
_PHONE = re.compile(r"\+\d[\d ()/.-]{7,18}\d")
_JOINTS = frozenset({"ae", "oe", "ue"})


def make_key(family: str, value: str) -> Key:
    """Hash one value of one family: e, p, h, l, a, u, n, 2, i, t, k, b, d, c or w."""
    number: int = _READ(blake2b(f"{family}:{value}".encode(), digest_size=8).digest())[0]
    return Key(number)


def contact_keys(view: ContactView) -> set[Key]:
    """Give all keys under which a contact can be found."""
    return {make_key(family, value) for family, value in set(contact_values(view))}


def profile_keys(view: ProfileView) -> set[Key]:
    """Give all keys under which a profile's contact is looked up."""
    return {make_key(family, value) for family, value in set(profile_values(view))}


def choose(holders: Mapping[Key, int]) -> list[Key]:
    """Which keys to look up, given how many contacts hold each; a key that is missing there is held by none.

    Keys of fewer than COUNTED_FROM contacts always; then the rarest first while the rows are affordable, and none of
    more than MOST_CONTACTS_PER_KEY. Of keys held by equally many all are taken or none: no order decides.
    """
    chosen = [key for key, count in holders.items() if count < COUNTED_FROM]
    common: dict[int, list[Key]] = {}
    for key, count in holders.items():
        if COUNTED_FROM <= count <= MOST_CONTACTS_PER_KEY:
            common.setdefault(count, []).append(key)
    rows = 0
    for count, keys in sorted(common.items()):
        rows += count * len(keys)
        if rows > MOST_ROWS:
            break
        chosen += keys
    return chosen


def contact_values(view: ContactView) -> Iterator[tuple[str, str]]:
    """Give family and value of every key of a contact; one may come twice."""
    yield from _contact_identifiers(view)
    domains = view.employer_domains
    for domain in domains:
        yield "b", domain
    if view.is_company:
        if view.company_folded:
            yield "n", view.company_folded
        return
    person = view.name
    yield from _word_values(person.words, (person.given_initial, *person.middle_initials))
    yield from _in_context(person.words, view.places, (view.company_folded,))
    for form in _handle_forms(person):
        yield "l", form
    for domain in domains:
        for surname in person.surname + person.surname_parts:
            yield "d", f"{domain} {surname}"


def _contact_identifiers(view: ContactView) -> Iterator[tuple[str, str]]:
    for email in view.mailboxes:
        yield "e", email.address
        if not email.is_role:
            yield from _as_given(email.local)
    for handle in view.locals:
        yield from _form(handle.core)
        yield from _form(handle.full)
    for network, name in view.accounts:
        yield "a", f"{network}:{name}"
        yield from _as_given(name)
        yield from _form(parse_handle(name).core)
    for network, native_id in view.confirmed_ids:
        yield "a", f"{network}#{native_id}"
    for page in view.pages:
        yield "u", page
    for number in view.numbers:
        yield "p", number


def _handle_forms(name: PersonName) -> Iterator[str]:
    """Give what people make of their name: janedoe, doejane, jdoe, doej, janed, and the same with nicknames."""
    middle = (name.middle[0][:1] if name.middle else "") or "".join(name.middle_initials[:1])
    givens = _with_nicknames(name.given + name.middle)
    for surname in name.surname + name.surname_parts:
        for given in givens:
            yield _join(given, surname)
            yield _join(surname, given)
        for given in name.given[:1]:
            yield _join(given[0], surname)
            yield _join(surname, given[0])
            yield _join(given, surname[0])
            if middle:
                yield squash(given[0] + middle + surname)
                yield squash(given + middle + surname)
        if name.given_initial:
            yield _join(name.given_initial, surname)


def _join(one: str, other: str) -> str:
    """Squash two squashed words written together: only where they meet can anything change."""
    met = one[-1] + other[0]
    return squash(one + other) if met[0] == met[1] or met in _JOINTS else one + other


def _with_nicknames(words: Iterable[str]) -> dict[str, None]:
    found: dict[str, None] = {}
    for word in words:
        found[word] = None
        found.update(dict.fromkeys(short_names(word)))
        found.update(dict.fromkeys(formal_names(word)))
    return found


def _word_values(words: tuple[str, ...], initials: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give the keys both sides make of a name's words, in any order."""
    words = words[:_MOST_WORDS]
    if len(words) > 1:
        yield "n", " ".join(sorted(words))
    yield from _single_words(words)
    for pair in _pairs_of(words):
        yield "2", pair
    for one, other in combinations(words, 2):
        yield "i", f"{one[0]} {other}"
        yield "i", f"{other[0]} {one}"
        left, right = sorted((skeleton(one), skeleton(other)))
        if len(left) > 1 and len(left) + len(right) >= _SHORTEST_FORM:
            yield "k", f"{left} {right}"
    for initial in filter(None, initials):
        for word in words:
            yield "i", f"{initial} {word}"


def _in_context(words: tuple[str, ...], places: Iterable[str], firms: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give two words of a name, one with the other's initial, and one alone, beside a place or a company."""
    around = [("c", place) for place in places if place] + [("w", firm) for firm in firms if firm]
    if not around:
        return
    words = words[:_MOST_WORDS]
    found = [*words, *_pairs_of(words)]
    for one, other in combinations(words, 2):
        found += (f"{one[0]} {other}", f"{other[0]} {one}")
    for family, value in around:
        for pair in found:
            yield family, f"{value} {pair}"


def _single_words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        if len(word) >= _SHORTEST_WORD:
            yield "t", word


def _pairs_of(words: tuple[str, ...]) -> Iterator[str]:
    """Give any two words, each also as the names it may be short for."""
    spread = {word: (word, *formal_names(word)) for word in words}
    for one, other in combinations(words, 2):
        for left in spread[one]:
            for right in spread[other]:
                yield f"{left} {right}" if left < right else f"{right} {left}"


def _form(core: str) -> Iterator[tuple[str, str]]:
    if len(core) >= _SHORTEST_FORM:
        yield "l", core


def _as_given(handle: str) -> Iterator[tuple[str, str]]:
    """Give a handle as it is written, where digits or separators make it more than its letters."""
    name = handle.lower().lstrip("@").split("@", 1)[0]
    if len(name) >= _SHORTEST_FORM and not name.isalpha():
        yield "h", name


def profile_values(view: ProfileView) -> Iterator[tuple[str, str]]:
    """Give family and value of every key of a profile; one may come twice."""
    yield from _profile_identifiers(view)
    if view.is_organization:
        for text in (view.company_folded, fold_company(view.display_name)):
            if text:
                yield "n", text
    shown, handle = view.name, view.handle_read
    words = tuple(dict.fromkeys(shown.words + shown.called + shown.parts))
    yield from _word_values(words, shown.initials)
    named = words if len(words) > 1 else tuple(dict.fromkeys(words + handle.words))
    yield from _in_context(named, view.places[:_MOST_PLACES], (view.company_folded,))
    if len(words) == 1:
        yield from _form(words[0])  # JaneDoe, as a contact's name is written as a handle
    yield from _handle_values(handle)
    for domain in view.domains:
        yield "b", domain
        for word in words + handle.words:
            yield "d", f"{domain} {word}"


def _profile_identifiers(view: ProfileView) -> Iterator[tuple[str, str]]:
    for email in filter(None, (view.mailbox, *view.bio_mailboxes)):
        yield "e", email.address
        if not email.is_role:
            yield from _as_given(email.local)
            yield from _form(parse_handle(email.local).core)
    for network, name in (*((view.account,) if view.account else ()), *view.linked_accounts):
        yield "a", f"{network}:{name}"
    yield from _as_given(clean(view.handle))
    if view.native_id:
        yield "a", f"{view.network_word}#{view.native_id}"
    for page in view.pages:
        yield "u", page
    for written in _PHONE.findall(view.bio[:2000]) if "+" in view.bio else ():
        if number := canonical_phone(written):
            yield "p", number


def _handle_values(handle: Handle) -> Iterator[tuple[str, str]]:
    if not handle.core:
        return
    yield from _form(handle.core)
    yield from _form(handle.full)
    for core in {handle.core, handle.full}:
        if len(core) > _SHORTEST_FORM:
            yield "i", f"{core[0]} {core[1:]}"
            yield "i", f"{core[-1]} {core[:-1]}"
    words = handle.words[:_MOST_WORDS]
    yield from _single_words(words)
    for pair in _pairs_of(words):
        yield "2", pair
    for one, other in combinations(words, 2):
        yield from _form(_join(one, other))
    for run in handle.substrings():
        yield "t", run
