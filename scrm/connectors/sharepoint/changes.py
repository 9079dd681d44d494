"""What changed in a list since a mark, page by page, for one list after the other.

learn.microsoft.com/graph/api/listitem-delta (read 2026-11-24): links are taken as they are; an item may come twice,
the last time counts; a mark that is too old is answered 410 with the address that begins anew. What changes while a
long list is read comes at its end, so the run goes on until nothing comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from scrm.connectors.base import Api
from scrm.connectors.paging import pack, unpack
from scrm.connectors.sharepoint.client import Item, LostPlaceError, got, in_site, linked, values
from scrm.errors import PayloadError, RetryLaterError

PART = 20
PROPERTIES = "id,createdBy,createdDateTime,lastModifiedDateTime,webUrl,parentReference,sharepointIds,deleted"
QUERY = {"$select": PROPERTIES, "$expand": "fields", "$top": str(PART)}
AT = "at"


@dataclass(kw_only=True)
class Walk:
    """Where each list stands, and which is read now."""

    links: dict[str, str] = field(default_factory=dict)
    at: str | None = None

    @classmethod
    def parse(cls, cursor: str | None, lists: Sequence[str]) -> "Walk":
        """Read a stored cursor; a list that nobody asks for any more is forgotten. Raises PayloadError."""
        fields = unpack(cursor)
        links = {name: link for name in lists if (link := fields.optional_text(f"list {name}")) is not None}
        at = fields.optional_text(AT)
        return cls(links=links, at=at if at in lists else None)

    def text(self) -> str:
        return pack({**{f"list {name}": link for name, link in self.links.items()}, AT: self.at})


def changed(api: Api, lists: Sequence[str], cursor: str | None) -> tuple[list[Item], str | None, bool]:
    """Entries of the list whose turn it is, the next cursor, and whether more is waiting."""
    if not lists:
        return [], cursor, False
    walk = Walk.parse(cursor, lists)
    name = walk.at or lists[0]
    link = walk.links.get(name)
    try:
        found = got(api, link) if link else got(api, _begin(api, name), QUERY)
    except LostPlaceError as why:
        if link is None:
            raise
        walk.links.pop(name)
        if why.begins is not None and why.begins != link:
            walk.links[name] = api.url(why.begins)
        return [], Walk(links=walk.links, at=name).text(), True
    entries = values(found, api.network)
    following, mark = linked(api, found, "nextLink"), linked(api, found, "deltaLink")
    if following is None and mark is None:
        raise PayloadError(f"{found.path}: expected a link to more or to later changes", network=api.network)
    if following is not None and following == link:
        raise RetryLaterError("the next page leads to itself", network=api.network)
    walk.links[name] = following or mark or ""
    is_over = following is None and (not entries or mark == link)
    later = lists.index(name) + 1
    if not is_over:
        walk.at = name
    else:
        walk.at = lists[later] if later < len(lists) else None
    return _last_of_each(entries), walk.text(), walk.at is not None


def _begin(api: Api, name: str) -> str:
    return in_site(api, f"/lists/{quote(name, safe='')}/items/delta")


def _last_of_each(entries: list[Item]) -> list[Item]:
    return list({str(one.get("id")): one for one in entries}.values())
