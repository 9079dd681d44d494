"""Search over public videos and channels by words of title, description and handle; never over comments.

`|` parts alternatives and a leading `-` takes out (developers.google.com/youtube/v3/docs/search/list, from memory,
2026-11-24), as does that a channel's videos end after 500. Hints of language, region and safety change nothing here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import request

from scrm.sandbox.youtube import paging, resources
from scrm.sandbox.youtube.checks import time, words
from scrm.sandbox.youtube.routes import BY_NAME
from scrm.sandbox.youtube.state import Channel, Video

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.youtube.access import Access
    from scrm.sandbox.youtube.state import State

DEEPEST = 500


def search(state: State, access: Access) -> dict[str, Any]:
    asked = request.args
    kinds = words(asked, "type") or ["video", "channel"]
    found: list[Video | Channel] = []
    if asked.get("forMine") in {"true", "1"}:
        found += access.owner("forMine").videos
    else:
        if "video" in kinds:
            found += [one for one in state.videos.values() if one.privacy == "public"]
        if "channel" in kinds:
            found += state.channels.values()
    wanted = [one for one in found if _is_wanted(one)]
    wanted.sort(key=_order(asked.get("order", "relevance")))
    length = int(asked.get("maxResults") or BY_NAME["search"].parameters["maxResults"].default or 0)
    # the real count is an estimate, mostly far too high
    page = paging.by_offset(wanted[:DEEPEST], length, asked.get("pageToken"), total=2 * len(wanted))
    body = page.envelope("search", [resources.search_result(one, words(asked, "part")) for one in page.items])
    return body | {"regionCode": asked.get("regionCode", "DE")}


def _is_wanted(one: Video | Channel) -> bool:
    asked = request.args
    owner = one.channel if isinstance(one, Video) else one
    if asked.get("channelId", owner.id) != owner.id:
        return False
    after, before = time(asked.get("publishedAfter", "")), time(asked.get("publishedBefore", ""))
    if (after and one.published_at < after) or (before and one.published_at >= before):
        return False
    return _has_words(_text(one), asked.get("q", ""))


def _text(one: Video | Channel) -> str:
    if isinstance(one, Video):
        return f"{one.text} {one.channel.title}".lower()
    return f"{one.title} @{one.handle} {one.description}".lower()


def _has_words(text: str, query: str) -> bool:
    for part in re.findall(r'-?"[^"]+"|[^\s|]+(?:\s*\|\s*[^\s|]+)*', query.lower()):
        if part.startswith("-"):
            if part[1:].strip('"') in text:
                return False
        elif not any(word.strip(' "') in text for word in part.split("|")):
            return False
    return True


def _order(name: str) -> Callable[[Video | Channel], list[Any]]:
    def newest(one: Video | Channel) -> list[Any]:
        return [-one.published_at.timestamp(), one.id]

    def liked(one: Video | Channel) -> list[Any]:
        return [-len(one.likes) if isinstance(one, Video) else 0, *newest(one)]

    def titled(one: Video | Channel) -> list[Any]:
        return [one.title.lower(), *newest(one)]

    def uploading(one: Video | Channel) -> list[Any]:
        return [-len(one.videos) if isinstance(one, Channel) else 0, *newest(one)]

    known = {"date": newest, "title": titled, "rating": liked, "viewCount": liked, "videoCount": uploading}
    # the real order of relevance is nobody's to know: channels first, then what is liked
    return known.get(name, lambda one: [isinstance(one, Video), *liked(one)])
