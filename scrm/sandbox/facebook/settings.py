"""The calls that change what the app may and gets: permissions, a page's subscription, the app's callback.

`subscribed_apps` as in Meta's page "Webhooks for Pages" (read 2026-11-23), `/{app-id}/subscriptions` and
`permissions` as in the SDK's edges; sentences from memory, 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, json, request

from scrm.sandbox.facebook.api import answer
from scrm.sandbox.facebook.names import SUBSCRIBED_FIELDS
from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.tokens import sent_proof, sent_token

if TYPE_CHECKING:
    from scrm.sandbox.facebook.access import Viewer
    from scrm.sandbox.facebook.api import Reader
    from scrm.sandbox.facebook.state import Page
    from scrm.sandbox.graph.webhooks import Webhooks

MESSAGING = ("message", "messaging")


class Settings:
    """Answers the calls that change settings."""

    def __init__(self, reader: Reader, webhooks: Webhooks) -> None:
        self._reader = reader
        self._webhooks = webhooks
        self._app_subscription: dict[str, object] | None = None

    def attach(self, app: Flask) -> None:
        for name, method, view in (
            ("subscribed_apps", "GET", self.subscribed),
            ("subscribed_apps", "POST", self.subscribe),
            ("subscribed_apps", "DELETE", self.unsubscribe),
            ("permissions", "GET", self.permissions),
            ("permissions", "DELETE", self.withdraw),
            ("subscriptions", "GET", self.subscriptions),
            ("subscriptions", "POST", self.set_callback),
            ("subscriptions", "DELETE", self.drop_callback),
        ):
            endpoint = f"{method} {name}"
            app.add_url_rule(f"/<version>/<node_id>/{name}", endpoint, self._reader.locked(view), methods=[method])

    def subscribed(self, node_id: str) -> Response:
        viewer, page = self._page(node_id)
        viewer.need_scope("pages_manage_metadata")
        fields = self._webhooks.subscribed(page.id)
        if fields is None:
            return answer({"data": []})
        app = {
            "category": "Business",
            "link": "https://app.example",
            "name": "Sandbox",
            "id": self._reader.tokens.app_id,
            "subscribed_fields": sorted(fields),
        }
        return answer({"data": [app]})

    def subscribe(self, node_id: str) -> Response:
        viewer, page = self._page(node_id)
        for scope in ("pages_manage_metadata", "pages_show_list"):
            viewer.need_scope(scope)
        fields = _list(_sent("subscribed_fields"))
        for number, field in enumerate(fields):
            if field not in SUBSCRIBED_FIELDS:
                message = f"(#100) Param subscribed_fields[{number}] must be one of the fields of a page, not {field}"
                raise BadRequestError(100, message=message)
        if any(field.startswith(MESSAGING) for field in fields):
            viewer.need_messaging(page)
        self._webhooks.subscribe(page.id, fields)
        return answer({"success": True})

    def unsubscribe(self, node_id: str) -> Response:
        viewer, page = self._page(node_id)
        viewer.need_scope("pages_manage_metadata")
        self._webhooks.unsubscribe(page.id)
        return answer({"success": True})

    def _page(self, node_id: str) -> tuple[Viewer, Page]:
        viewer = self._reader.viewer()
        type_name, page = self._reader.find(node_id, viewer)
        if type_name != "Page":
            raise GraphError(100, 33)
        viewer.need_page(page)
        return viewer, page

    def permissions(self, node_id: str) -> Response:
        viewer = self._user(node_id)
        named, status = request.args.get("permission"), request.args.get("status", "granted")
        scopes = sorted(viewer.token.scopes) if status == "granted" else []
        rows = [{"permission": one, "status": status} for one in scopes if named in {None, one}]
        return answer({"data": rows})

    def withdraw(self, node_id: str) -> Response:
        """Take back one permission, or with none named the app's whole right."""
        viewer = self._user(node_id)
        named = _sent("permission")
        for token in self._reader.tokens.of_user(viewer.token.user_id):
            if isinstance(named, str):
                token.scopes -= {named}
            else:
                token.dead = 458
        return answer({"success": True})

    def _user(self, node_id: str) -> Viewer:
        viewer = self._reader.viewer()
        type_name, _ = self._reader.find(node_id, viewer)
        if type_name != "User" or viewer.page is not None:
            raise GraphError(100, 33)
        return viewer

    def subscriptions(self, node_id: str) -> Response:
        self._need_app(node_id)
        return answer({"data": [self._app_subscription] if self._app_subscription else []})

    def set_callback(self, node_id: str) -> Response:
        self._need_app(node_id)
        if _sent("object") != "page":
            raise BadRequestError(100, message="(#100) Param object must be page")
        url, fields = str(_sent("callback_url")), _list(_sent("fields") or "")
        try:
            is_echoed = self._webhooks.set_callback(url, str(_sent("verify_token")))
        except ValueError as exc:
            raise GraphError(100, message="(#100) Param callback_url is not an address the sandbox calls") from exc
        if not is_echoed:
            raise GraphError(2200)
        self._app_subscription = {
            "object": "page",
            "callback_url": url,
            "active": True,
            "fields": [{"name": field} for field in fields],
        }
        return answer({"success": True})

    def drop_callback(self, node_id: str) -> Response:
        self._need_app(node_id)
        self._webhooks.drop_callback()
        self._app_subscription = None
        return answer({"success": True})

    def _need_app(self, node_id: str) -> None:
        token = self._reader.tokens.check(sent_token(), sent_proof())
        if token.type != "APP" or node_id != self._reader.tokens.app_id:
            raise GraphError(100, message="(#100) This method must be called with an app access_token.")


def _sent(name: str) -> object:
    """Return a parameter of the address, the form or the JSON body."""
    if request.is_json:
        return request.get_json().get(name) or request.args.get(name)
    return request.values.get(name)


def _list(value: object) -> list[str]:
    """Read a list as Graph takes it: JSON, or names with commas between."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError as exc:
            raise BadRequestError(100, message="(#100) A list must be JSON or names with commas") from exc
    if isinstance(value, list):
        return [str(one) for one in value]
    return [one.strip() for one in str(value).split(",") if one.strip()]
