"""The directory's people and the sites they are members of.

A guest's user principal name is made of the real address: `ada_contoso.com#EXT#@nordwerk.onmicrosoft.com`
(learn.microsoft.com/entra/external-id/user-properties, from memory, 2026-11-24).
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrm.sandbox.sharepoint.ids import DIRECTORY_DOMAIN, HOST, guid
from scrm.sandbox.sharepoint.state import Site, SiteList, User

if TYPE_CHECKING:
    from scrm.sandbox.network import Person
    from scrm.sandbox.sharepoint.state import State

FOUNDED = datetime(2021, 3, 1, 9, tzinfo=UTC)
OWN = frozenset({"company", "staff"})
LET_IN = 3  # every third contact is a member of the closed site
SITES = (
    ("", "Nordwerk", "Startseite", True),
    ("partner", "Nordwerk Partner", "Für Kunden, Partner und alle, die mit uns arbeiten", True),
    ("vertrieb", "Nordwerk Vertrieb", "Vertrieb und ausgewählte Kunden", False),
)


class Accounts:
    """Opens accounts and changes them; the caller holds the lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        for name, display_name, description, is_open in SITES:
            site = Site(
                id=f"{HOST},{guid('site', name)},{guid('web', name)}",
                name=name,
                display_name=display_name,
                description=description,
                is_open=is_open,
                created_at=FOUNDED,
            )
            _add_list(site, "SitePages", "Site Pages", "webPageLibrary")
            _add_list(site, "Forum", "Forum", "genericList")
            state.sites[name] = site

    def add(self, person: Person, at: datetime) -> User:
        is_guest = person.role not in OWN
        user = User(
            id=guid("user", person.key),
            person=person,
            display_name=person.full_name,
            upn=_guest_name(person.email) if is_guest else person.email,
            mail=person.email,
            is_guest=is_guest,
            about=person.bio,
            created_at=at,
        )
        self._state.add_user(user)
        is_chosen = person.role == "contact" and zlib.crc32(person.key.encode()) % LET_IN == 0
        if not is_guest or is_chosen:
            self._state.sites["vertrieb"].members.add(user.id)
        return user

    def change(self, person_key: str, *, display_name: str | None, bio: str | None, handle: str | None) -> User:
        """Change a profile; a handle is the part of the user principal name before the @."""
        user = self._state.by_key[person_key]
        user.display_name = user.display_name if display_name is None else display_name
        user.about = user.about if bio is None else bio
        if handle is not None:
            user.upn = f"{handle}@{user.upn.rpartition('@')[2]}"
        self._state.touch_user(user)
        return user

    def hide_email(self, person_key: str) -> User:
        user = self._state.by_key[person_key]
        user.mail = None
        self._state.touch_user(user)
        return user


def _guest_name(email: str) -> str:
    return f"{email.replace('@', '_')}#EXT#@{DIRECTORY_DOMAIN}"


def _add_list(site: Site, name: str, display_name: str, template: str) -> None:
    one = SiteList(
        id=guid("list", site.name, name),
        site=site,
        name=name,
        display_name=display_name,
        template=template,
        created_at=FOUNDED,
        modified_at=FOUNDED,
    )
    site.lists[one.id] = one
