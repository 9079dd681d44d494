"""The people of the network, fifty in a call, with the addresses of the directory.

"Users" (learn.microsoft.com/rest/api/yammer, read 2026-11-24); that a page holds fifty is from memory, so a list ends
with an empty page. Nothing tells who changed: all are read once a day. Who neither is a guest nor ever wrote anything
is left out, and so is everything that is not needed to know somebody.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

from scrm.connectors.base import Account, Api, Page, Stream
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.yammer.client import Item, listed
from scrm.connectors.yammer.translation import profile
from scrm.errors import PayloadError, RetryLaterError
from scrm.i18n import N_
from scrm.records import Record

ALL_AGAIN = timedelta(hours=20)
SHOWN = (
    *("type", "id", "name", "full_name", "job_title", "location", "summary", "external_urls", "web_url"),
    *("guest", "aad_guest"),
)
SIGN = 16  # hexadecimal digits


class People(Stream):
    """Guests of the network, and whoever wrote in it."""

    name = "people"
    label = N_("People of the network, with their addresses")
    every_seconds = 86_400

    def read(self, api: Api, cursor: str | None) -> Page:
        """Within a day of the last reading all are read again only if the first page has changed."""
        place = unpack(cursor)
        began, page = place.optional_time("began"), place.optional_text("page") or "1"
        if not page.isdecimal():
            raise PayloadError("cursor.page: expected a whole number")
        found = listed(api, "users", int(page))
        items = [_item(one) for one in found if _is_wanted(one)]
        sign = _sign(found)
        if found and sign == place.optional_text("last"):
            raise RetryLaterError("the list does not move", network=api.network)
        first = place.optional_text("first")
        if page == "1":
            if began and api.now() - began < ALL_AGAIN and sign == first:
                return Page(items=(), cursor=cursor, has_more=False)
            began, first = api.now(), sign
        fields = {"began": began.isoformat() if began else None, "first": first}
        if found:
            fields |= {"page": str(int(page) + 1), "last": sign}
        return Page(items=tuple(items), cursor=pack(fields), has_more=bool(found))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        yield profile(item.child("user"))


def _is_wanted(user: Item) -> bool:
    stats = user.get("stats")
    has_written = not isinstance(stats, dict) or stats.get("updates") != 0
    return has_written or bool(user.get("aad_guest")) or bool(user.get("guest"))


def _item(user: Item) -> Item:
    shown = {name: user[name] for name in SHOWN if user.get(name) is not None}
    contact = user.get("contact")
    if isinstance(contact, dict):
        needed = ("email_addresses", "has_fake_email")
        shown["contact"] = {name: contact[name] for name in needed if name in contact}
    return {"user": shown}


def _sign(users: list[Item]) -> str:
    """A sign of how a page looks, without what changes all the time."""
    text = json.dumps([_item(one) for one in users], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SIGN]
