"""What reading a channel back will cost, asked with a few units of its own."""

from contextlib import suppress
from math import ceil

from scrm.connectors.base import Api
from scrm.connectors.budget import Forecast
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.client import Item, by_ids, listed, own_item, texts
from scrm.connectors.youtube.videos import UPLOADS
from scrm.errors import GoneError, PayloadError

PAGE = 50
MOST_VIDEOS = 500  # of which the comments are counted before it begins
COMMENT_PAGE_COST = 4  # the threads, their videos, and at most two calls for their authors
SUBSCRIBER_PAGE_COST = 2  # the list and the channels


def forecasts(api: Api, most: int) -> tuple[Forecast, ...]:
    """At most so much per list; `most` is what one day allows, and stands where nobody can know before."""
    own = own_item(api) or {}
    numbers = _uploads(api)
    uploads = _count(own, "videoCount") if numbers is None else len(numbers)
    comments = None if numbers is None else _comments(api, numbers)
    return (
        _forecast("uploads", uploads, 1, most),
        _forecast("comments", comments, COMMENT_PAGE_COST, most),
        _forecast("subscribers", _count(own, "subscriberCount"), SUBSCRIBER_PAGE_COST, most),
    )


def _forecast(stream: str, items: int | None, page_cost: int, most: int) -> Forecast:
    cost = most if items is None else page_cost * (ceil(items / PAGE) + 1)  # the last page may be an empty one
    return Forecast(stream=stream, items=items, cost=cost)


def _uploads(api: Api) -> list[str] | None:
    """The ids of our videos; None when there are more than are counted."""
    numbers: list[str] = []
    token: str | None = None
    params = [("part", "contentDetails"), ("playlistId", api.credentials[UPLOADS]), ("maxResults", str(PAGE))]
    try:
        for _ in range(MOST_VIDEOS // PAGE):
            found, token = listed(api, "playlistItems", params, token=token)
            numbers += texts(found, "contentDetails", "videoId")
            if token is None:
                return numbers
    except GoneError:  # a channel without videos has no list of them
        return numbers
    return None


def _comments(api: Api, numbers: list[str]) -> int:
    """How many comments these videos have, answers included."""
    shown = by_ids(api, "videos", numbers, [("part", "statistics")])
    return sum(_count(one, "commentCount") or 0 for one in shown.values())


def _count(item: Item, name: str) -> int | None:
    """Counts come as texts; None where the owner hides one, and for a video without comments."""
    with suppress(PayloadError):
        statistics = Payload(item).child("statistics")
        text = statistics.optional_text(name) or ""
        if text.isascii() and text.isdigit() and not (name == "subscriberCount" and _is_hidden(statistics)):
            return int(text)
    return None


def _is_hidden(statistics: Payload) -> bool:
    return statistics.flag("hiddenSubscriberCount")
