"""Blocking keys: which pairs of profile and contact are worth scoring.

A pair is a candidate when it shares a key that few contacts have (the caller drops a key held by more than
MOST_CONTACTS_PER_KEY). The same two functions serve the online index and a backfill. A key is a signed 64-bit
number (SQLite and PostgreSQL have no other), made of family and value; what it was made of cannot be read back.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import combinations
from struct import Struct
from typing import NewType

from scrm.matching.normalize import fold_company, formal_names, parse_handle, short_names, skeleton, squash
from scrm.matching.normalize.handles import Handle
from scrm.matching.views import ContactView, PersonName, ProfileView

Key = NewType("Key", int)

MOST_CONTACTS_PER_KEY = 400
_SHORTEST_WORD = 3
_SHORTEST_FORM = 4
_MOST_WORDS = 6
_READ = Struct("<q").unpack


def make_key(family: str, value: str) -> Key:
    """Hash one value of one family: e, l, a, u, n, 2, i, t, k or d."""
    number: int = _READ(blake2b(f"{family}:{value}".encode(), digest_size=8).digest())[0]
    return Key(number)


def contact_keys(view: ContactView) -> set[Key]:
    """Give all keys under which a contact can be found."""
    found = set(_contact_values(view))
    return {make_key(family, value) for family, value in found}


def profile_keys(view: ProfileView) -> set[Key]:
    """Give all keys under which a profile's contact is looked up."""
    found = set(_profile_values(view))
    return {make_key(family, value) for family, value in found}


def _contact_values(view: ContactView) -> Iterator[tuple[str, str]]:
    yield from _contact_identifiers(view)
    if view.is_company:
        if view.company_folded:
            yield "n", view.company_folded
        return
    person = view.name
    yield from _word_values(person.words, (person.given_initial, *person.middle_initials))
    for form in _handle_forms(person):
        yield "l", form
    for domain in view.employer_domains:
        for surname in person.surname + person.surname_parts:
            yield "d", f"{domain} {surname}"


def _contact_identifiers(view: ContactView) -> Iterator[tuple[str, str]]:
    for email in view.mailboxes:
        yield "e", email.address
    for handle in view.locals:
        yield from _form(handle.core)
        yield from _form(handle.full)
    for network, name in view.accounts:
        yield "a", f"{network}:{name}"
        yield from _form(parse_handle(name).core)
    for network, native_id in view.confirmed_ids:
        yield "a", f"{network}#{native_id}"
    for page in view.pages:
        yield "u", page


def _handle_forms(name: PersonName) -> Iterator[str]:
    """Give what people make of their name: janedoe, doejane, jdoe, doej, janed, and the same with nicknames."""
    middle = (name.middle[0][:1] if name.middle else "") or "".join(name.middle_initials[:1])
    for surname in name.surname + name.surname_parts:
        for given in _with_nicknames(name.given + name.middle):
            yield squash(given + surname)
            yield squash(surname + given)
        for given in name.given[:1]:
            yield squash(given[0] + surname)
            yield squash(surname + given[0])
            yield squash(given + surname[0])
            if middle:
                yield squash(given[0] + middle + surname)
                yield squash(given + middle + surname)
        if name.given_initial:
            yield squash(name.given_initial + surname)


def _with_nicknames(words: Iterable[str]) -> dict[str, None]:
    found: dict[str, None] = {}
    for word in words:
        found[word] = None
        found.update(dict.fromkeys(sorted(short_names(word))))
        found.update(dict.fromkeys(sorted(formal_names(word))))
    return found


def _word_values(words: tuple[str, ...], initials: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give the keys both sides make of a name's words, in any order."""
    words = words[:_MOST_WORDS]
    if len(words) > 1:
        yield "n", " ".join(sorted(words))
    yield from _single_words(words)
    yield from _pairs_of(words)
    for one, other in combinations(words, 2):
        yield "i", f"{one[0]} {other}"
        yield "i", f"{other[0]} {one}"
        left, right = sorted((skeleton(one), skeleton(other)))
        if len(left) > 1 and len(left) + len(right) >= _SHORTEST_FORM:
            yield "k", f"{left} {right}"
    for initial in filter(None, initials):
        for word in words:
            yield "i", f"{initial} {word}"


def _single_words(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        if len(word) >= _SHORTEST_WORD:
            yield "t", word


def _pairs_of(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give any two words, each also as the names it may be short for."""
    spread = {word: (word, *formal_names(word)) for word in words}
    for one, other in combinations(words, 2):
        for left in spread[one]:
            for right in spread[other]:
                yield "2", f"{left} {right}" if left < right else f"{right} {left}"


def _form(core: str) -> Iterator[tuple[str, str]]:
    if len(core) >= _SHORTEST_FORM:
        yield "l", core


def _profile_values(view: ProfileView) -> Iterator[tuple[str, str]]:
    yield from _profile_identifiers(view)
    if view.is_organization:
        for text in (view.company_folded, fold_company(view.display_name)):
            if text:
                yield "n", text
    shown, handle = view.name, view.handle_read
    words = tuple(dict.fromkeys(shown.words + shown.called + shown.parts))
    yield from _word_values(words, shown.initials)
    yield from _handle_values(handle)
    for domain in view.domains:
        for word in words + handle.words:
            yield "d", f"{domain} {word}"


def _profile_identifiers(view: ProfileView) -> Iterator[tuple[str, str]]:
    for email in filter(None, (view.mailbox, *view.bio_mailboxes)):
        yield "e", email.address
        if not email.is_role:
            yield from _form(parse_handle(email.local).core)
    for network, name in (*((view.account,) if view.account else ()), *view.linked_accounts):
        yield "a", f"{network}:{name}"
    if view.native_id:
        yield "a", f"{view.network_word}#{view.native_id}"
    for page in view.pages:
        yield "u", page


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
    yield from _pairs_of(words)
    for one, other in combinations(words, 2):
        yield from _form(squash(one + other))
    for run in handle.substrings():
        yield "t", run
