"""The calls of the Community Management API that read people, pages, posts, comments, reactions and notices.

Notices are kept for 60 days; comments come in an order of their own, not by time; what members post themselves is
closed to an app of a page (learn.microsoft.com/linkedin, read 2026-11-23; a live probe of June 2026).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.linkedin import entities, gate
from scrm.sandbox.linkedin.errors import RefusedError, parameter_fault
from scrm.sandbox.linkedin.paging import answer, page
from scrm.sandbox.linkedin.restli import project
from scrm.sandbox.linkedin.routes import ADMINISTRATOR, READERS
from scrm.sandbox.linkedin.state import Member, Organization, Post
from scrm.sandbox.linkedin.urns import PATTERNS, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Response

    from scrm.sandbox.linkedin.state import Comment, Notice, Reaction, State, Target

NOTICES_KEPT = timedelta(days=60)
MOST_FOUND = 10


class Reader:
    """Answers from the state, as the member behind the request may see it."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock

    def views(self) -> Mapping[str, Callable[[], Response]]:
        return {
            "me": self.me,
            "userinfo": self.userinfo,
            "person": self.person,
            "typeahead": self.typeahead,
            "acls_of_member": self.acls_of_member,
            "acls_of_organization": self.acls_of_organization,
            "organization": self.organization,
            "organization_by_name": self.organization_by_name,
            "organizations": self.organizations,
            "posts": self.posts,
            "some_posts": self.some_posts,
            "post": self.post,
            "comments": self.comments,
            "comment": self.comment,
            "reactions": self.reactions,
            "metadata": self.metadata,
            "notifications": self.notifications,
        }

    def me(self) -> Response:
        return answer(entities.member_entity(gate.member(), is_own=True))

    def userinfo(self) -> Response:
        return answer(entities.userinfo_entity(gate.member()))

    def person(self) -> Response:
        found = self._state.members.get(gate.key("id"))
        if found is None:
            raise RefusedError("NOT_FOUND")
        entity = entities.member_entity(found, is_own=found is gate.member())
        if entity is None:
            raise gate.refuse()
        return answer(_projected(entity))

    def typeahead(self) -> Response:
        organization = self._administered(gate.asked_text("organization"), READERS)
        words = gate.asked_text("keywords").lower()
        found = [self._state.members[one] for one in organization.followers]
        named = [one for one in found if words in one.name.lower()][:MOST_FOUND]
        return answer({"elements": [entities.follower_entity(one) for one in named]})

    def acls_of_member(self) -> Response:
        member = gate.member()
        found = [
            (one, member, *one.roles[member.id])
            for one in self._state.organizations.values()
            if member.id in one.roles
        ]
        wanted = gate.asked_text("role")
        is_approved = gate.asked_text("state", "APPROVED") == "APPROVED"
        rows = [row for row in found if is_approved and wanted in {"", row[2]}]
        return page(rows, lambda row: entities.acl_entity(*row), has_total=False)

    def acls_of_organization(self) -> Response:
        organization = self._administered(gate.asked_text("organization"), frozenset({ADMINISTRATOR}))
        wanted = gate.asked_text("role")
        rows = [
            (organization, self._state.members[one], role, since)
            for one, (role, since) in organization.roles.items()
            if wanted in {"", role}
        ]
        return page(rows, lambda row: entities.acl_entity(*row), has_total=False)

    def organization(self) -> Response:
        found = self._state.organizations.get(f"urn:li:organization:{gate.key('id')}")
        if found is None:
            raise RefusedError("NOT_FOUND")
        return answer(_projected(self._page_entity(found)))

    def organization_by_name(self) -> Response:
        name = gate.asked_text("vanityName").lower()
        found = [one for one in self._state.organizations.values() if one.vanity_name == name]
        return page(found, self._page_entity)

    def organizations(self) -> Response:
        asked = [str(one) for one in gate.asked("ids") or ()]
        known = {one: self._state.organizations.get(f"urn:li:organization:{one}") for one in asked}
        return _batch({one: self._page_entity(found) if found else None for one, found in known.items()})

    def _page_entity(self, organization: Organization) -> dict[str, Any]:
        is_administered = organization.role_of(gate.member()) == ADMINISTRATOR
        return entities.organization_entity(organization, is_administered=is_administered)

    def posts(self) -> Response:
        author = gate.asked_text("author")
        if PATTERNS["person"].fullmatch(author):
            raise RefusedError("MEMBER_AS_AUTHOR")
        if not PATTERNS["organization"].fullmatch(author):
            raise parameter_fault("author")
        organization = self._administered(author, READERS)
        by_change = gate.asked_text("sortBy", "LAST_MODIFIED") == "LAST_MODIFIED"
        own = self._state.written.get(organization.urn, [])
        own = sorted(own, key=lambda one: one.modified_at if by_change else one.created_at, reverse=True)
        return page(own, entities.post_entity)

    def some_posts(self) -> Response:
        asked = [str(one) for one in gate.asked("ids") or ()]
        found = {one: self._state.posts.get(one) for one in asked}
        for one in found.values():
            if one:
                self._check_readable(one)
        return _batch({urn: entities.post_entity(one) if one else None for urn, one in found.items()})

    def post(self) -> Response:
        found = self._state.posts.get(gate.key("post"))
        if found is None:
            raise RefusedError("NOT_FOUND")
        self._check_readable(found)
        return answer(entities.post_entity(found))

    def comments(self) -> Response:
        target = self._target()
        if isinstance(target, Post):
            found = [one for one in target.comments.values() if one.parent is None]
            # what is talked about stands above what is new
            found.sort(key=lambda one: (bool(one.replies), one.id), reverse=True)
        else:
            found = sorted(target.replies.values(), key=lambda one: one.id)
        return page(found, entities.comment_entity, has_total=False)

    def comment(self) -> Response:
        target, number = self._target(), int(gate.key("comment"))
        found: Comment | None = (target.comments if isinstance(target, Post) else target.replies).get(number)
        if found is None:
            raise RefusedError("NOT_FOUND")
        return answer(entities.comment_entity(found))

    def reactions(self) -> Response:
        sort = gate.asked("sort")
        order = sort["value"] if isinstance(sort, dict) else "REVERSE_CHRONOLOGICAL"

        def rank(one: Reaction) -> tuple[object, ...]:
            return (one.kind, one.actor.urn) if order == "RELEVANCE" else (one.at, one.actor.urn)

        found = sorted(self._target().reactions.values(), key=rank, reverse=order == "REVERSE_CHRONOLOGICAL")
        return page(found, entities.reaction_entity)

    def metadata(self) -> Response:
        return answer(entities.metadata_entity(self._target()))

    def notifications(self) -> Response:
        organization = self._administered(gate.asked_text("organizationalEntity"), frozenset({ADMINISTRATOR}))
        actions = {str(one) for one in gate.asked("actions") or ()}
        kept_since = milliseconds(self._clock() - NOTICES_KEPT)
        times = gate.asked("timeRange")
        times = times if isinstance(times, dict) else {}
        start, end = int(str(times.get("start", 0))), int(str(times.get("end", 2**62)))
        source = gate.asked_text("sourcePost")

        def is_asked_for(notice: Notice) -> bool:
            is_timely = max(start, kept_since) <= milliseconds(notice.at) <= end
            is_source = source in {"", notice.post.urn, notice.post.activity_urn}
            return notice.organization is organization and notice.action in actions and is_timely and is_source

        found = [notice for notice in reversed(self._state.notices) if is_asked_for(notice)]
        subscriber = gate.member()
        return page(
            found, lambda one: entities.notice_entity(one, self._state, subscriber, is_pushed=False), has_total=False
        )

    def _target(self) -> Target:
        found = self._state.target(gate.key("entity"))
        if found is None:
            raise RefusedError("NOT_FOUND")
        self._check_readable(found.post)
        return found

    def _check_readable(self, post: Post) -> None:
        if isinstance(post.author, Member):
            raise gate.refuse()
        self._administered(post.author.urn, READERS)

    def _administered(self, urn: str, roles: frozenset[str]) -> Organization:
        return administered(self._state, urn, roles)


def administered(state: State, urn: str, roles: frozenset[str]) -> Organization:
    """Return the page if the member behind the request has one of the roles on it, or refuse."""
    organization = state.organizations.get(urn)
    if organization is None or organization.role_of(gate.member()) not in roles:
        raise gate.refuse()
    return organization


def _batch(found: Mapping[str, dict[str, Any] | None]) -> Response:
    missing = [name for name, entity in found.items() if entity is None]
    return answer(
        {
            "results": {name: entity for name, entity in found.items() if entity is not None},
            "statuses": {name: 404 if name in missing else 200 for name in found},
            "errors": {name: {"status": 404, "message": "Could not find entity"} for name in missing},
        }
    )


def _projected(entity: dict[str, Any]) -> dict[str, Any]:
    wanted = gate.asked_text("fields") or gate.asked_text("projection")
    return project(entity, wanted) if wanted else entity
