"""What happened on the page and who named it: told for 60 days, by list and by delivery alike.

organization-social-action-notifications (learn.microsoft.com/linkedin, read 2026-11-23). LinkedIn promises no order,
so the list is cut by time and walked to its end. What a comment said is taken out before anything is stored: it is
read where it stands, and can be deleted there.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from scrm.connectors.base import RECHECK, Account, Api, Gap, Page, Stream, WatchOrder
from scrm.connectors.linkedin.people import own_account, people
from scrm.connectors.linkedin.translation import SHARED, comment_number, comment_urn, notice_records, source_of
from scrm.connectors.linkedin.watching import COMMENTS, HISTORY, REACTIONS, orders
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import EPOCH, Item, Window, encoded, listed, milliseconds, part_of, whole_number
from scrm.i18n import N_
from scrm.records import Record

ACTIONS = ("LIKE", "COMMENT", "SHARE", "SHARE_MENTION", "ADMIN_COMMENT", "COMMENT_EDIT", "COMMENT_DELETE")
COUNT = 25
AHEAD = timedelta(hours=1)  # our clock may be behind LinkedIn's
SOON, LATER = 15.0, 900.0  # several comments come together; a name can wait
TOO_OLD = N_("LinkedIn tells what happened on a page for 60 days; what was said before is not read.")


class Notices(Stream):
    """Mentions and shares stand nowhere else; of all the rest this list tells where to look."""

    name = "notifications"
    label = N_("Mentions, shares and news of the page")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        fields, now = unpack(cursor), api.now()
        begins = now - HISTORY
        window = Window.parse(fields, since=begins)
        start = whole_number(fields, "start") or 0
        gaps = () if start else _gaps(window, milliseconds(begins), is_first=cursor is None)
        window.mark = max(window.mark, milliseconds(begins))
        part = part_of(
            api,
            "/rest/organizationalEntityNotifications",
            f"q=criteria&actions={listed(ACTIONS)}&organizationalEntity={encoded(own_account(api).key.native_id)}"
            f"&timeRange=(start:{window.mark},end:{milliseconds(now + AHEAD)})",
            start=start,
            count=COUNT,
        )
        fresh = [slim(raw) for raw in part.items if window.takes_item(raw, "notificationId", "lastModifiedAt")]
        if part.next is None:
            window.close()
        place = {"start": None if part.next is None else str(part.next)}
        return Page(
            items=tuple(_with_authors(api, fresh)),
            cursor=pack(window.fields() | place),
            has_more=part.next is not None or start > 0,  # after a long walk: what came meanwhile
            gaps=gaps,
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from notice_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        yield from notice_orders(item, account)


def _gaps(window: Window, begins: int, *, is_first: bool) -> tuple[Gap, ...]:
    """What lies out of reach: all before the first reading's beginning, or a pause that was too long."""
    until = EPOCH + timedelta(milliseconds=begins)
    if is_first:
        return (Gap(since=None, until=until, reason=TOO_OLD),)
    if window.mark < begins:
        return (Gap(since=EPOCH + timedelta(milliseconds=window.mark), until=until, reason=TOO_OLD),)
    return ()


def slim(notice: Mapping[str, Any]) -> Item:
    """A notice without what comments and our own posts say."""
    kept = dict(notice)
    if kept.get("action") not in SHARED:
        kept.pop("decoratedGeneratedActivity", None)
    source = kept.get("decoratedSourcePost")
    if isinstance(source, dict):
        kept["decoratedSourcePost"] = {name: value for name, value in source.items() if name != "text"}
    return kept


def _with_authors(api: Api, notices: list[Item]) -> Iterator[Item]:
    """Those who shared or mentioned something are read along; who only liked or commented is met elsewhere."""
    owners = [_owner(notice) for notice in notices]
    shown = people(api, [urn for urn in owners if urn])
    for notice, urn in zip(notices, owners, strict=True):
        yield {"notice": notice, "author": shown[urn]} if urn in shown else {"notice": notice}


def _owner(notice: Item) -> str | None:
    share = notice.get("decoratedGeneratedActivity")
    inner = share.get("share") if isinstance(share, dict) else None
    owner = inner.get("owner") if isinstance(inner, dict) else None
    return owner if isinstance(owner, str) else None


def notice_orders(item: Payload, account: Account) -> Iterator[WatchOrder]:
    """Where to look because of a notice."""
    notice = item.child("notice")
    action, post = notice.text("action"), source_of(notice, account)
    if post is None:
        return
    if action in {"COMMENT", "ADMIN_COMMENT"}:
        yield from orders((COMMENTS,), post, "PUBLIC", after_seconds=SOON)
    elif action == "LIKE":
        yield from orders((REACTIONS,), post, "PUBLIC", after_seconds=LATER)
    elif action == "COMMENT_EDIT":
        urn = comment_urn(notice.text("generatedActivity"), f"{notice.path}.generatedActivity")
        yield WatchOrder(
            stream=RECHECK,
            native_id=urn,
            fetch_ref=f"comment {post} {comment_number(urn)} {post} PUBLIC",
            after_seconds=SOON,
        )
