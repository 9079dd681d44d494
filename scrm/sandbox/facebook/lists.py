"""The edges of Facebook's nodes: which rows they have, in which order, for whom.

Feeds hold some 600 posts of a year (Meta's page "Page feed"); conversations with messages of their latest
twenty, request folders not past 30 days ("Conversations API"); comments `toplevel` unless asked for the whole
`stream` (from memory) – all read 2026-11-23.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scrm.sandbox.facebook.names import FILTERS, LIVE_FILTERS, MESSAGING_APPS, ORDERS, REACTIONS
from scrm.sandbox.facebook.state import Comment, Conversation, Human, Item, Message, Page, Post, Reaction
from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.nodes import Listing
from scrm.sandbox.graph.times import milliseconds, moment, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from scrm.sandbox.graph.nodes import Ask

POSTS_A_YEAR = 600
REQUESTS_LIVE = timedelta(days=30)


def posts(pick: Callable[[Post, Page], bool], *, is_of_people: bool = False) -> Callable[[Page, Ask], Listing]:
    """Return the function that lists a page's posts of one sort, newest first."""

    def listed(page: Page, ask: Ask) -> Listing:
        if is_of_people:
            ask.viewer.need_people(page)
        else:
            ask.viewer.need_reading(page)
        since, until = _span(ask.arguments)
        is_seeing_people = ask.viewer.may("pages_read_user_content")
        found = [
            post
            for post in ask.viewer.state.posts.values()
            if post.page is page
            and pick(post, page)
            and (is_seeing_people or post.author is page)
            and (since is None or post.created_at >= since)
            and (until is None or post.created_at <= until)
        ]
        found.sort(key=_age, reverse=True)
        return Listing(rows=list(_of_each_year(found)), key=_age)

    return listed


def is_on_page(post: Post, page: Page) -> bool:
    return post.owner is page or post.is_tagging


def is_by_page(post: Post, page: Page) -> bool:
    return post.author is page


def is_by_visitor(post: Post, page: Page) -> bool:
    return post.owner is page and post.author is not page


def is_tagging(post: Post, _page: Page) -> bool:
    return post.is_tagging


def comments(item: Item, ask: Ask) -> Listing:
    ask.viewer.need_people(item.page)
    asked = ask.arguments
    kind = _one_of(asked, "filter", FILTERS, "toplevel")
    order = _one_of(asked, "order", ORDERS, "chronological")
    _one_of(asked, "live_filter", LIVE_FILTERS, "no_filter")
    everything = list(_stream(item)) if kind == "stream" else list(item.comments)
    since = moment(asked["since"], "since") if "since" in asked else None
    rows = [one for one in everything if since is None or one.created_at >= since]
    is_falling = order == "reverse_chronological"
    rows.sort(key=_age, reverse=is_falling)
    summary = {"order": order, "total_count": len(everything), "can_comment": True}
    return Listing(rows=rows, key=_age, is_falling=is_falling, summary=summary if _is_asked(asked) else None)


def reactions(item: Item, ask: Ask) -> Listing:
    ask.viewer.need_people(item.page)
    kind = ask.arguments.get("type")
    if kind is not None:
        _one_of(ask.arguments, "type", REACTIONS, "")
    return _reactions(item, ask, kind)


def likes(item: Item, ask: Ask) -> Listing:
    ask.viewer.need_people(item.page)
    return _reactions(item, ask, "LIKE")


def _reactions(item: Item, ask: Ask, kind: str | None) -> Listing:
    rows = [one for one in item.reactions.values() if kind in {None, "NONE", one.type}]
    rows.sort(key=_row, reverse=True)
    # a page that reads its own sees everybody's; summaries count what the type leaves
    summary = {"total_count": len(rows), "viewer_reaction": _own_reaction(item)}
    return Listing(rows=rows, key=_row, summary=summary if _is_asked(ask.arguments) else None)


def accounts(human: Human, ask: Ask) -> Listing:
    """List the pages a person runs, as far as they were chosen at the consent."""
    token = ask.viewer.token
    if not token.may("pages_show_list"):
        raise GraphError(200, message="(#200) Requires pages_show_list permission")
    pages = ask.viewer.state.pages.values() if human.tasks else ()
    rows = sorted((one for one in pages if token.may("pages_show_list", one.id)), key=lambda one: one.id)
    return Listing(rows=rows, key=lambda one: [one.id], is_falling=False)


def ratings(page: Page, ask: Ask) -> Listing:
    ask.viewer.need_people(page)
    rows = [one for one in ask.viewer.state.reviews.values() if one.page is page]
    rows.sort(key=lambda one: (seconds(one.created_at), one.number), reverse=True)
    return Listing(rows=rows, key=lambda one: (seconds(one.created_at), one.number))


def conversations(page: Page, ask: Ask) -> Listing:
    """List the threads, last updated first; there is no paging by time."""
    ask.viewer.need_messaging(page)
    asked = ask.arguments
    app = _one_of({"platform": asked.get("platform", "messenger").upper()}, "platform", MESSAGING_APPS, "")
    now = ask.viewer.now
    rows = [
        one
        for one in ask.viewer.state.conversations.values()
        if one.page is page and app == "MESSENGER" and _is_listed(one, asked, now)
    ]
    rows.sort(key=_update, reverse=True)
    return Listing(rows=rows, key=_update)


def _is_listed(one: Conversation, asked: Mapping[str, str], now: datetime) -> bool:
    if one.folder != asked.get("folder", one.folder):
        return False
    if one.folder == "other" and now - one.updated_at > REQUESTS_LIVE:
        return False
    if asked.get("user_id", one.psid) != one.psid:
        return False
    updated = milliseconds(one.updated_at)
    return int(asked.get("updated_after_ms", 0)) <= updated <= int(asked.get("updated_before_ms", updated))


def messages(conversation: Conversation, ask: Ask) -> Listing:
    ask.viewer.need_messaging(conversation.page)
    rows = sorted(conversation.messages, key=_message, reverse=True)
    return Listing(rows=rows, key=_message)


def _stream(item: Item) -> Iterator[Comment]:
    for comment in item.comments:
        yield comment
        yield from _stream(comment)


def _of_each_year(found: Iterable[Post]) -> Iterator[Post]:
    counted: Counter[int] = Counter()
    for post in found:
        counted[post.created_at.year] += 1
        if counted[post.created_at.year] <= POSTS_A_YEAR:
            yield post


def _span(asked: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    since = moment(asked["since"], "since") if "since" in asked else None
    until = moment(asked["until"], "until") if "until" in asked else None
    return since, until


def _one_of(asked: Mapping[str, str], name: str, known: frozenset[str], default: str) -> str:
    value = asked.get(name, default)
    if value not in known:
        message = f"(#100) Param {name} must be one of {{{', '.join(sorted(known))}}}"
        raise BadRequestError(100, message=message)
    return value


def _is_asked(asked: Mapping[str, str]) -> bool:
    return asked.get("summary", "false") not in {"false", "0", ""}


def _own_reaction(item: Item) -> str:
    own = item.reactions.get(item.page.key)
    return own.type if own else "NONE"


def _age(item: Item) -> tuple[int, str]:
    return seconds(item.created_at), item.number


def _row(reaction: Reaction) -> tuple[int]:
    return (reaction.row,)


def _update(conversation: Conversation) -> tuple[int, str]:
    return milliseconds(conversation.updated_at), conversation.id


def _message(message: Message) -> tuple[int, int]:
    return milliseconds(message.created_at), message.row
