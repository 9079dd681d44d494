"""The calls that read contents, what is said below them, who likes them, private messages, and what was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from scrm.sandbox.jive import selection
from scrm.sandbox.jive.api import Reader, answer, call, number_of, viewer
from scrm.sandbox.jive.problems import RefusedError, malformed
from scrm.sandbox.jive.routes import DEFAULT_COUNT
from scrm.sandbox.jive.state import Content, Deleted, Reply, may_enter, may_see
from scrm.sandbox.jive.text import plain, rendered
from scrm.sandbox.jive.times import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from flask import Response

    from scrm.sandbox.jive.entities import Entities
    from scrm.sandbox.jive.state import State


class ContentReader:
    """Answers about contents and what hangs on them."""

    def __init__(self, state: State, entities: Entities, people: Reader, *, has_messages: bool) -> None:
        self._state = state
        self._entities = entities
        self._people = people
        self._has_messages = has_messages

    def views(self) -> dict[str, Callable[..., Response]]:
        return {
            "contents": lambda: self._contents(None),
            "place_contents": self._contents,
            "content": lambda content: answer(self._shown(self._content(content))),
            "content_comments": lambda content: self._replies(self._content(content), "comment"),
            "content_messages": lambda content: self._replies(self._content(content), "message"),
            "comment": lambda comment: answer(self._shown_reply(self._reply("comment", comment))),
            "message": lambda message: answer(self._shown_reply(self._reply("message", message))),
            "comment_comments": lambda comment: self._replies(self._reply("comment", comment), "comment"),
            "message_messages": lambda message: self._replies(self._reply("message", message), "message"),
            "content_likes": lambda content: self._likes(self._content(content)),
            "comment_likes": lambda comment: self._likes(self._reply("comment", comment)),
            "message_likes": lambda message: self._likes(self._reply("message", message)),
            "dms": self._dms,
            "dm": lambda dm: answer(self._shown(self._content(dm, is_private=True))),
            "dm_comments": lambda dm: self._replies(self._content(dm, is_private=True), "comment"),
            "search_contents": self._search,
            "deleted_contents": self._deleted,
            "deleted_object": self._deleted_object,
        }

    def _content(self, text: str, *, is_private: bool = False) -> Content:
        if is_private and not self._has_messages:
            raise RefusedError(410)
        found = self._state.contents.get(number_of(text))
        if found is None or (found.kind == "dm") != is_private:
            raise RefusedError(404, "The specified content object does not exist")
        if not may_see(viewer(), found):
            raise RefusedError(403, "You are not allowed to access the specified content object")
        return found

    def _reply(self, kind: str, text: str) -> Reply:
        found = self._state.replies[kind].get(number_of(text))
        if found is None:
            raise RefusedError(404, f"The specified {kind} does not exist")
        if not may_see(viewer(), found.root):
            raise RefusedError(403, f"You are not allowed to access the specified {kind}")
        return found

    def _shown(self, content: Content) -> dict[str, Any]:
        entity = self._entities.content(content, is_abridged=selection.is_asked("abridged"))
        return selection.with_fields(entity)

    def _shown_reply(self, reply: Reply) -> dict[str, Any]:
        return selection.with_fields(self._entities.reply(reply))

    def _contents(self, place: str | None) -> Response:
        filters = selection.filters_of(call(), self._state.api)
        sort = selection.sort_of(call())
        if place is not None:
            found = self._people.place(place)
            if not may_enter(viewer(), found):
                raise RefusedError(403, "You are not allowed to access the specified place")
            filters["place"] = [found.place_id]
        places = self._with_blogs(filters.get("place"))
        chosen = [
            one
            for one in self._state.contents.values()
            if one.kind != "dm"
            and (places is None or (one.place is not None and one.place.place_id in places))
            and _fits(one, filters)
        ]
        return answer(
            selection.page_of(call(), _sorted(chosen, sort), self._shown, lambda one: may_see(viewer(), one))
        )

    def _with_blogs(self, places: list[int] | None) -> set[int] | None:
        """Add the blogs of the places asked for, when they are asked for too."""
        if places is None:
            return None
        wanted = set(places)
        if selection.is_asked("includeBlogs"):
            blogs = [one for one in self._state.places.values() if one.kind == "blog"]
            wanted |= {one.place_id for one in blogs if one.parent and one.parent.place_id in wanted}
        return wanted

    def _replies(self, on: Content | Reply, kind: str) -> Response:
        if on.root.reply_kind != kind:
            raise RefusedError(501, is_outside_spec=True)
        if request.args.get("sort", "dateasc") not in {"dateasc", "datedesc"}:
            raise malformed("sort")
        if selection.is_asked("author") or selection.is_asked("inline") or request.args.getlist("filter"):
            return answer(selection.page_of(call(), [], self._shown_reply))  # nobody writes such comments here
        replies: Sequence[Reply] = on.replies
        if not selection.is_asked("excludeReplies"):
            replies = self._state.all_replies(on)
        if not selection.is_asked("hierarchical", default=True):
            replies = sorted(replies, key=lambda one: (one.created_at, one.id))
        return answer(self._anchored(replies))

    def _anchored(self, replies: Sequence[Reply]) -> dict[str, Any]:
        """Return the page that holds the reply asked for, or the one asked for by its number."""
        anchor = request.args.get("anchor", "").removeprefix(self._state.api)
        place = next((number for number, one in enumerate(replies) if one.uri == anchor), None)
        if place is None:
            return selection.page_of(call(), replies, self._shown_reply)
        count = selection.number_asked("count", DEFAULT_COUNT, 1, call().most)
        return selection.page_of(call(), replies, self._shown_reply, start=place // count * count)

    def _likes(self, on: Content | Reply) -> Response:
        return self._people.listed_people([self._state.accounts[one] for one in on.likes])

    def _dms(self) -> Response:
        if not self._has_messages:
            raise RefusedError(410)
        mine = [one for one in self._state.contents.values() if one.kind == "dm" and may_see(viewer(), one)]
        return answer(selection.page_of(call(), _sorted(mine, "latestActivityDesc"), self._shown))

    def _search(self) -> Response:
        filters = selection.filters_of(call(), self._state.api)
        sort = selection.sort_of(call())
        if "search" not in filters:
            raise malformed("filter search is required")
        chosen = [
            one
            for one in self._state.contents.values()
            if one.kind != "dm" and may_see(viewer(), one) and _fits(one, filters) and _is_changed_in(one, filters)
        ]
        if "place" in filters:
            chosen = [one for one in chosen if one.place and one.place.place_id in filters["place"]]
        chosen.sort(key=lambda one: (one.updated_at, one.content_id), reverse=sort != "updatedAsc")
        return answer(selection.page_of(call(), chosen, self._shown))

    def _deleted(self) -> Response:
        filters = selection.filters_of(call(), self._state.api)
        sort = selection.sort_of(call())
        markers = [
            one
            for one in self._state.deleted.values()
            if self._is_shown(one)
            and ("since" not in filters or shown(one.at) >= filters["since"][0])
            and ("type" not in filters or one.kind in filters["type"])
        ]
        markers.sort(key=lambda one: (one.at, one.content_id), reverse=sort == "eventDateDesc")
        return answer(
            selection.page_of(call(), markers, lambda one: selection.with_fields(self._entities.deleted(one)))
        )

    def _deleted_object(self, deleted: str) -> Response:
        found = self._state.deleted.get(deleted)
        if found is None or not self._is_shown(found):
            raise RefusedError(404)
        return answer(selection.with_fields(self._entities.deleted(found)))

    def _is_shown(self, marker: Deleted) -> bool:
        if marker.kind == "dm":
            return False
        return marker.place is None or may_enter(viewer(), marker.place)


def _fits(content: Content, filters: dict[str, list[Any]]) -> bool:
    if "type" in filters and content.kind not in filters["type"]:
        return False
    if "author" in filters and content.author.id != filters["author"][0]:
        return False
    if "tag" in filters or ("status" in filters and "published" not in map(str.lower, filters["status"])):
        return False  # nothing here has tags, and everything is published
    times = {"creationDate": content.created_at, "modificationDate": content.updated_at}
    if not all(_is_between(at, filters[name]) for name, at in times.items() if name in filters):
        return False
    about = content.subject
    if not filters.get("subjectonly", [False])[0]:
        about = f"{about} {plain(rendered(content, ''), len(content.text) + 500)}"
    return all(word.strip("*").lower() in about.lower() for word in filters.get("search", []))


def _is_between(at: datetime, times: list[datetime | None]) -> bool:
    """Both ends count; two times may come in either order, as the network's own client sends them."""
    since, until = times
    if since and until and until < since:
        since, until = until, since
    return (since is None or shown(at) >= since) and (until is None or shown(at) <= until)


def _is_changed_in(content: Content, filters: dict[str, list[Any]]) -> bool:
    changed = shown(content.updated_at)
    if "after" in filters and changed <= filters["after"][0]:
        return False
    return "before" not in filters or changed < filters["before"][0]


def _sorted(contents: list[Content], sort: str) -> list[Content]:
    if sort == "titleAsc":
        return sorted(contents, key=lambda one: (one.subject.lower(), one.content_id))
    is_by_activity = sort.startswith("latestActivity")
    return sorted(
        contents,
        key=lambda one: (one.active_at if is_by_activity else one.created_at, one.content_id),
        reverse=sort.endswith("Desc"),
    )
