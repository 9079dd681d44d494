"""Situations for tuning the matching: one set of real people, shown in the ways in which profiles differ.

The base is a labeled set of the usual three files. Only people of its development half take part (by a hash of the
contact's id), so that the other half can be looked at once at the end. Each situation keeps the contacts and changes
what a profile shows; what is made up follows shares counted on 15,000 real pairs (2026-11-23): how handles are made
of names, how often a handle is the mailbox, how often bio, link and company name the employer.

`named` and `bare` have only real handles and display names; the rest is partly invented, which is why no figure of
them is a promise.
"""

import hashlib
import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.alphabets import ARABIC, CYRILLIC, GREEK, transcribe
from scrm.matching.evaluate import Labeled, load_labeled
from scrm.matching.normalize import fold, short_names, squash
from scrm.matching.views import ContactView, Link, ProfileId, ProfileView

STRANGERS = 0.15
# share of handles by how they are made: developers, then people on a network where the real name is usual
DEVELOPERS = {
    "both": 0.27, "initial": 0.152, "short": 0.004, "extra": 0.044, "surname": 0.075, "given": 0.106, "prefix": 0.06,
    "own": 0.289,
}  # fmt: skip
PROFESSIONALS = {
    "both": 0.508, "initial": 0.095, "short": 0.004, "extra": 0.164, "surname": 0.046, "given": 0.06, "prefix": 0.02,
    "own": 0.103,
}  # fmt: skip
SPEAKERS = {
    "both": 0.229, "initial": 0.1, "short": 0.008, "extra": 0.054, "surname": 0.077, "given": 0.1, "prefix": 0.04,
    "own": 0.392,
}  # fmt: skip
SIX = ("x", "linkedin", "github", "facebook", "instagram", "youtube")
# ruff: noqa: SIM905 - a list of syllables is read as text
SYLLABLES = (
    "ba be bo da di du fa fi go ka ko la li lo ma mi mo na no pa po ra ri ro sa so ta to va vi za xi zu".split()
)
FIRMS = ("Nordwind", "Quellcode", "Brightfield", "Halvorsen", "Teklab", "Oakstone", "Vertigo Labs", "Sonnenhof")
Change = Callable[[ProfileView, ContactView | None, random.Random], ProfileView]


def is_development(contact: ContactView) -> bool:
    """Whether a contact belongs to the half that may be looked at; the same for everybody of one name."""
    return hashlib.sha256(fold(contact.full_name).encode()).digest()[0] % 2 == 0


def split(labeled: Labeled, *, development: bool) -> Labeled:
    """Give one half of a set: profiles by the name of their person, strangers by what they show; all contacts."""
    people = {contact.contact_id: contact for contact in labeled.contacts}

    def belongs(profile: ProfileView) -> bool:
        right = labeled.truth[profile.profile_id]
        shown = people[right].full_name if right is not None else f"{profile.native_id}"
        return (hashlib.sha256(fold(shown).encode()).digest()[0] % 2 == 0) is development

    kept = tuple(profile for profile in labeled.profiles if belongs(profile))
    return replace(labeled, profiles=kept, truth={row.profile_id: labeled.truth[row.profile_id] for row in kept})


def situations(folder: Path, *, development: bool = True) -> dict[str, Labeled]:
    """Make every situation of one half of the set in a folder."""
    base = split(load_labeled(folder), development=development)
    sets = {
        "named": base,
        "handles": _changed(base, handles),
        "bare": _changed(base, bare),
        "plain": _changed(base, plain),
        "scripts": _changed(base, other_script),
        "varied": _changed(base, varied),
    }
    for name, ways, many, show in (
        ("developers", DEVELOPERS, 1, False),
        ("open developers", DEVELOPERS, 1, True),
        ("speakers", SPEAKERS, 3, False),
    ):
        sets[name] = _developers(base, ways, many=many, is_open=show, size=4000 if many > 1 else 18_761)
    return sets


def _changed(base: Labeled, change: Change) -> Labeled:
    people = {contact.contact_id: contact for contact in base.contacts}
    profiles = []
    for profile in base.profiles:
        right = base.truth[profile.profile_id]
        dice = random.Random(f"{change.__name__} {profile.profile_id}")
        profiles.append(change(profile, people[right] if right else None, dice))
    return replace(base, profiles=tuple(profiles))


