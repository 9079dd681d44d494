"""What X charges, as data, and what a request may cost and did cost.

docs.x.com, getting-started/pricing, read 2026-11-23: per resource returned, each once a UTC day; that expansions are
paid like the rest is inferred there. The price of a count is from memory (2026-11-24). Amounts are millionths of a
US dollar. Compliance jobs, webhooks and subscriptions cost nothing; delivered events are billed by X besides.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.x.vocabulary import included_posts
from scrm.errors import PayloadError
from scrm.http import Answer

SOURCE = "https://docs.x.com/x-api/getting-started/pricing"
POST, USER, MESSAGE, LIKE, COUNT = "post", "user", "dm_event", "like", "count"
OWNED = "owned"  # an own post or a mention of us, read by the account that owns the app
PRICES = {POST: 5_000, USER: 10_000, MESSAGE: 10_000, LIKE: 1_000, COUNT: 5_000, OWNED: 1_000}
EXPANSIONS = {
    "author_id": PRICES[USER],
    "in_reply_to_user_id": PRICES[USER],
    "sender_id": PRICES[USER],
    "referenced_posts": 2 * PRICES[POST],  # a post may answer one and quote another
    "referenced_tweets.id": 2 * PRICES[POST],
}
RESULTS = 10  # what lists give when no number is asked for


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What the list or object at an address is made of, and whose it is."""

    kind: str
    of: str = ""


PLACES = (
    (re.compile(r"/2/users/(\d+)/(?:tweets|mentions)$"), POST),
    (re.compile(r"/2/tweets/(\d+)/quote_tweets$"), POST),
    (re.compile(r"/2/tweets/search/recent()$"), POST),
    (re.compile(r"/2/tweets()$"), POST),
    (re.compile(r"/2/tweets/(\d+)/liking_users$"), LIKE),
    (re.compile(r"/2/tweets/(\d+)/retweeted_by$"), USER),
    (re.compile(r"/2/users/me()$"), USER),
    (re.compile(r"/2/dm_events()$"), MESSAGE),
    (re.compile(r"/2/tweets/counts/recent()$"), COUNT),
)


def priced(path: str) -> Priced | None:
    """What is paid for at this path; None where nothing is."""
    for pattern, kind in PLACES:
        if match := pattern.search(path):
            return Priced(kind=kind, of=match[1])
    return None


def most(api: Api, path: str, params: Any) -> int:
    """What a request may cost if nothing of it was paid for today."""
    what = priced(path)
    if what is None:
        return 0
    asked = dict(params or ())
    each = _price(api, what) + sum(EXPANSIONS.get(name, 0) for name in asked.get("expansions", "").split(","))
    return each * _results(what, asked)


def _results(what: Priced, asked: Mapping[str, str]) -> int:
    if what.kind == COUNT or not (asked.keys() & {"ids", "max_results"} or what.of):
        return 1
    return len(asked["ids"].split(",")) if "ids" in asked else int(asked.get("max_results", RESULTS))


def _price(api: Api, what: Priced) -> int:
    return PRICES[OWNED] if what.kind == POST and _is_owned(api, what.of) else PRICES[what.kind]


def _is_owned(api: Api, of: str) -> bool:
    """Whether this is a list of our own account, and our account owns the app."""
    return api.account is not None and of == api.account.key.native_id and is_owner(api, api.account.handle)


def is_owner(api: Api, handle: str) -> bool:
    """Whether this account owns the app, as the admin says."""
    return api.app.get("owner_handle", "").removeprefix("@").casefold() == handle.casefold()


def spent(api: Api, answer: Answer) -> int:
    """What an answer cost, without what was paid for today already."""
    what = priced(urlsplit(answer.url).path)
    if what is None or answer.status != 200 or api.meter is None:
        return 0
    if what.kind == COUNT:
        return PRICES[COUNT]
    ids: dict[str, set[str]] = {kind: set() for kind in PRICES}
    try:
        body = Payload(parse_json(answer.body), "answer")
        ids[what.kind].update(f"{what.of}:{one}" if what.kind == LIKE else one for one in _data(body))
        includes = body.optional_child("includes")
        included = [one.text("id") for one in included_posts(includes)] if includes else []
        people = [one.text("id") for one in includes.children("users")] if includes else []
    except PayloadError:
        return 0
    own = api.meter.unpaid(what.kind, ids[what.kind]) * _price(api, what)
    return own + sum(
        api.meter.unpaid(kind, more) * PRICES[kind] for kind, more in ((POST, included), (USER, people)) if more
    )


def _data(body: Payload) -> Iterator[str]:
    data = body.raw().get("data")
    for one in data if isinstance(data, list) else [data]:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            yield one["id"]
