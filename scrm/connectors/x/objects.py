"""What becomes of our posts: answers below them, likes, quotes and reposts, watched for a week and ever more seldom.

Nothing is paid for twice: answers are searched from the newest known on, which costs nothing when there are none,
and the other lists are read only when a post's own numbers say that they have grown. docs.x.com, search operators,
quotes, reposts and likes, read 2026-11-23.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream, WatchOrder
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import Item, Listing, PlaceLostError, found, is_granted, listing, own_account
from scrm.connectors.x.ids import moment, order
from scrm.connectors.x.items import page_query, post_items
from scrm.connectors.x.translation import LIKE, REPOST, chain_id, post_records, reaction_records
from scrm.connectors.x.vocabulary import Query, references, reposts, vocabulary
from scrm.connectors.x.walk import Walk, step
from scrm.i18n import N_
from scrm.records import Record

REPLIES, REACTIONS = "replies", "reactions"
WATCHED = timedelta(days=7)
RHYTHM = (  # at this age a post is read again after so long
    (timedelta(hours=6), timedelta(minutes=30)),
    (timedelta(days=1), timedelta(hours=2)),
    (timedelta(days=3), timedelta(hours=8)),
    (WATCHED, timedelta(days=1)),
)
GROWS_SECONDS = 300.0
PAGE = 25
MARGIN = 3  # likes that came between two calls, or were taken back


def own_orders(item: Payload) -> Iterator[WatchOrder]:
    """Have one of our posts watched, if it is young enough; answers only where we began the conversation."""
    post = item.child("post")
    native = chain_id(post)
    kinds = {one.text("type") for one in references(post)}
    if "retweeted" in kinds or item.time("at") - post.time("created_at") > WATCHED:
        return
    yield WatchOrder(stream=REACTIONS, native_id=native, fetch_ref=post.text("id"), after_seconds=GROWS_SECONDS)
    if post.optional_text("conversation_id") == native:
        yield WatchOrder(stream=REPLIES, native_id=native, fetch_ref=native, after_seconds=GROWS_SECONDS)


def settled(ref: ObjectRef, cursor: str, items: Sequence[Item], now: datetime) -> ObjectPage:
    """Nothing is left to read now: when to look again, if ever."""
    age = now - (moment(ref.native_id) or now - WATCHED)
    wait = next((wait for limit, wait in RHYTHM if age < limit), None)
    if wait is None:
        return ObjectPage(items=tuple(items), ends=(ref.native_id,))
    again = Again(after_seconds=wait.total_seconds(), cursor=cursor)
    return ObjectPage(items=tuple(items), again={ref.native_id: again})


def _goes_on(ref: ObjectRef, cursor: str, items: Sequence[Item]) -> ObjectPage:
    return ObjectPage(items=tuple(items), again={ref.native_id: Again(after_seconds=0, cursor=cursor)})


class Replies(ObjectStream):
    """Everything in a conversation that we began."""

    name = REPLIES
    label = N_("Answers below our posts")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        ref = refs[0]
        walk = Walk.parse(ref.cursor)
        if walk.since is None:
            walk = replace(walk, since=ref.native_id)
        began = moment(ref.native_id)
        if began is None or api.now() - began >= WATCHED:
            return ObjectPage(items=(), ends=(ref.native_id,))
        search = f"conversation_id:{ref.native_id} -is:retweet -from:{own_account(api).handle}"
        page, after = step(api, "/2/tweets/search/recent", [("query", search), *page_query(api, PAGE)], walk)
        items = post_items(api, page)
        if after.is_under_way:
            return _goes_on(ref, after.text(), items)
        return settled(ref, after.text(), items, api.now())

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from post_records(item, account)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The numbers below a post when its lists were last read to their end, and the list that is being read now."""

    likes: int = 0
    quotes: int = 0
    reposts: int = 0
    list: str | None = None
    token: str | None = None
    wanted: int = 0  # what the number of that list was when its reading began
    left: int = 0  # how much of it may still be new

    @classmethod
    def parse(cls, cursor: str | None) -> "Seen":
        fields = unpack(cursor)
        numbers = {
            name: max(order(fields.optional_text(name) or "0"), 0)
            for name in ("likes", "quotes", "reposts", "wanted", "left")
        }
        return cls(list=fields.optional_text("list"), token=fields.optional_text("token"), **numbers)

    def text(self) -> str:
        return pack(
            {
                "list": self.list,
                "token": self.token,
                **{
                    name: str(number)
                    for name in ("likes", "quotes", "reposts", "wanted", "left")
                    if (number := getattr(self, name))
                },
            }
        )

    def turn_to(self, name: str, number: int) -> "Seen":
        """Read one list, as far down as there may be something new."""
        known = getattr(self, name)
        return replace(self, list=name, wanted=number, token=None, left=number - known + (MARGIN if known else 0))

    def after(self, page: Listing) -> "Seen":
        left = self.left - len(page.data)
        if page.next_token is None or page.next_token == self.token or left <= 0:
            return replace(self, **{str(self.list): self.wanted}, list=None, token=None, wanted=0, left=0)
        return replace(self, token=page.next_token, left=left)