def bare(profile: ProfileView, _person: ContactView | None, _dice: random.Random) -> ProfileView:
    """Nothing but a handle."""
    return replace(profile, display_name="", location="", company="")


def handles(profile: ProfileView, _person: ContactView | None, _dice: random.Random) -> ProfileView:
    """No display name; place and party as they are."""
    return replace(profile, display_name="")


def plain(profile: ProfileView, _person: ContactView | None, dice: random.Random) -> ProfileView:
    """Display name and handle; place and party rarely."""
    return replace(profile, location=profile.location if dice.random() < 0.3 else "", company="")


def other_script(profile: ProfileView, _person: ContactView | None, dice: random.Random) -> ProfileView:
    """The display name in another alphabet, half of the time in the order surname first."""
    table = dice.choice((CYRILLIC, CYRILLIC, GREEK, ARABIC))
    words = fold(profile.display_name).split()
    if dice.random() < 0.1:
        words.reverse()
    return replace(profile, display_name=" ".join(transcribe(word, table) for word in words), location="", company="")


def varied(profile: ProfileView, person: ContactView | None, dice: random.Random) -> ProfileView:
    """A short form, an initial, a typing mistake, another order, marks, a title; or only the first name."""
    words = profile.display_name.split()
    first = squash(fold(words[0])) if words else ""
    way = dice.random()
    if way < 0.2 and short_names(first):
        words[0] = dice.choice(sorted(short_names(first))).capitalize()
    elif way < 0.35 and len(words) > 1:
        words[0] = f"{words[0][0]}."
    elif way < 0.5:
        words[-1] = slip(words[-1], dice)
    elif way < 0.6 and len(words) > 1:
        words = [f"{words[-1]},", *words[:-1]]
    elif way < 0.7:
        words = [
            unmarked(word) if dice.random() < 0.5 else f"{word}" for word in (*words, dice.choice(("PhD", "🚀")))
        ]
    elif way < 0.8:
        words = words[:1]
    elif way < 0.85 and person is not None:
        words = [words[0], f"{words[-1]}-{dice.choice(('Meyer', 'Quist', 'Torres'))}"]
    return replace(profile, display_name=" ".join(words), location="", company="")


def slip(word: str, dice: random.Random) -> str:
    """One letter dropped, doubled, exchanged or swapped."""
    if len(word) < 4:
        return word
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + dice.choice("aeinrst") + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )
    )


