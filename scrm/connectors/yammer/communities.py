"""Communities that the account belongs to, and their members.

`/groups.json?mine=1` and `/users/in_group/{id}.json`: yampy2, pnp/cli-microsoft365 and
learn.microsoft.com/rest/api/yammer (read 2026-11-24). Who manages a community is told by Graph alone, to which this
access does not lead, so everybody counts as a member. That fifty groups stand on a page is from memory.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api, Page, Stream
from scrm.connectors.payload import Payload
from scrm.connectors.roster import Communities as Found
from scrm.connectors.roster import Members, membership, read_round, roster
from scrm.connectors.yammer.client import API, CLIENT, group_of, slim
from scrm.connectors.yammer.translation import community, key, mentioned
from scrm.errors import PayloadError
from scrm.i18n import N_
from scrm.records import Record

A_PAGE = 50


class Communities(Stream):
    """Where the account is a member, and who else is."""

    name = "communities"
    label = N_("Communities of the account and their members")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        def groups(at: str | None) -> Found:
            page = _page(at)
            path = f"{API}groups.json"
            found = CLIENT.json(api, path, {"mine": "1", "page": str(page)})
            if not isinstance(found, list):
                raise PayloadError("expected a list", network=api.network)
            shown = [Payload(one, "group") for one in found]
            items = [{"community": group_of(one.raw())} for one in shown]
            return Found(
                items=items,
                ids=[one.text("id") for one in shown],
                next=str(page + 1) if len(found) >= A_PAGE else None,
            )

        def members(group: str, at: str | None) -> Members:
            page = _page(at)
            path = f"{API}users/in_group/{group}.json"
            answer = Payload(CLIENT.json(api, path, {"page": str(page)}), "members")
            people = [slim(one.raw()) for one in answer.children("users")]
            return Members(items=people, next=str(page + 1) if answer.flag("more_available") else None)

        return read_round(api, cursor, groups, members)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        yield from roster(item, key)
        if item.has("community"):
            yield community(item.child("community"))
        elif item.has("member"):
            person = mentioned(item.child("member"))
            yield person
            yield membership(item, person.key, key, manages=False)


def _page(at: str | None) -> int:
    if at is not None and not at.isdecimal():
        raise PayloadError("cursor.next: expected a whole number")
    return int(at or 1)
