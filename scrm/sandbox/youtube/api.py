"""The reading calls of the Data API but for comments and search: channels, uploads, videos, subscriptions.

Rules from developers.google.com/youtube/v3/docs, from memory but where the fact says otherwise, 2026-11-24: a
list of channels without any has no `items` at all, and the uploads of a channel without videos are not found.
Ids that are gone are left out without a word.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, json, request

from scrm.sandbox.youtube import ids, paging, resources, selection
from scrm.sandbox.youtube.access import REALM, Access, viewer
from scrm.sandbox.youtube.checks import words
from scrm.sandbox.youtube.comments import Comments
from scrm.sandbox.youtube.problems import JSON_TYPE, ApiError
from scrm.sandbox.youtube.routes import BY_NAME, PREFIX
from scrm.sandbox.youtube.search import search

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from scrm.sandbox.youtube.state import State

MOST_RECENT = 1000
Body = dict[str, Any]


def add_api(app: Flask, state: State, access: Access, lock: RLock) -> None:
    """Add the calls to the app; each runs under the network's lock."""
    reader = _Reader(state, access)
    comments = Comments(state)
    views: dict[str, Callable[[], Body]] = {
        "channels": reader.channels,
        "playlistItems": reader.playlist_items,
        "videos": reader.videos,
        "videos:batchGetStats": reader.batch_get_stats,
        "commentThreads": comments.threads,
        "comments": comments.comments,
        "search": lambda: search(state, access),
        "subscriptions": reader.subscriptions,
    }
    for name, view in views.items():
        app.add_url_rule(PREFIX + name, name, _answered(view, lock), methods=["GET"])
    app.register_error_handler(ApiError, problem)


def problem(error: ApiError) -> Response:
    answer = Response(error.body, status=error.status, content_type=JSON_TYPE)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = REALM
    return answer


def _answered(view: Callable[[], Body], lock: RLock) -> Callable[[], Response]:
    @functools.wraps(view)
    def answered() -> Response:
        with lock:
            body = view()
        body["etag"] = ids.etag(body)
        is_same = request.headers.get("If-None-Match", "").strip('"') == body["etag"]
        if is_same:
            answer = Response(status=304)
        else:
            answer = Response(json.dumps(_selected(body), indent=2), content_type=JSON_TYPE)
        answer.headers["ETag"] = f'"{body["etag"]}"'
        return answer

    return answered


def _selected(body: Body) -> Any:
    text = request.args.get("fields")
    if text is None:
        return body
    tree = selection.parse(text)
    if tree is None:
        raise ApiError("invalidParameter", f"Invalid field selection {text}", location="fields")
    return selection.select(body, tree)


def size() -> int:
    """Return the page's size as asked or as the call has it by default."""
    name = request.path.removeprefix(PREFIX)
    return int(request.args.get("maxResults") or BY_NAME[name].parameters["maxResults"].default or 0)


def parts() -> list[str]:
    return words(request.args, "part")


def is_asked(name: str) -> bool:
    return request.args.get(name) in {"true", "1"}


class _Reader:
    """Answers from the state, as the request's channel may see it."""

    def __init__(self, state: State, access: Access) -> None:
        self._state = state
        self._access = access

    def channels(self) -> Body:
        if "mine" in request.args:
            owner = self._access.owner("mine")
            found = [owner] if is_asked("mine") else []
        elif handle := request.args.get("forHandle"):
            known = self._state.by_handle.get(handle.removeprefix("@").lower())
            found = [known] if known else []
        else:
            # nobody here is as old as the names that forUsername looks up
            asked = words(request.args, "id")
            found = [one for one in self._state.channels.values() if one.id in asked]
        page = paging.by_offset(found, size(), request.args.get("pageToken"))
        body = page.envelope("channel", [resources.channel(one, parts()) for one in page.items])
        if not page.items:
            del body["items"]
        return body

    def playlist_items(self) -> Body:
        number = request.args["playlistId"]
        owner = next((one for one in self._state.channels.values() if one.uploads == number), None)
        found = [one for one in reversed(owner.videos) if one.is_listed_for(viewer())] if owner else []
        if not found:
            raise ApiError("playlistNotFound")
        found.sort(key=lambda one: one.published_at, reverse=True)
        places = {one.id: place for place, one in enumerate(found)}
        if "videoId" in request.args:
            found = [one for one in found if one.id == request.args["videoId"]]
        page = paging.by_offset(found, size(), request.args.get("pageToken"))
        items = [resources.playlist_item(one, places[one.id], parts()) for one in page.items]
        return page.envelope("playlistItem", items)

    def videos(self) -> Body:
        known = (self._state.videos.get(number) for number in words(request.args, "id"))
        found = [one for one in known if one and one.is_visible_to(viewer())]
        # a list asked for by ids is answered whole; maxResults is not for it
        page = paging.by_offset(found, len(found), None)
        return page.envelope("video", [resources.video(one, parts()) for one in page.items])

    def batch_get_stats(self) -> Body:
        known = (self._state.videos.get(number) for number in words(request.args, "id"))
        found = [one for one in known if one and one.is_visible_to(viewer())]
        items = [resources.video_stat(one, parts()) for one in found]
        return {"kind": "youtube#batchGetStatsResponse", "etag": "", "items": items}

    def subscriptions(self) -> Body:
        name = next(name for name in BY_NAME["subscriptions"].filters if name in request.args)
        if name == "channelId":
            return self._subscriptions_of(request.args["channelId"])
        owner = self._access.owner(name)
        if name == "mine":
            return self._subscriptions_of(owner.id)
        found = [one for one in owner.subscribers if one.is_public]
        found.sort(key=lambda one: one.published_at, reverse=True)
        if name == "myRecentSubscribers":
            found = found[:MOST_RECENT]
        else:
            # the full list comes in no particular order
            found.sort(key=lambda one: one.id)
        page = paging.by_offset(found, size(), request.args.get("pageToken"))
        return page.envelope("subscription", [resources.subscription(one, parts()) for one in page.items])

    def _subscriptions_of(self, number: str) -> Body:
        # whom people follow is private unless they say otherwise, and nobody here does
        if g.get("channel") is None or g.channel.id != number:
            raise ApiError("subscriptionForbidden")
        everybody = self._state.channels.values()
        found = [one for target in everybody for one in target.subscribers if one.subscriber.id == number]
        page = paging.by_offset(found, size(), request.args.get("pageToken"))
        return page.envelope("subscription", [resources.subscription(one, parts()) for one in page.items])
