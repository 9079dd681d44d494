"""The calls that read people, places and streams, and those that manage webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, g, json, request

from scrm.sandbox.jive import selection
from scrm.sandbox.jive.activities import Teller, collected, cut, last
from scrm.sandbox.jive.entities import SUMMARY_FIELDS, Entities
from scrm.sandbox.jive.problems import JSON, RefusedError, malformed
from scrm.sandbox.jive.state import STATES, may_enter, may_know, may_see
from scrm.sandbox.jive.times import moment, shown, stamp
from scrm.sandbox.jive.webhooks import callback_of, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from scrm.sandbox.jive.routes import Call
    from scrm.sandbox.jive.state import Account, Activity, Place, State
    from scrm.sandbox.jive.webhooks import Webhook, Webhooks

CREATED, NO_CONTENT = 201, 204


def viewer() -> Account:
    account: Account = g.viewer
    return account


def call() -> Call:
    found: Call = g.call
    return found


def answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type=JSON)


def number_of(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise malformed("the id in the address is no number")
    return int(text)


class Reader:
    """Answers about people, places and streams."""

    def __init__(self, state: State, entities: Entities, teller: Teller) -> None:
        self._state = state
        self._entities = entities
        self._teller = teller

    def views(self) -> dict[str, Callable[..., Response]]:
        return {
            "me": lambda: self._shown(viewer()),
            "people": self._people,
            "person": lambda person: self._shown(self.account(person)),
            "person_by_email": self._by_email,
            "person_by_username": self._by_username,
            "followers": self._followers,
            "following": self._following,
            "places": lambda: self._places(None),
            "place": lambda place: answer(selection.with_fields(self._entities.place(self.place(place)))),
            "place_places": lambda place: self._places(self.place(place)),
            "place_members": self._place_members,
            "person_members": self._person_members,
            "activities": lambda: self._stream(self._state.activities),
            "person_activities": self._person_activities,
            "place_activities": self._place_activities,
            "inbox": self._inbox,
            "search_people": self._people,
            "search_places": lambda: self._places(None),
        }

    def account(self, text: str) -> Account:
        found = viewer() if text == "@me" else self._state.accounts.get(number_of(text))
        if found is None:
            raise RefusedError(404, "ID does not identify a valid user")
        return found

    def place(self, text: str) -> Place:
        found = self._state.places.get(number_of(text))
        if found is None or not may_know(viewer(), found):
            raise RefusedError(404, "The specified place does not exist")
        return found

    def _shown(self, account: Account) -> Response:
        entity = self._entities.person(account, is_own=account is viewer())
        return answer(selection.with_fields(entity, SUMMARY_FIELDS))

    def _by_email(self, email: str) -> Response:
        # a hidden address finds nobody, or the call would tell whose it is
        for one in self._state.accounts.values():
            if one.person.email.lower() == email.lower() and (one.is_email_shown or one is viewer()):
                return self._shown(one)
        raise RefusedError(404, "Email address does not identify a valid user")

    def _by_username(self, username: str) -> Response:
        for one in self._state.accounts.values():
            if one.username.lower() == username.lower():
                return self._shown(one)
        raise RefusedError(404, "Username does not identify a valid user")

    def listed_people(self, accounts: list[Account]) -> Response:
        """Answer with a list of people: in summary unless more fields are asked for."""

        def show(account: Account) -> dict[str, Any]:
            entity = self._entities.person(account, is_own=account is viewer())
            return selection.with_fields(entity, SUMMARY_FIELDS, is_summary=True)

        return answer(selection.page_of(call(), accounts, show))

    def _people(self) -> Response:
        filters = selection.filters_of(call(), self._state.api)
        sort = selection.sort_of(call())
        ids = request.args.get("ids")
        wanted = None if ids is None else {number_of(one) for one in ids.split(",")}
        if request.args.get("query"):
            filters["search"] = [*filters.get("search", []), *request.args["query"].split()]
        if call().name == "search_people" and "search" not in filters:
            raise malformed("filter search is required")
        people = [
            one
            for one in self._state.accounts.values()
            if (wanted is None or one.id in wanted) and self._is_wanted(one, filters)
        ]
        return self.listed_people(_sorted_people(people, sort))

    def _is_wanted(self, one: Account, filters: dict[str, list[Any]]) -> bool:
        if not one.is_enabled and not filters.get("include-disabled", [False])[0]:
            return False
        if one.is_partner and not filters.get("include-partner", [True])[0]:
            return False
        if filters.keys() & {"tag", "hire-date"} or filters.get("include-online", [False])[0]:
            return False  # nobody here has tags or a hire date, and who is online is not played
        person = one.person
        department = person.title if person.role == "staff" else ""
        fields = {
            "company": person.company,
            "department": department,
            "location": person.city,
            "title": person.title,
        }
        if any(filters[name][0].lower() != value.lower() for name, value in fields.items() if name in filters):
            return False
        times = {"updated": one.updated_at, "published": one.joined_at, "lastProfileUpdate": one.updated_at}
        if not all(_is_since(at, filters[name]) for name, at in times.items() if name in filters):
            return False
        is_by_name = filters.get("nameonly", [False])[0]
        about = one.display_name if is_by_name else f"{one.display_name} {one.username} {person.company} {one.bio}"
        return all(word.strip("*").lower() in about.lower() for word in filters.get("search", []))

    def _followers(self, person: str) -> Response:
        return self.listed_people([self._state.accounts[one] for one in self.account(person).followers])

    def _following(self, person: str) -> Response:
        account = self.account(person)
        return self.listed_people([one for one in self._state.accounts.values() if account.id in one.followers])

    def _places(self, parent: Place | None) -> Response:
        filters = selection.filters_of(call(), self._state.api)
        sort = selection.sort_of(call())
        if call().name == "search_places" and "search" not in filters:
            raise malformed("filter search is required")
        kinds, words = filters.get("type"), filters.get("search", [])
        places = [
            one
            for one in self._state.places.values()
            if (parent is None or one.parent is parent)
            and (kinds is None or one.kind in kinds)
            and "tag" not in filters
            and all(word.strip("*").lower() in one.name.lower() for word in words)
        ]
        if sort == "titleAsc":
            places.sort(key=lambda one: one.name.lower())
        else:
            places.sort(key=lambda one: (one.created_at, one.place_id), reverse=not sort.endswith("Asc"))
        return answer(
            selection.page_of(
                call(),
                places,
                lambda one: selection.with_fields(self._entities.place(one)),
                lambda one: may_know(viewer(), one),
            )
        )

    def _place_members(self, place: str) -> Response:
        found = self.place(place)
        if found.kind != "group":
            raise malformed("only groups have members")
        if not may_enter(viewer(), found):
            raise RefusedError(403)
        return self._members([(found, one) for one in found.members.values()])

    def _person_members(self, person: str) -> Response:
        account = self.account(person)
        places = [one for one in self._state.places.values() if account.id in one.members]
        return self._members([(one, one.members[account.id]) for one in places if may_enter(viewer(), one)])

    def _members(self, pairs: list[tuple[Place, Any]]) -> Response:
        state = request.args.get("state")
        if state is not None and state not in STATES:
            raise malformed("state")
        chosen = [(place, one) for place, one in pairs if state is None or one.state == state]
        return answer(
            selection.page_of(call(), chosen, lambda pair: selection.with_fields(self._entities.member(*pair)))
        )

    def _person_activities(self, person: str) -> Response:
        account = self.account(person)
        return self._stream(one for one in self._state.activities if one.actor is account)

    def _place_activities(self, place: str) -> Response:
        found = self.place(place)
        if not may_enter(viewer(), found):
            raise RefusedError(403)
        return self._stream(one for one in self._state.activities if one.on.root.place is found)

    def _inbox(self) -> Response:
        me = viewer()
        return self._stream((one for one in self._state.activities if _is_for(me, one)), is_inbox=True)

    def _stream(self, activities: Iterable[Activity], *, is_inbox: bool = False) -> Response:
        after, before = _time("after"), _time("before")
        if after and before:
            raise malformed("after and before exclude each other")
        count = selection.number_asked("count", 25, 1, call().most)
        kinds = selection.filters_of(call(), self._state.api).get("type")
        seen = [
            one
            for one in activities
            if may_see(viewer(), one.on.root)
            and (is_inbox or (one.verb != "jive:mentioned" and one.on.root.kind != "dm"))
            and (kinds is None or one.on.root.kind in kinds or ("likes" in kinds and one.verb == "jive:liked"))
        ]
        page, is_more = cut(collected(seen), count, after, before)
        is_collapsed = selection.is_asked("collapse")
        told = [
            selection.with_fields(self._teller.activity(one, group[0].at))
            for group in page
            for one in (group[:1] if is_collapsed else group)
        ]
        links = {}
        if is_more:
            links["next"] = self._link("before", last(page[-1]))
        if page:
            links["previous"] = self._link("after", last(page[0]))
        envelope: dict[str, Any] = {"itemsPerPage": count, "list": told}
        return answer(envelope | ({"links": links} if links else {}))

    def _link(self, name: str, at: datetime) -> str:
        kept = [(one, value) for one, value in request.args.items(multi=True) if one not in {"after", "before"}]
        return f"{request.base_url}?{urlencode([*kept, (name, stamp(at))])}"


def _time(name: str) -> datetime | None:
    if name not in request.args:
        return None
    at = moment(request.args[name])
    if at is None:
        raise malformed(name)
    return at


def _is_since(at: datetime, times: list[datetime]) -> bool:
    until = times[1] if len(times) > 1 else None
    return shown(at) >= times[0] and (until is None or shown(at) <= until)


def _is_for(me: Account, one: Activity) -> bool:
    """Whether an activity comes into a person's inbox."""
    if one.actor is me:
        return False
    if one.mentioned is me or one.on.root.kind == "dm":
        return True
    if one.verb == "jive:liked":
        return one.on.author is me
    return one.verb in {"jive:replied", "jive:commented"} and one.on.root.author is me


