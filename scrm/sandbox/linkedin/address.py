"""The address of a request as it was sent, before anything was decoded: only there structure and text differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Sandbox-Address"


def keep_addresses(app: Flask) -> None:
    """Let every request of the app know its own address; nobody outside can set it."""
    inner: WSGIApplication = app.wsgi_app

    def outer(variables: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # werkzeug gives the line as it came under this name
        variables["HTTP_X_SANDBOX_ADDRESS"] = variables["REQUEST_URI"]
        return inner(variables, start_response)

    app.wsgi_app = outer  # type: ignore[assignment, method-assign]


def raw_path() -> str:
    return request.headers[HEADER].partition("?")[0]


def raw_query() -> list[tuple[str, str]]:
    """Return names and values in the order they were sent, undecoded."""
    pairs = (pair.partition("=") for pair in request.headers[HEADER].partition("?")[2].split("&") if pair)
    return [(name, value) for name, _, value in pairs]
