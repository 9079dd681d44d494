"""Graph's calls that read sites, pages, lists, items and people.

A list of pages is in alphabetical order of their names; a page's text comes with one page only, or with the list when
it is cast to its type (learn.microsoft.com/graph/api/basesitepage-list and sitepage-get, read 2026-11-23).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify, request

from scrm.sandbox.sharepoint import entities
from scrm.sandbox.sharepoint.errors import OutOfSpecError, RefusedError
from scrm.sandbox.sharepoint.gate import reader, token
from scrm.sandbox.sharepoint.ids import HOST
from scrm.sandbox.sharepoint.odata import Entity, Resource, collection, expansions, narrowed, top
from scrm.sandbox.sharepoint.routes import ALL_PEOPLE, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.sharepoint.state import Item, Site, SiteList, State, User

PAGE_SIZE, MOST = 200, 5_000
USERS_SIZE, MOST_USERS = 100, 999
BASIC = frozenset({"displayName", "givenName", "surname", "mail", "userPrincipalName", "id"})


def base() -> str:
    return request.url_root.rstrip("/")


class Reader:
    """Answers the reading calls; the caller holds the lock."""

    def __init__(self, state: State) -> None:
        self._state = state

    def views(self) -> Mapping[str, Callable[..., Response]]:
        return {
            "sites": self.sites,
            "root_site": self.root_site,
            "all_sites": self.all_sites,
            "site": self.one_site,
            "site_by_path": self.site_by_path,
            "pages": self.pages,
            "typed_pages": self.typed_pages,
            "page": self.page,
            "typed_page": self.typed_page,
            "lists": self.lists,
            "list": self.one_list,
            "items": self.items,
            "item": self.item,
            "me": self.me,
            "users": self.users,
            "user": self.user,
            "photo": self.photo,
        }

    def site(self, site_id: str) -> Site:
        """Return a site that the reader may see."""
        found = self._state.site(site_id)
        if found is None:
            raise RefusedError("itemNotFound", "Requested site could not be found")
        if not found.is_for(reader()):
            raise RefusedError("accessDenied")
        return found

    def list_in(self, site_id: str, name: str) -> SiteList:
        site = self.site(site_id)
        found = self._state.list_of(site, name)
        if found is None:
            raise RefusedError("listNotFound")
        return found

    def sites(self) -> Response:
        words = request.args.get("search", "*").strip("*").lower()
        found = [one for one in self._state.sites.values() if one.is_for(reader())]
        if words:
            found = [one for one in found if words in f"{one.display_name} {one.name}".lower()]
        return self._sites(found)

    def all_sites(self) -> Response:
        if reader():
            raise RefusedError("accessDenied")
        return self._sites(list(self._state.sites.values()))

    def _sites(self, found: list[Site]) -> Response:
        shown = [entities.site(one, base()) for one in found]
        return jsonify(collection(shown, entities.SITE, size=top(PAGE_SIZE, MOST)))

    def root_site(self) -> Response:
        return self._shown(entities.SITE, entities.site(self._state.sites[""], base()))

    def one_site(self, site: str) -> Response:
        if site == HOST:
            return self.root_site()
        return self._shown(entities.SITE, entities.site(self.site(site), base()))

    def site_by_path(self, host: str, name: str) -> Response:
        found = self._state.sites.get(name)
        if found is None or host not in {HOST, request.host}:
            raise RefusedError("itemNotFound", "Requested site could not be found")
        return self.one_site(found.id)

    def _shown(self, resource: Resource, entity: Entity) -> Response:
        resource.check()
        return jsonify(
            {"@odata.context": f"{request.url_root}v1.0/$metadata#{resource.name}", **resource.shape(entity)}
        )

    def pages(self, site: str) -> Response:
        if "canvasLayout" in expansions():
            raise OutOfSpecError("badRequest", "canvasLayout is a property of microsoft.graph.sitePage.")
        return self._pages(self.site(site))

    def typed_pages(self, site: str) -> Response:
        return self._pages(self.site(site))

    def _pages(self, site: Site) -> Response:
        found = sorted(site.pages.items.values(), key=lambda one: one.file_name)
        shown = [_page(one) for one in found]
        return jsonify(collection(shown, entities.PAGE, size=top(PAGE_SIZE, MOST)))

    def page(self, site: str, page: str) -> Response:
        if expansions():
            raise OutOfSpecError("badRequest", "canvasLayout is a property of microsoft.graph.sitePage.")
        return self.typed_page(site, page)

    def typed_page(self, site: str, page: str) -> Response:
        for one in self.site(site).pages.items.values():
            if one.unique_id == page.lower():
                return self._shown(entities.PAGE, _page(one))
        raise RefusedError("itemNotFound")

    def lists(self, site: str) -> Response:
        shown = [entities.site_list(one, base()) for one in self.site(site).lists.values()]
        return jsonify(collection(shown, entities.LIST, size=top(PAGE_SIZE, MOST)))

    def one_list(self, site: str, list_id: str) -> Response:
        return self._shown(entities.LIST, entities.site_list(self.list_in(site, list_id), base()))

    def items(self, site: str, list_id: str) -> Response:
        found = self.list_in(site, list_id).items.values()
        body = collection([full_item(one) for one in found], entities.ITEM, size=top(PAGE_SIZE, MOST))
        return jsonify({**body, "value": [with_chosen_fields(entry) for entry in body["value"]]})

    def item(self, site: str, list_id: str, number: str) -> Response:
        found = self.list_in(site, list_id).items.get(int(number) if number.isdigit() else 0)
        if found is None:
            raise RefusedError("itemNotFound")
        return self._shown(entities.ITEM, with_chosen_fields(full_item(found)))

    def me(self) -> Response:
        user = reader()
        if user is None:
            raise RefusedError("badRequest", "/me request is only valid with delegated authentication flow.")
        return self._shown(entities.USER, entities.user(user, base()))

    def users(self) -> Response:
        found = sorted(self._state.users.values(), key=lambda one: one.display_name)
        shown = [self._allowed(entities.user(one, base())) for one in found]
        body = collection(shown, entities.USERS, size=top(USERS_SIZE, MOST_USERS, is_strict=True))
        # the directory counts only for those who can live with a count that is a little old
        if request.headers.get("ConsistencyLevel", "").lower() != "eventual":
            body.pop("@odata.count", None)
        return jsonify(body)

    def user(self, user: str) -> Response:
        return self._shown(entities.USER, self._allowed(entities.user(self._user(user), base())))

    def _user(self, name: str) -> User:
        found = self._state.user(name)
        if found is None:
            raise RefusedError("userNotFound", f"Resource '{name}' does not exist.")
        if found is not reader() and not PEOPLE & token().scopes:
            raise RefusedError("denied")
        return found

    def _allowed(self, shown: Entity) -> Entity:
        """Keep what a right to basic profiles shows of others; the rest is empty."""
        if ALL_PEOPLE & token().scopes:
            return shown
        return {name: value if name in BASIC else None for name, value in shown.items()}

    def photo(self, user: str) -> Response:
        self._user(user)
        raise RefusedError("photoNotFound")


def _page(one: Item) -> Entity:
    shown = entities.page(one, base())
    if "canvasLayout" in expansions():
        shown["canvasLayout"] = entities.canvas_layout(one)
    if "webParts" in expansions():
        shown["webParts"] = entities.web_parts(one)
    return shown


def full_item(one: Item) -> Entity:
    """Return an item with all its columns, which may be compared before they are chosen from."""
    return {**entities.item(one, base()), "fields": entities.fields(one)}


def with_chosen_fields(entry: Entity) -> Entity:
    """Keep the columns asked for; without the expansion the shape has left them out already."""
    names = expansions().get("fields", [])
    return {**entry, "fields": narrowed(entry["fields"], names)} if "fields" in entry else entry