def unmarked(word: str) -> str:
    """Letters without their marks: Jurgen for Jürgen."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _developers(base: Labeled, ways: dict[str, float], *, many: int, is_open: bool, size: int) -> Labeled:
    """People with a mailbox of their own making and a handle; with display name, bio and firm if `is_open`."""
    dice = random.Random(f"developers {many} {is_open}")
    named = [row for row in base.contacts if row.name.given and row.name.surname]
    known = [row for row in named if is_development(row)]
    pool = dice.sample(named, min(size, len(named)))
    present = {row.contact_id for row in pool}
    people = [row for row in pool if is_development(row)][:2000]
    strangers = [row for row in known if row.contact_id not in present]
    strangers = (strangers or dice.sample(people, len(people) // 6))[
        : round(len(people) * STRANGERS / (1 - STRANGERS))
    ]
    gone = {row.contact_id for row in strangers} & present
    shown = {row.contact_id for row in (*people, *strangers)}
    firms = [f"{dice.choice(FIRMS)} {n}" for n in range(1, max(len(pool) // 8, 2))]
    contacts: dict[int, ContactView] = {}
    profiles: list[ProfileView] = []
    truth = {}
    for person in (*pool, *(row for row in strangers if row.contact_id not in present)):
        own = "".join(dice.choice(SYLLABLES) for _ in range(dice.choice((3, 3, 4, 4, 5))))
        firm = dice.choice(firms)
        domain = f"{fold(firm).replace(' ', '')}.com"
        mailbox = make_handle(person, ways, dice, own)
        has_mail = dice.random() < 0.75
        at = dice.choice(("gmail.com", "gmail.com", "hotmail.com", domain, f"{own}.net"))
        if person.contact_id in present and person.contact_id not in gone:
            contacts[person.contact_id] = replace(
                person,
                emails=(f"{mailbox}@{at}",) if has_mail else (),
                company=firm if is_open else "",
                title="", country="", city="",
            )  # fmt: skip
        if person.contact_id in shown:
            for network in dice.sample(SIX, many) if many > 1 else ("github",):
                habit = PROFESSIONALS if network == "linkedin" else ways
                is_same = dice.random() < (0.45 if network != "linkedin" else 0.2)
                handle = mailbox if is_same and has_mail else make_handle(person, habit, dice, own)
                profile = ProfileView(
                    profile_id=ProfileId(len(profiles) + 1),
                    network=network,
                    native_id=str(len(profiles)),
                    handle=handle,
                )
                profiles.append(_open(profile, person, firm, domain, dice) if is_open else profile)
                known_here = person.contact_id in contacts
                truth[profile.profile_id] = person.contact_id if known_here else None
    return Labeled(contacts=tuple(contacts.values()), profiles=tuple(profiles), truth=truth)


def make_handle(person: ContactView, ways: dict[str, float], dice: random.Random, own: str) -> str:
    """Make a handle of a name, or not of it, in one of the ways people do."""
    first, last = (fold(text).replace(" ", "") for text in (person.first_name or person.full_name, person.last_name))
    first, last = first or own, last or own
    between = dice.choice(("", "", "", "", "_", "-", "."))
    way = dice.choices(list(ways), weights=list(ways.values()))[0]
    short = sorted(short_names(squash(first)))
    made = {
        "both": lambda: dice.choice((first + between + last,) * 4 + (last + between + first,)),
        "initial": lambda: dice.choice((first[0] + last,) * 4 + (last + first[0], first + last[0])),
        "short": lambda: (dice.choice(short) if short else first) + between + last,
        "extra": lambda: first + between + last + dice.choice(("dev", "code", "nyc", "hq", "io", "tech", own[:4])),
        "surname": lambda: dice.choice((last, last, last + own[:3], "the" + last, own[:2] + last)),
        "given": lambda: dice.choice((first, first + own[:4], first + dice.choice(("dev", "js")), own[:3] + first)),
        "prefix": lambda: dice.choice((first + last[:3], first[:2] + last, first[:3] + last[:3])),
        "own": lambda: own,
    }[way]()  # fmt: skip
    return made + (str(dice.choice((1, 2, 7, 42, 84, 99, 1984, 2000))) if dice.random() < 0.13 else "")


def _open(profile: ProfileView, person: ContactView, firm: str, domain: str, dice: random.Random) -> ProfileView:
    """Show display name, bio, company and link as often as developers do."""
    links: Sequence[Link] = ()
    if dice.random() < 0.36:
        links = (Link(url=f"https://{domain}/team"),)
    elif dice.random() < 0.3:
        links = (Link(url=f"https://{squash(fold(person.last_name)) or 'me'}.dev"),)
    bio = dice.choice(("", "", "I write code.", "Open source, coffee, cats", "Rust and Python"))
    if dice.random() < 0.17:
        bio += f" Engineer at {firm}"
    company = ""
    if dice.random() < 0.45:
        has_moved = dice.random() < 0.45
        company = f"{dice.choice(FIRMS)} {dice.randrange(1, 2000)}" if has_moved else firm
    name = _shown(person, profile.handle, dice)
    return replace(profile, display_name=name, bio=bio, links=tuple(links), company=company)


def _shown(person: ContactView, handle: str, dice: random.Random) -> str:
    """The name as a developer shows it."""
    short = sorted(short_names(squash(fold(person.first_name)))) or [person.first_name]
    ways = {
        "": 0.08,
        handle: 0.08,
        person.first_name: 0.08,
        f"{person.first_name} {person.last_name[:1]}.": 0.04,
        f"{dice.choice(short).capitalize()} {person.last_name}": 0.06,
        person.full_name.lower(): 0.06,
        f"{dice.choice(('Kit', 'Ash', 'Neo', 'Max'))} {handle[:6].capitalize()}": 0.03,
    }
    rest = 1.0 - sum(ways.values())
    return dice.choices([*ways, person.full_name], weights=[*ways.values(), rest])[0]
