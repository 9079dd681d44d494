"""The calls that answer with posts, or with who liked and shared one.

Depths (3,200 posts, 800 without answers, 800 mentions) and the seven days of the search: docs.x.com, read 2026-11-23.
That ids and times exclude each other in the search, and the sentence about an old `since_id`: reports of public
clients, read 2026-11-24.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import paging
from scrm.sandbox.x.errors import XError, invalid
from scrm.sandbox.x.ids import first_id_at, stamp, time_of
from scrm.sandbox.x.money import Resource
from scrm.sandbox.x.search import matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scrm.sandbox.x.serving import Ask, Core
    from scrm.sandbox.x.state import User, Version

DEPTH = 3200
DEPTH_WITHOUT_REPLIES = 800
MENTIONS_DEPTH = 800
TIMELINE = 10
SEARCHABLE = timedelta(days=7)
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class PostCalls:
    """Timelines, search, look-up and reactions."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._state = core.state

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {
            ("GET", "/2/users/{id}/tweets"): self.timeline,
            ("GET", "/2/users/{id}/mentions"): self.mentions,
            ("GET", "/2/tweets/search/recent"): self.search,
            ("GET", "/2/tweets/counts/recent"): self.counts,
            ("GET", "/2/tweets"): self.several,
            ("GET", "/2/tweets/{id}"): self.one,
            ("GET", "/2/tweets/{id}/quote_tweets"): self.quotes,
            ("GET", "/2/tweets/{id}/retweeted_by"): self.reposters,
            ("GET", "/2/tweets/{id}/liking_users"): self.likers,
        }

    def timeline(self, ask: Ask) -> dict[str, Any]:
        exclude = set(ask.values.get("exclude", ()))
        if user := self._readable(ask):
            depth = DEPTH_WITHOUT_REPLIES if "replies" in exclude else DEPTH
            numbers = self._excluding(user.posts[-depth:], exclude)
            self._page(ask, user, numbers, f"timeline {user.id}")
        return ask.document.body()

    def mentions(self, ask: Ask) -> dict[str, Any]:
        if user := self._readable(ask):
            self._page(ask, user, user.mentions[-MENTIONS_DEPTH:], f"mentions {user.id}")
        return ask.document.body()

    def _readable(self, ask: Ask) -> User | None:
        number = ask.parts["id"]
        user = ask.document.look_up(self._state.users.get(int(number)), "id", number)
        if user and not user.may_be_read_by(ask.viewer):
            ask.document.add_error(ask.document.hidden_user(number))
            return None
        return user

    def _page(self, ask: Ask, user: User, numbers: Sequence[int], of: str) -> None:
        size = ask.values.get("max_results", TIMELINE)
        page = paging.cut(_within(numbers, ask.values), size, ask.values.get("pagination_token"), of=of)
        self._show(ask, page, is_owned=ask.is_owned(user))

    def _show(self, ask: Ask, page: paging.Page, *, is_owned: bool = False) -> None:
        versions = (self._state.versions[number] for number in page.numbers)
        ask.document.meta = page.meta(ask.document.posts(versions, is_owned=is_owned))

    def _excluding(self, numbers: Sequence[int], exclude: set[str]) -> list[int]:
        def keep(number: int) -> bool:
            post = self._state.versions[number].post
            is_reply, is_repost = post.in_reply_to is not None, post.repost_of is not None
            return not (("replies" in exclude and is_reply) or ("retweets" in exclude and is_repost))

        return [number for number in numbers if keep(number)]

    def search(self, ask: Ask) -> dict[str, Any]:
        found = self._found(ask)
        token = ask.values.get("next_token", ask.values.get("pagination_token"))
        of = f"search {ask.values['query']}"
        page = paging.cut(found, ask.values["max_results"], token, of=of, name="next_token")
        self._show(ask, page)
        return ask.document.body()

    def _found(self, ask: Ask) -> list[int]:
        """Return what a query finds, ascending, in the last seven days and what the request narrows them to."""
        test = matcher(ask.values["query"], self._core.query_length)
        self._check_window(ask)
        oldest = first_id_at(ask.now - SEARCHABLE)
        newest = first_id_at(ask.now - self._core.search_delay)
        numbers = self._state.newest
        numbers = numbers[bisect_left(numbers, oldest) : bisect_right(numbers, newest)]
        return [number for number in _within(numbers, ask.values) if self._is_found(number, test)]

    def _is_found(self, number: int, test: Callable[[Version], bool]) -> bool:
        version = self._state.versions[number]
        return version.post.author.may_be_read_by(None) and test(version)

    def _check_window(self, ask: Ask) -> None:
        values, oldest = ask.values, ask.now - SEARCHABLE
        ids = {"since_id", "until_id"} & set(values)
        times = {"start_time", "end_time"} & set(values)
        if ids and times:
            name = min(ids)
            sentence = "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'."
            raise invalid(name, values[name], sentence)
        if "since_id" in values and int(values["since_id"]) < first_id_at(oldest):
            raise _too_old(values["since_id"], oldest)
        if "start_time" in values and values["start_time"] < oldest:
            sentence = f"'start_time' must be on or after {oldest:%Y-%m-%dT%H:%MZ}."
            raise invalid("start_time", stamp(values["start_time"]), sentence)
        if "end_time" in values and values["end_time"] > ask.now - timedelta(seconds=10):
            sentence = "'end_time' must be a minimum of 10 seconds prior to the request time."
            raise invalid("end_time", stamp(values["end_time"]), sentence)

    def counts(self, ask: Ask) -> dict[str, Any]:
        word = self._core.vocabulary.count
        found = self._found(ask)
        start = ask.values.get("start_time", ask.now - SEARCHABLE)
        end = ask.values.get("end_time", ask.now)
        step = STEPS[ask.values["granularity"]]
        buckets = list(_buckets(start, end, step))
        per_bucket = Counter(_floor(time_of(number), step) for number in found)
        ask.document.put(
            [
                {"start": stamp(begin), "end": stamp(stop), word: per_bucket[_floor(begin, step)]}
                for begin, stop in buckets
            ]
        )
        ask.document.meta = {f"total_{word}": len(found)}
        ask.document.bill.append(Resource(kind="count", id=str(self._state.ids.make(ask.now))))
        return ask.document.body()

    def several(self, ask: Ask) -> dict[str, Any]:
        known = [ask.document.look_up_post(number, "ids") for number in ask.values["ids"]]
        ask.document.posts(version for version in known if version)
        return ask.document.body()

    def one(self, ask: Ask) -> dict[str, Any]:
        if version := ask.document.look_up_post(ask.parts["id"], "id"):
            ask.document.one_post(version)
        return ask.document.body()

    def quotes(self, ask: Ask) -> dict[str, Any]:
        if version := ask.document.look_up_post(ask.parts["id"], "id"):
            newest = sorted(self._state.versions[first].post.newest.id for first in version.post.quotes)
            numbers = self._excluding(newest, set(ask.values.get("exclude", ())))
            token = ask.values.get("pagination_token")
            page = paging.cut(numbers, ask.values["max_results"], token, of=f"quotes {version.post.id}")
            self._show(ask, page)
        return ask.document.body()

    def reposters(self, ask: Ask) -> dict[str, Any]:
        if version := ask.document.look_up_post(ask.parts["id"], "id"):
            reposts = {repost.id: repost.author for repost in version.post.reposts.values()}
            self._people(ask, reposts, "user", f"reposts {version.post.id}")
        return ask.document.body()

    def likers(self, ask: Ask) -> dict[str, Any]:
        if version := ask.document.look_up_post(ask.parts["id"], "id"):
            self._people(ask, version.post.likes, "like", f"likes {version.post.id}")
        return ask.document.body()

    def _people(self, ask: Ask, by_row: Mapping[int, User], kind: str, of: str) -> None:
        size, token = ask.values["max_results"], ask.values.get("pagination_token")
        page = paging.cut(sorted(by_row), size, token, of=of)
        ask.document.users((by_row[row] for row in page.numbers), kind, of=f"{of} " if kind == "like" else "")
        ask.document.meta = page.meta()


def _within(numbers: Sequence[int], values: Mapping[str, Any]) -> list[int]:
    """Narrow ascending ids: after `since_id`, before `until_id`, from `start_time`, before `end_time`."""
    low, high = 0, len(numbers)
    if "since_id" in values:
        low = bisect_right(numbers, int(values["since_id"]))
    if "start_time" in values:
        low = max(low, bisect_left(numbers, first_id_at(values["start_time"])))
    if "until_id" in values:
        high = bisect_left(numbers, int(values["until_id"]))
    if "end_time" in values:
        high = min(high, bisect_left(numbers, first_id_at(values["end_time"])))
    return list(numbers[low:high])


def _too_old(since_id: str, oldest: datetime) -> XError:
    sentence = (
        f"'since_id' must be a tweet id created after {oldest:%Y-%m-%dT%H:%MZ}. "
        f"Please use a 'since_id' that is larger than {first_id_at(oldest)}"
    )
    return invalid("since_id", since_id, sentence)


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, at.tzinfo)


def _buckets(start: datetime, end: datetime, step: timedelta) -> Iterable[tuple[datetime, datetime]]:
    while start < end:
        stop = min(end, _floor(start, step) + step)
        yield start, stop
        start = stop
