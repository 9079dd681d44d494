"""How the Data API behaves: a bearer token or an API key, a unit a call, errors by their reason.

Shapes, parameters and bounds: youtube.v3 revision 20261104 (the discovery document, read 2026-11-23). Prices:
developers.google.com/youtube/v3/determine_quota_cost; reasons: developers.google.com/youtube/v3/docs/errors (both
read 2026-11-23). What an invalid token, too many calls and what is gone are answered with is from memory. No header
says what is left of a day, so units are counted here; a day ends at midnight Pacific.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scrm.connectors.base import Account, Api, Client, asked_to_wait, raise_for_status
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer

ZONE = "America/Los_Angeles"
PATH = "/youtube/v3/"
MOST_IDS = 50
UNIT = 1
SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
THROTTLED = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
CLOSED = frozenset({"authenticatedUserAccountClosed", "authenticatedUserAccountSuspended"})
NOT_SHOWN = frozenset({"commentsDisabled"})  # the owner closed the comments: nothing is wrong, and nothing is there
LOST_PLACE = "invalidPageToken"
UNPROCESSED = "processingFailure"  # mostly a request that makes no sense: asking again soon only costs

Item = dict[str, Any]
Params = Sequence[tuple[str, str]]


class LostPlaceError(RetryLaterError):
    """The network no longer knows the page we stopped at: the list is read from its beginning."""


class YouTubeClient(Client):
    """What the channel's owner may see."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def most_cost(self, api: Api, method: str, path: str, params: Any) -> int:
        """One unit, invalid requests included; searches are counted by the network in a bucket of their own."""
        del api, method, params
        return 0 if path == PATH + "search" else UNIT

    def cost(self, api: Api, answer: Answer) -> int:
        del api
        return 0 if f"{PATH}search?" in answer.url else UNIT

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status < 400:
            raise_for_status(api, answer)
            return
        wait = asked_to_wait(answer)
        if answer.status == 401:
            if api.renew is None:
                raise AccessRevokedError("the network does not accept the access", network=api.network)
            raise AccessExpiredError("the access ran out", network=api.network)
        _check_reason(api, reason_of(answer), wait)
        if answer.status in {400, 403}:
            raise UnavailableError(f"the network refuses the call with {answer.status}", network=api.network)
        raise_for_status(api, answer, retry_after=wait)


class PublicClient(YouTubeClient):
    """What everybody may see, asked with the project's key where there is one: then it is not the owner's data."""

    def headers(self, api: Api) -> dict[str, str]:
        key = api.app.get("api_key")
        return {"X-Goog-Api-Key": key} if key else super().headers(api)


CLIENT = YouTubeClient()
PUBLIC = PublicClient()


def _check_reason(api: Api, reason: str, wait: float | None) -> None:
    """Errors that their reason alone tells apart: most of them come as the same 403."""
    if reason in SPENT:
        raise BudgetSpentError("the day's quota is used up", network=api.network, resets_at=midnight(api.now()))
    if reason in THROTTLED:
        raise RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
    if reason in CLOSED:
        raise AccessRevokedError("the account is closed or suspended", network=api.network)
    if reason in NOT_SHOWN:
        raise GoneError("comments are closed", network=api.network)
    if reason == LOST_PLACE:
        raise LostPlaceError("the network no longer knows the page", network=api.network)
    if reason == UNPROCESSED:
        raise RetryLaterError("the network could not process the call", network=api.network, retry_after=3600.0)


def reason_of(answer: Answer) -> str:
    """The first error's reason; empty when the body is no error of the API."""
    with suppress(PayloadError):
        errors = Payload(parse_json(answer.body)).child("error").children("errors")
        first = next(errors, None)
        return (first.optional_text("reason") if first else None) or ""
    return ""


def midnight(now: datetime) -> datetime:
    """When the network's day ends."""
    zone = ZoneInfo(ZONE)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(now.tzinfo)


def listed(
    api: Api, call: str, params: Params, *, client: Client = CLIENT, token: str | None = None
) -> tuple[list[Item], str | None]:
    """One page of a list and the token of the next; a list without anything may have no `items` at all.

    A page may be short or empty and still have a next one; `totalResults` is no stop (both from memory).
    """
    asked = [*params, *([("pageToken", token)] if token else [])]
    found = Payload(client.json(api, PATH + call, asked))
    return [one.raw() for one in found.children("items")], found.optional_text("nextPageToken")


def by_ids(api: Api, call: str, ids: Iterable[str], params: Params, *, client: Client = CLIENT) -> dict[str, Item]:
    """Resources by their ids, 50 a call; what is gone, or not for us, is left out without a word."""
    wanted = list(dict.fromkeys(ids))
    found = {}
    for start in range(0, len(wanted), MOST_IDS):
        for item in _some(api, call, wanted[start : start + MOST_IDS], params, client):
            found[Payload(item).text("id")] = item
    return found


def _some(api: Api, call: str, ids: Sequence[str], params: Params, client: Client) -> list[Item]:
    """One call by ids. Should one that is gone have all refused (the error reads so), it is made by halves."""
    try:
        return listed(api, call, [*params, ("id", ",".join(ids))], client=client)[0]
    except GoneError:
        middle = len(ids) // 2
        halves = [half for half in (ids[:middle], ids[middle:]) if half and middle]
        return [item for half in halves for item in _some(api, call, half, params, client)]


def people(api: Api, ids: Iterable[str]) -> dict[str, Item]:
    """What these channels show of themselves."""
    size = ("maxResults", str(MOST_IDS))  # else a list by ids ends after five
    return by_ids(api, "channels", ids, [("part", "snippet"), size], client=PUBLIC)


def videos(api: Api, ids: Iterable[str]) -> dict[str, Item]:
    """Videos as their owner sees them, private ones included."""
    return by_ids(api, "videos", ids, [("part", "snippet,status")])


def closed(api: Api, ids: Iterable[str]) -> set[str]:
    """Those of these videos whose comments are closed: they are there, without a count of comments (from memory)."""
    shown = by_ids(api, "videos", ids, [("part", "statistics")])
    return {number for number, video in shown.items() if not any(texts([video], "statistics", "commentCount"))}


def own_item(api: Api) -> Item | None:
    """The channel of whoever signed in; a Google account need not have one."""
    found, _ = listed(api, "channels", [("part", "snippet,contentDetails,statistics"), ("mine", "true")])
    return found[0] if found else None


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def texts(items: Iterable[Item], *path: str) -> Iterator[str]:
    """The text at this place of every item that has one."""
    for item in items:
        with suppress(PayloadError):
            at = Payload(item)
            for name in path[:-1]:
                at = at.child(name)
            if text := at.optional_text(path[-1]):
                yield text
