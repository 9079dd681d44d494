"""The site's pages, and the lists that the admin names: both by what changed since the last reading.

learn.microsoft.com/graph/api/sitepage-get (read 2026-11-23): a page's text comes with one page at a time. A deleted
entry is told by its number alone, so deletions are found where pages and items are looked at again.
"""

from collections.abc import Iterator
from urllib.parse import quote

from scrm.connectors.base import Account, Api, Page, Stream, WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint.changes import changed
from scrm.connectors.sharepoint.client import PAGES_LIST, Item, got, in_site, list_names
from scrm.connectors.sharepoint.people import directory
from scrm.connectors.sharepoint.place import Place
from scrm.connectors.sharepoint.translation import item_records, page_records, place_of, placed
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

OF_PAGE = "id,title,description,webUrl,promotionKind,publishingState,createdBy,createdDateTime,lastModifiedDateTime"
WORDS = ("Title", "Body", "Description")  # columns that hold what somebody wrote
OF_ITEM = frozenset(
    {"id", "createdBy", "createdDateTime", "lastModifiedDateTime", "webUrl", "parentReference", "sharepointIds"}
)


class Pages(Stream):
    """News and other pages."""

    name = "pages"
    label = N_("Pages and news")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        entries, after, has_more = changed(api, (api.credentials[PAGES_LIST],), cursor)
        items = [item for entry in entries if not entry.get("deleted") for item in page_of(api, entry)]
        return Page(items=tuple(with_people(api, items)), cursor=after, has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from placed(page_records(item), account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        if any(True for _ in page_records(item)):
            yield place_of(item.child("entry")).order()


class Items(Stream):
    """Entries of the lists named in the app's field."""

    name = "items"
    label = N_("Entries of the lists that you named")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        entries, after, has_more = changed(api, list_names(api), cursor)
        items = [{"entry": slim(entry)} for entry in entries if not entry.get("deleted")]
        return Page(items=tuple(with_people(api, items)), cursor=after, has_more=has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from placed(item_records(item), account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        del account
        if any(True for _ in item_records(item)):
            yield place_of(item.child("entry")).order()


def page_of(api: Api, entry: Item) -> Iterator[Item]:
    """A page with its text, beside its entry in the list; nothing for a folder, or what is gone again."""
    slimmed = slim(entry)
    try:
        unique_id = Payload(slimmed, "entry").child("sharepointIds").text("listItemUniqueId")
    except PayloadError:
        yield {"entry": slimmed}  # makes no sense: to be quarantined
        return
    try:
        page = whole_page(api, unique_id)
    except GoneError:
        return
    yield {"entry": slimmed, "page": page}


def whole_page(api: Api, unique_id: str) -> Item:
    """A page with its text."""
    address = in_site(api, f"/pages/{quote(unique_id, safe='')}/microsoft.graph.sitePage")
    page = got(api, address, {"$select": OF_PAGE, "$expand": "canvasLayout"}).raw()
    return {name: value for name, value in page.items() if not name.startswith("@")}


def whole_item(api: Api, place: Place) -> Item:
    """An entry of a list as it is now."""
    address = in_site(api, f"/lists/{quote(place.list_id, safe='')}/items/{quote(place.number, safe='')}")
    return slim(got(api, address, {"$select": ",".join(sorted(OF_ITEM)), "$expand": "fields"}).raw())


def slim(entry: Item) -> Item:
    """An entry with those of its columns that are read, whatever else the list holds."""
    kept = {name: value for name, value in entry.items() if name in OF_ITEM}
    columns = entry.get("fields")
    if isinstance(columns, dict):
        kept["fields"] = {name: columns[name] for name in WORDS if columns.get(name)}
    return kept


def with_people(api: Api, items: list[Item]) -> Iterator[Item]:
    """Pages and entries, each with whoever made it."""
    authors = [_author(item) for item in items]
    people = {str(one.get("id")): one for one in directory(api, authors)}
    for item, author in zip(items, authors, strict=True):
        yield item | {"people": [people[author]] if author in people else []}


def _author(item: Item) -> str | None:
    try:
        return Payload(item).child("entry").child("createdBy").child("user").optional_text("id")
    except PayloadError:
        return None
