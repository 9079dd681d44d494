"""How Viva Engage's REST API behaves: a bearer token of Entra, ten calls in half a minute, errors by their code.

learn.microsoft.com/rest/api/yammer, "API requests", "rate limits" and "messages" (read 2026-11-24): ten calls in
thirty seconds for messages and ten for the rest, per person and app; past a limit every call is refused, and nothing
says until when, so half a minute is waited. 401 with code 16 is told of a token that ran out as of one that was
revoked. Code 33 stands in the tests of a public client, `OAuthException` is told of tokens of Yammer's own sign-in
(from memory).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.connectors.base import Account, Api, Client, asked_to_wait, raise_for_status
from scrm.connectors.payload import EARLIEST, LATEST, Payload, parse_json
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer

API = "/api/v1/"
CALLS, WINDOW = 10, timedelta(seconds=30)
A_PAGE = 20  # messages
MOST_LIKER_PAGES = 4  # of fifty
EXPIRED, THROTTLED = 16, 33
OWN_SIGN_IN = "OAuthException"
STAMP = "%Y/%m/%d %H:%M:%S %z"  # 2013/06/25 18:14:45 +0000

Item = dict[str, Any]


class EngageClient(Client):
    """What the connected account may read."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def check(self, api: Api, answer: Answer) -> None:
        """The connection rests when a run has made as many calls as half a minute allows."""
        if api.requests >= CALLS:
            api.remaining, api.resets_at = 0, api.now() + WINDOW
        if answer.status < 400:
            raise_for_status(api, answer)
            return
        code, kind = _told(answer)
        if answer.status == 401 or code == EXPIRED:
            raise AccessExpiredError("the access ran out or was revoked", network=api.network)
        if kind == OWN_SIGN_IN:
            raise AccessRevokedError("the network does not accept the access", network=api.network)
        if answer.status == 429 or code == THROTTLED:
            wait = asked_to_wait(answer) if "Retry-After" in answer.headers else WINDOW.total_seconds()
            raise RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
        raise_for_status(api, answer)


CLIENT = EngageClient()


def _told(answer: Answer) -> tuple[int | None, str | None]:
    """The code of an error, and the type of one of Yammer's own sign-in."""
    try:
        body = Payload(parse_json(answer.body))
        response, error = body.optional_child("response"), body.optional_child("error")
        return response.number("code") if response else None, error.optional_text("type") if error else None
    except PayloadError:
        return None, None


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def current_user(api: Api) -> Payload:
    """The person whose access this is: the cheapest call there is."""
    return Payload(CLIENT.json(api, f"{API}users/current.json"), "user")


def moment(holder: Payload, name: str) -> datetime:
    """A time as this network writes it."""
    try:
        found = datetime.strptime(holder.text(name), STAMP).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or not EARLIEST <= found.year < LATEST:
        raise PayloadError(f"{holder.path}.{name}: expected a time like 2013/06/25 18:14:45 +0000")
    return found


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One answer of a feed: messages, newest first, with what they refer to."""

    messages: tuple[Item, ...]
    references: tuple[Item, ...] = ()
    is_older: bool = False  # whether anything older than these exists

    @property
    def ids(self) -> list[int]:
        """Numbers of the messages that have one."""
        return [number for one in self.messages if (number := number_of(one)) is not None]

    @property
    def older_than(self) -> str | None:
        """Where the next page begins; None at the end of the feed."""
        return str(min(self.ids)) if self.is_older and self.ids else None


def number_of(message: Item) -> int | None:
    """A message's number, written as such or as a text; None when it makes no sense."""
    number = str(message.get("id"))
    return int(number) if number.isascii() and number.isdecimal() else None


def feed(api: Api, path: str, *, older_than: str | None = None) -> Feed:
    """A page of a feed. A page that is not older than what was asked for must be an error, not a loop."""
    params = {"limit": str(A_PAGE)} | ({} if older_than is None else {"older_than": older_than})
    answer = Payload(CLIENT.json(api, f"{API}{path}.json", params), "feed")
    if not answer.has("messages"):
        raise PayloadError("feed.messages: expected a list", network=api.network)
    meta = answer.optional_child("meta")
    page = Feed(
        messages=tuple(one.raw() for one in answer.children("messages")),
        references=tuple(one.raw() for one in answer.children("references")),
        is_older=meta is not None and meta.flag("older_available"),
    )
    if older_than is not None and any(number >= int(older_than) for number in page.ids):
        raise RetryLaterError("the feed does not move", network=api.network)
    return page


class Refusals:
    """Several things of which single ones may be refused: 403 is told of one closed community as of everything.

    When a refusal is all that was heard, the person is asked for: who may not even see that may see nothing.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._is_heard = False

    def heard(self) -> None:
        self._is_heard = True

    def check(self, why: UnavailableError) -> None:
        """Return if it is about the one thing alone; raises otherwise."""
        if self._is_heard:
            return
        try:
            current_user(self._api)
        except UnavailableError:
            raise why from None
        self._is_heard = True


def listed(api: Api, path: str, page: int) -> list[Item]:
    """A page of a list that is nothing but a list."""
    found = CLIENT.json(api, f"{API}{path}.json", {"page": str(page)})
    if not isinstance(found, list):
        raise PayloadError("expected a list", network=api.network)
    return [Payload(one, f"list[{place}]").raw() for place, one in enumerate(found)]


def likers_of(api: Api, message: str) -> tuple[list[Item], bool]:
    """Who likes a message, at most so many pages of them; False when there are more, or nobody may say."""
    found: list[Item] = []
    for page in range(1, MOST_LIKER_PAGES + 1):
        path = f"{API}users/liked_message/{message}.json"
        try:
            answer = Payload(CLIENT.json(api, path, {"page": str(page)}), "likers")
        except GoneError:
            break
        if not answer.has("users"):
            raise PayloadError("likers.users: expected a list", network=api.network)
        found += [slim(one.raw()) for one in answer.children("users")]
        if not answer.flag("more_available"):
            return found, True
    return found, False


def users_of(references: Iterable[Item], ids: Sequence[str]) -> list[Item]:
    """Of the people referred to those with these ids, as far as they are needed."""
    found = {str(one.get("id")): one for one in references if one.get("type") in PEOPLE}
    return [slim(found[number]) for number in dict.fromkeys(ids) if number in found]


PEOPLE = frozenset({"user", "bot"})
SHOWN = ("type", "id", "name", "full_name", "job_title", "web_url", "state")


GROUP_SHOWN = ("id", "full_name", "description", "privacy", "show_in_directory", "web_url")


def group_of(group: Item) -> Item:
    """A community without what changes all the time."""
    return {name: group[name] for name in GROUP_SHOWN if group.get(name) is not None}


def slim(user: Item) -> Item:
    """A person without what changes all the time, such as how much they wrote."""
    return {name: user[name] for name in SHOWN if user.get(name) is not None}
