"""How Mastodon's HTTP behaves: a bearer token that never expires, 300 calls in five minutes, lists paged by id.

https://docs.joinmastodon.org/api/rate-limits/ and /methods/ (4.7.0, read 2026-11-24). Reading several statuses or
accounts in one call came with 4.3; older servers answer it with 404 and are asked one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrm.connectors.base import Api, Client, Page, asked_to_wait, raise_for_status
from scrm.connectors.paging import link, pack, unpack
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import AccessRevokedError, GoneError, PayloadError, RetryLaterError
from scrm.http import Answer

BULK_STATUSES, BULK_ACCOUNTS = 20, 40  # more is a 422
MOST_REACTION_PAGES = 25  # of 80 accounts each
LOCKED_OUT = "Your login"  # … is currently disabled, … is currently pending approval

Item = dict[str, Any]
Params = Sequence[tuple[str, str]]


class MastodonClient(Client):
    """Bearer token; limits as ISO times."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def check(self, api: Api, answer: Answer) -> None:
        remaining = answer.headers.get("X-RateLimit-Remaining", "")
        api.remaining = int(remaining) if remaining.isascii() and remaining.isdigit() else None
        api.resets_at = _reset(answer)
        if answer.status == 403 and _error(answer).startswith(LOCKED_OUT):
            raise AccessRevokedError("the account's login is disabled", network=api.network)
        raise_for_status(api, answer, retry_after=_wait(answer, api.resets_at))


CLIENT = MastodonClient()


def _reset(answer: Answer) -> datetime | None:
    try:
        reset = datetime.fromisoformat(answer.headers.get("X-RateLimit-Reset", ""))
        return reset.astimezone(UTC) if reset.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _wait(answer: Answer, resets_at: datetime | None) -> float | None:
    """Seconds until the limit starts anew, by the server's own clock; Mastodon sends no Retry-After itself."""
    asked = asked_to_wait(answer)
    if asked is not None or resets_at is None or answer.status != 429:
        return asked
    try:
        now = parsedate_to_datetime(answer.headers.get("Date", ""))
        return (resets_at - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _error(answer: Answer) -> str:
    try:
        return Payload(parse_json(answer.body)).optional_text("error") or ""
    except PayloadError:
        return ""


def objects(api: Api, path: str, params: Params = ()) -> list[Item]:
    """A list of objects; raises PayloadError for anything else."""
    return _listed(CLIENT.json(api, path, list(params)), api)


def _listed(found: Any, api: Api) -> list[Item]:
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise PayloadError("expected a list of objects", network=api.network)
    return found


def age(native: str) -> tuple[int, str]:
    """Ids are opaque texts; the longer one is the newer one, then the text decides."""
    return len(native), native


def page_above(api: Api, path: str, cursor: str | None, params: Params) -> Page:
    """The items just above the mark, oldest first, so that every stored page may move it.

    A page that is not empty may be followed by another however short it is, because servers cut pages silently.
    """
    mark = unpack(cursor).optional_text("mark") or "0"
    items = objects(api, path, [*params, ("min_id", mark)])
    by_id = {Payload(item).text("id"): item for item in items}
    order = sorted(by_id, key=age)
    if order and age(order[0]) <= age(mark):
        raise RetryLaterError("the list does not move", network=api.network)
    return Page(
        items=tuple(by_id[native] for native in order),
        cursor=pack({"mark": order[-1] if order else mark}),
        has_more=bool(order),
    )


def statuses_by_id(api: Api, ids: Iterable[str]) -> dict[str, Item]:
    """These statuses as they are now; one that is missing is gone, or no longer visible to us."""
    return _by_id(api, "/api/v1/statuses", ids, BULK_STATUSES)


def accounts_by_id(api: Api, ids: Iterable[str]) -> dict[str, Item]:
    """These accounts as they are now."""
    return _by_id(api, "/api/v1/accounts", ids, BULK_ACCOUNTS)


def _by_id(api: Api, path: str, ids: Iterable[str], most: int) -> dict[str, Item]:
    wanted = list(dict.fromkeys(ids))
    found: list[Item] = []
    for start in range(0, len(wanted), most):
        some = wanted[start : start + most]
        try:
            found += objects(api, path, [("id[]", native) for native in some])
        except GoneError:  # the server is older than 4.3
            found += _one_by_one(api, path, some)
    return {Payload(item).text("id"): item for item in found}


def _one_by_one(api: Api, path: str, ids: Iterable[str]) -> Iterator[Item]:
    for native in ids:
        try:
            yield Payload(CLIENT.json(api, f"{path}/{native}")).raw()
        except GoneError:
            continue


def context(api: Api, native: str) -> tuple[list[Item], list[Item]]:
    """What a status answers, the first of the thread first, and everything below it. Raises GoneError."""
    found = Payload(CLIENT.json(api, f"/api/v1/statuses/{native}/context"))
    above, below = list(found.children("ancestors")), list(found.children("descendants"))
    return [one.raw() for one in above], [one.raw() for one in below]


def reacting_accounts(api: Api, native: str, who: str, wanted: Iterable[str]) -> tuple[Mapping[str, Item], bool]:
    """Those of the wanted account ids that still like or boost a status; False when the list was too long to finish.

    `who` is favourited_by or reblogged_by. The ids in its links are internal, so the links are used as they are.
    """
    missing, found = set(wanted), {}
    path, params = f"/api/v1/statuses/{native}/{who}", [("limit", "80")]
    for _ in range(MOST_REACTION_PAGES):
        answer = CLIENT.get(api, path, params)
        for account in _listed(CLIENT.decoded(api, answer), api):
            account_id = Payload(account).text("id")
            if account_id in missing:
                missing.discard(account_id)
                found[account_id] = account
        following = link(answer, "next")
        if not missing or following is None:
            return found, True
        if following == path:
            raise RetryLaterError("the next page leads to itself", network=api.network)
        path, params = following, []
    return found, False