def _sorted_people(people: list[Account], sort: str) -> list[Account]:
    keys: dict[str, Callable[[Account], Any]] = {
        "lastName": lambda one: one.person.last_name.lower(),
        "dateJoined": lambda one: one.joined_at,
        "lastProfileUpdate": lambda one: one.updated_at,
        "updated": lambda one: one.updated_at,
    }
    name = re.sub("(Asc|Desc)$", "", sort)
    key = keys.get(name, lambda one: one.person.first_name.lower())
    ordered = sorted(people, key=lambda one: one.id)
    return sorted(ordered, key=key, reverse=sort.endswith("Desc") and name in keys)


class WebhookCalls:
    """Registers webhooks, each seen by who made it alone."""

    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self._state = state
        self._webhooks = webhooks

    def views(self) -> dict[str, Callable[..., Response]]:
        return {
            "webhooks": lambda: answer(
                selection.page_of(call(), self._webhooks.all_of(viewer()), self._webhooks.entity)
            ),
            "create_webhook": self._create,
            "webhook": lambda webhook: answer(self._webhooks.entity(self._found(webhook))),
            "update_webhook": self._update,
            "delete_webhook": self._delete,
        }

    def _found(self, number: str) -> Webhook:
        found = self._webhooks.get(number, viewer())
        if found is None:
            raise RefusedError(404, "The specified webhook does not exist")
        return found

    def _sent(self) -> tuple[str, str, frozenset[str]]:
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict):
            raise malformed("the body is no JSON object")
        about = str(sent.get("object") or "")
        kind = self._checked(about)
        return callback_of(str(sent["callback"])), about, events_of(str(sent.get("events") or ""), kind)

    def _checked(self, about: str) -> str:
        """Return what kind of thing is to be listened to, if it is there and may be seen."""
        if not about:
            return ""
        found = re.fullmatch(rf"{re.escape(self._state.api)}/(places|contents|people)/(\d{{1,18}})", about)
        if found is None:
            raise malformed("object is no address of a place, content or user")
        kind, number = found[1], int(found[2])
        if kind == "places":
            place = self._state.places.get(number)
            if place is None or not may_know(viewer(), place):
                raise RefusedError(404, "The specified object does not exist")
            if not may_enter(viewer(), place):
                raise RefusedError(403)
        elif kind == "contents":
            content = self._state.contents.get(number)
            if content is None:
                raise RefusedError(404)
            if not may_see(viewer(), content):
                raise RefusedError(403)
        elif self._state.accounts.get(number) is not viewer():
            raise RefusedError(403)
        return kind

    def _create(self) -> Response:
        callback, about, events = self._sent()
        return answer(self._webhooks.entity(self._webhooks.create(viewer(), callback, about, events)), CREATED)

    def _update(self, webhook: str) -> Response:
        found = self._found(webhook)
        found.callback, found.object, found.events = self._sent()
        found.buggy_at = None
        return answer(self._webhooks.entity(found))

    def _delete(self, webhook: str) -> Response:
        self._webhooks.remove(self._found(webhook))
        return Response(status=NO_CONTENT)