LISTS = {  # by the number that tells of it: where it is, and how many it gives at least
    "likes": ("liking_users", 1),
    "quotes": ("quote_tweets", 10),
    "reposts": ("retweeted_by", 1),
}


class Reactions(ObjectStream):
    """Who likes, quotes and repeats a post of ours. What was taken back is not noticed: no list tells it."""

    name = REACTIONS
    label = N_("Likes, quotes and reposts of our posts")
    batch = 10  # their numbers come in one answer

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        seen = {ref.native_id: Seen.parse(ref.cursor) for ref in refs}
        idle = [ref for ref in refs if seen[ref.native_id].list is None]
        pages = list(_compared(api, idle, seen)) if idle else []
        # an idle post whose numbers have grown has its list read at once, like those under way
        pages += [_read_list(api, ref, seen[ref.native_id]) for ref in refs if seen[ref.native_id].list is not None]
        return ObjectPage(
            items=tuple(item for page in pages for item in page.items),
            gone=tuple(native_id for page in pages for native_id in page.gone),
            ends=tuple(native_id for page in pages for native_id in page.ends),
            again={native_id: again for page in pages for native_id, again in page.again.items()},
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("did"):
            yield from reaction_records(item)
        else:
            yield from post_records(item, account)


def _compared(api: Api, refs: Sequence[ObjectRef], seen: dict[str, Seen]) -> Iterator[ObjectPage]:
    """What is settled of these posts; of those whose numbers have grown `seen` says which list is to be read."""
    ids = {ref.fetch_ref or ref.native_id: ref for ref in refs}
    page = found(api, "/2/tweets", [("ids", ",".join(ids)), *vocabulary(api.app).counts()])
    shown = {Payload(post).text("id"): Payload(post) for post in page.data}
    for native, ref in ids.items():
        if native not in shown:
            is_gone = page.missing.get(native) == "resource-not-found"
            yield ObjectPage(items=(), gone=(ref.native_id,) * is_gone, ends=(ref.native_id,))
            continue
        numbers = _numbers(api, shown[native])
        # a number that fell counts from there on
        known = seen[ref.native_id]
        known = replace(known, **{name: min(number, getattr(known, name)) for name, number in numbers.items()})
        grown = next((name for name, number in numbers.items() if number > getattr(known, name)), None)
        if grown is None:
            yield settled(ref, known.text(), (), api.now())
        else:
            seen[ref.native_id] = known.turn_to(grown, numbers[grown])


def _numbers(api: Api, post: Payload) -> dict[str, int]:
    metrics = post.child("public_metrics")
    numbers = {"quotes": metrics.number("quote_count") or 0, "reposts": reposts(metrics)}
    if is_granted(api, "like.read"):
        numbers["likes"] = metrics.number("like_count") or 0
    return numbers


def _read_list(api: Api, ref: ObjectRef, seen: Seen) -> ObjectPage:
    """The next page of one list; afterwards the numbers are asked for again, which costs nothing on the same day."""
    name, least = LISTS[str(seen.list)]
    size = str(max(least, min(seen.left, PAGE)))
    path = f"/2/tweets/{ref.fetch_ref or ref.native_id}/{name}"
    is_quotes = name == "quote_tweets"
    query: Query = page_query(api, int(size)) if is_quotes else [("max_results", size), *vocabulary(api.app).people()]
    try:
        page = listing(api, path, [*query, *([("pagination_token", seen.token)] if seen.token else [])])
    except PlaceLostError:
        page = listing(api, path, query)
    did = LIKE if name == "liking_users" else REPOST
    items = post_items(api, page) if is_quotes else _people(api, page, did, ref.native_id)
    return _goes_on(ref, seen.after(page).text(), items)


def _people(api: Api, page: Listing, did: str, target: str) -> tuple[Item, ...]:
    at = api.now().isoformat()
    return tuple({"at": at, "did": did, "target": target, "user": user} for user in page.data)
