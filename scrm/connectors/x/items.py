"""Items of posts: a post with the people and posts it speaks of, and when it was read.

X sends those once per page; each item gets its own, so that it can be translated alone.
"""

from collections.abc import Iterator
from contextlib import suppress

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import Item, Listing
from scrm.connectors.x.vocabulary import Query, references, vocabulary
from scrm.errors import PayloadError


def page_query(api: Api, size: int) -> Query:
    """What to ask for with a page of posts."""
    return [("max_results", str(size)), *vocabulary(api.app).posts()]


def post_items(api: Api, page: Listing) -> tuple[Item, ...]:
    """The posts of a page, each with what belongs to it; one that makes no sense becomes an item all the same."""
    at = api.now().isoformat()
    return tuple(_item(post, page, at) for post in page.data)


def _item(post: Item, page: Listing, at: str) -> Item:
    others: list[str] = []
    people: list[str] = []
    with suppress(PayloadError):
        others = [one.text("id") for one in references(Payload(post))]
        people = list(dict.fromkeys(_people(Payload(post), [page.posts[one] for one in others if one in page.posts])))
    return {
        "at": at,
        "post": post,
        "posts": [page.posts[one] for one in others if one in page.posts],
        "users": [page.users[one] for one in people if one in page.users],
    }


def _people(post: Payload, others: list[Item]) -> Iterator[str]:
    for name in ("author_id", "in_reply_to_user_id"):
        if native := post.optional_text(name):
            yield native
    for other in others:
        if native := Payload(other).optional_text("author_id"):
            yield native
