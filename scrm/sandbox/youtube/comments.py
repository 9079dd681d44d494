"""The two calls that read comments: threads with a few of their replies, and comments by thread or id.

Only the owner sees what is held for review, and only when asking for it; channel discussions are gone since
2024-04-30 (revision history, quoted by third parties, read 2026-11-24). Which replies a thread embeds, their order
and that comments gone are left out of lists by id: from memory, 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from scrm.sandbox.youtube import paging, resources
from scrm.sandbox.youtube.access import viewer
from scrm.sandbox.youtube.checks import words
from scrm.sandbox.youtube.problems import FORBIDDEN, ApiError
from scrm.sandbox.youtube.resources import View
from scrm.sandbox.youtube.routes import BY_NAME, PREFIX
from scrm.sandbox.youtube.state import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.youtube.state import Channel, Comment, State, Video

Body = dict[str, Any]


class Comments:
    """Answers from the state, as the request's channel may see it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def threads(self) -> Body:
        asked = words(request.args, "part")
        if "channelId" in request.args:
            sentence = "Channel discussions are no longer available."
            raise ApiError("unexpectedParameter", sentence, location="channelId")
        if "id" in request.args:
            known = (self._state.comments.get(number) for number in words(request.args, "id"))
            found = [one for one in known if one and one.parent is None and _is_seen(one)]
            page = paging.by_offset(found, len(found), None)
        else:
            page = self._threads_of(self._videos(), request.args.get("moderationStatus", PUBLISHED))
        view = _view(is_by_id="id" in request.args)
        return page.envelope("commentThread", [resources.thread(one, asked, view) for one in page.items])

    def _videos(self) -> Sequence[Video]:
        number = request.args.get("videoId")
        if number is None:
            channel = self._state.channels.get(request.args["allThreadsRelatedToChannelId"])
            if channel is None:
                raise ApiError("channelNotFound")
            return [one for one in channel.videos if one.is_open and one.is_listed_for(viewer())]
        video = self._state.videos.get(number)
        if video is None or not video.is_visible_to(viewer()):
            raise ApiError("videoNotFound")
        if not video.is_open:
            raise ApiError("commentsDisabled")
        return [video]

    def _threads_of(self, videos: Sequence[Video], moderation: str) -> paging.Page[Comment]:
        if moderation != PUBLISHED and not _owns(videos):
            sentence = f"One or more of the requested comment threads cannot be retrieved. {FORBIDDEN}"
            raise ApiError("forbidden", sentence, location="moderationStatus")
        key = _by_relevance if request.args.get("order") == "relevance" else _by_time
        terms = request.args.get("searchTerms", "").lower().split()

        def keep(one: Comment) -> bool:
            return one.moderation == moderation and all(term in one.text.lower() for term in terms)

        found = sorted((one for video in videos for one in video.threads), key=key, reverse=True)
        return _walked(found, key, keep)

    def comments(self) -> Body:
        asked = words(request.args, "part")
        if "id" in request.args:
            known = (self._state.comments.get(number) for number in words(request.args, "id"))
            found = [one for one in known if one and _is_seen(one)]
            page = paging.by_offset(found, len(found), None)
        else:
            parent = self._state.comments.get(request.args["parentId"])
            if parent is None or parent.parent is not None or not _is_seen(parent):
                raise ApiError("commentNotFound")
            replies = sorted(parent.replies, key=_by_time, reverse=True)
            page = _walked(replies, _by_time, lambda one: one.moderation == PUBLISHED)
        view = _view(is_by_id="id" in request.args)
        return page.envelope("comment", [resources.comment(one, asked, view) for one in page.items])


def _walked(
    found: Sequence[Comment], key: Callable[[Comment], list[Any]], keep: Callable[[Comment], bool]
) -> paging.Page[Comment]:
    asked = request.args
    name = request.path.removeprefix(PREFIX)
    length = int(asked.get("maxResults") or BY_NAME[name].parameters["maxResults"].default or 0)
    named = ("allThreadsRelatedToChannelId", "videoId", "parentId", "order", "moderationStatus", "searchTerms")
    walk = " ".join(asked.get(one, "") for one in named)
    return paging.by_cursor(found, length, asked.get("pageToken"), walk=walk, key=key, keep=keep)


def _view(*, is_by_id: bool) -> View:
    return View(viewer=viewer(), is_html=request.args.get("textFormat") != "plainText", is_by_id=is_by_id)


def _by_time(one: Comment) -> list[Any]:
    return [one.published_at.timestamp(), one.id]


def _by_relevance(one: Comment) -> list[Any]:
    return [len(one.likes) + len(one.replies), *_by_time(one)]


def _owns(videos: Sequence[Video]) -> bool:
    asking: Channel | None = viewer()
    return asking is not None and all(video.channel is asking for video in videos)


def _is_seen(one: Comment) -> bool:
    if not one.video.is_visible_to(viewer()) or not one.video.is_open:
        return False
    return one.moderation == PUBLISHED or viewer() in (one.video.channel, one.author)
