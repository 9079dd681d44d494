"""Who is on LinkedIn: members and the page, made from the people of the cast.

A page is never without an administrator, so one member is made with it; the company's staff administer it as well.
Who may be seen by applications is settled by the key, the same every time: most are, a few have no name there, a
few are not shown at all.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.linkedin.leads import LeadForm
from scrm.sandbox.linkedin.routes import ADMINISTRATOR, LEAD_TYPES
from scrm.sandbox.linkedin.state import CLOSED, PRIVATE, VISIBLE, Member, Organization
from scrm.sandbox.linkedin.urns import person_id, small_number

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.linkedin.state import State
    from scrm.sandbox.network import Person

PAGE_ADMIN = "page_admin"
PRIVACIES = (PRIVATE, CLOSED, VISIBLE, VISIBLE, VISIBLE, VISIBLE, VISIBLE, VISIBLE)


class Accounts:
    """Opens accounts and finds who acts; the caller holds the lock."""

    def __init__(self, state: State, client_id: str) -> None:
        self._state = state
        self._client_id = client_id

    def add(self, person: Person, at: datetime) -> str:
        if person.key in self._state.by_key:
            raise ValueError("this key has an account already")
        if person.role == "company":
            return self._add_organization(person, at)
        member = self._add_member(person, at)
        if person.role == "staff":
            for page in self._state.organizations.values():
                page.roles[member.id] = (ADMINISTRATOR, at)
        return member.urn

    def _add_member(self, person: Person, at: datetime) -> Member:
        is_ours = person.role in {"staff", PAGE_ADMIN}
        has_place = person.title and person.company
        member = Member(
            id=person_id(self._client_id, person.key),
            person=person,
            first_name=person.first_name,
            last_name=person.last_name,
            headline=f"{person.title} · {person.company}" if has_place else person.bio,
            vanity_name=_vanity_name(person.handle),
            created_at=at,
            privacy=VISIBLE if is_ours else PRIVACIES[zlib.crc32(person.key.encode()) % len(PRIVACIES)],
        )
        self._state.add_member(member)
        return member

    def _add_organization(self, person: Person, at: datetime) -> str:
        page = Organization(
            id=small_number(person.key),
            person=person,
            name=person.full_name,
            vanity_name=_vanity_name(person.handle),
            description=person.bio,
            website=person.website,
            created_at=at,
        )
        self._state.add_organization(page)
        admin = dataclasses.replace(
            person,
            key=f"{person.key}_{PAGE_ADMIN}",
            handle=f"{person.handle}-page-admin",
            full_name=f"{person.first_name} Page Admin",
            last_name="Page Admin",
            role=PAGE_ADMIN,
        )
        people = [one for one in self._state.members.values() if one.person.role == "staff"]
        for member in [*people, self._add_member(admin, at)]:
            page.roles[member.id] = (ADMINISTRATOR, at)
        for lead_type in sorted(LEAD_TYPES):
            number = small_number(f"{person.key} {lead_type}")
            form = LeadForm(id=number, organization=page, lead_type=lead_type, created_at=at)
            self._state.forms[form.id] = form
        return page.urn

    def page(self) -> Organization:
        page = self._state.by_key[COMPANY_KEY]
        if not isinstance(page, Organization):
            raise TypeError("the company has a page")
        return page

    def agent_of(self, page: Organization) -> Member:
        """Return who writes in the name of a page."""
        member = self._state.by_key[f"{page.person.key}_{PAGE_ADMIN}"]
        if not isinstance(member, Member):
            raise TypeError("a page is administered by a member")
        return member

    def member(self, person_key: str) -> Member:
        """Return the member of this key; who acts for the page when it is the page's."""
        actor = self._state.by_key[person_key]
        return self.agent_of(actor) if isinstance(actor, Organization) else actor

    def members(self, person_key: str) -> list[Member]:
        """Return the member of this key, or everybody with a role on the page when it is the page's."""
        actor = self._state.by_key[person_key]
        return [actor] if isinstance(actor, Member) else [self._state.members[one] for one in actor.roles]

    def change(self, person_key: str, *, display_name: str | None, bio: str | None, handle: str | None) -> None:
        actor = self._state.by_key[person_key]
        actor.vanity_name = actor.vanity_name if handle is None else _vanity_name(handle)
        if isinstance(actor, Organization):
            actor.name = actor.name if display_name is None else display_name
            actor.description = actor.description if bio is None else bio
            return
        if display_name is not None:
            actor.first_name, _, actor.last_name = display_name.partition(" ")
        actor.headline = actor.headline if bio is None else bio


def _vanity_name(handle: str) -> str:
    """Return the end of a profile's address: letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", handle.lower()).strip("-")
