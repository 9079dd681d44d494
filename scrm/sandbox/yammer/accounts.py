"""Who is in the network: the company's own people, guests of its directory, people from networks of their own.

Two communities stand from the beginning, both made by an administrator who comes with the network: everybody is in
the open one; the staff and some contacts are in the closed one. Who comes from where and whose address the network
made up is settled by the key, the same every time.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY, person
from scrm.sandbox.yammer.ids import group_id, user_id
from scrm.sandbox.yammer.state import Group, Network, User

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person
    from scrm.sandbox.yammer.life import Life
    from scrm.sandbox.yammer.state import State

OPEN, CLOSED = "partner", "vertrieb"
COMMUNITIES = {
    OPEN: ("Nordwerk Partner", "Alle, die mit Nordwerk arbeiten", False),
    CLOSED: ("Nordwerk Vertrieb", "Vertrieb und ausgewählte Kunden", True),
}
ADMINISTRATOR = "engage_administrator"
OURS = frozenset({"company", "staff", ADMINISTRATOR})
HOME = Network(id=5_897_756_673, name="Nordwerk Antriebstechnik", domain="nordwerk.example")
ONE_IN = {"from elsewhere": 7, "made up": 9, "in the closed community": 2}


def _falls_on(what: str, key: str) -> bool:
    return zlib.crc32(f"{what} {key}".encode()) % ONE_IN[what] == 0


class Accounts:
    """Opens accounts and changes them; the caller holds the lock."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    def add(self, one: Person, at: datetime) -> User:
        if one.key in self._state.by_key:
            raise ValueError("this key has an account already")
        if not self._state.groups:
            self._found(at)
        user = self._add_user(one, at)
        self._state.group(OPEN).members[user.id] = at
        is_invited = (
            one.role == "contact" and not self.is_external(user) and _falls_on("in the closed community", one.key)
        )
        if one.role in OURS or is_invited:
            self._state.group(CLOSED).members[user.id] = at
        return user

    def _found(self, at: datetime) -> None:
        company = person(COMPANY_KEY)
        made = dataclasses.replace(
            company,
            key=ADMINISTRATOR,
            role=ADMINISTRATOR,
            full_name="Engage Administrator",
            first_name="Engage",
            last_name="Administrator",
            title="IT",
            email="engage.administrator@nordwerk.example",
            handle=ADMINISTRATOR,
            bio="",
            website="",
        )
        administrator = self._add_user(made, at)
        administrator.is_admin = True
        for key, (name, description, is_private) in COMMUNITIES.items():
            group = Group(
                id=group_id(key),
                key=key,
                full_name=name,
                description=description,
                is_private=is_private,
                creator=administrator,
                created_at=at,
                members={administrator.id: at},
            )
            self._state.groups[group.id] = group
            self._life.announce_creation(group, at)

    def _add_user(self, one: Person, at: datetime) -> User:
        is_ours = one.role in OURS
        user = User(
            id=user_id(one.key),
            person=one,
            home=HOME,
            name=_permalink(one.handle),
            full_name=one.full_name,
            first_name=one.first_name,
            last_name=one.last_name,
            email=one.email,
            summary=one.bio,
            created_at=at,
            is_guest=not is_ours,
            has_fake_email=not is_ours and _falls_on("made up", one.key),
        )
        if not is_ours and _falls_on("from elsewhere", one.key):
            user.home = _home_of(one)
        self._state.add_user(user)
        return user

    def is_external(self, user: User) -> bool:
        return user.home is not self._state.network

    def set_home(self, user: User, *, is_external: bool) -> None:
        user.home = _home_of(user.person) if is_external else self._state.network

    def change(self, user: User, *, display_name: str | None, bio: str | None, handle: str | None) -> None:
        user.summary = user.summary if bio is None else bio
        user.name = user.name if handle is None else _permalink(handle)
        if display_name is not None:
            user.full_name = display_name
            user.first_name, _, user.last_name = display_name.partition(" ")


def _home_of(one: Person) -> Network:
    domain = one.email.partition("@")[2]
    return Network(id=group_id(domain), name=one.company or domain, domain=domain)


def _permalink(handle: str) -> str:
    """Return the name in a person's address: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", handle.lower()).strip("-")
