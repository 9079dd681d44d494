"""Declares a route of the API in one place: address, scope, what goes in and what comes out."""

from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import abort, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from scrm.web.api.tokens import Scope

View = TypeVar("View", bound=Callable[..., Any])

__all__ = ["Blueprint", "route"]


def route(
    blueprint: Blueprint,
    rule: str,
    scope: Scope,
    *,
    takes: type[Schema] | None = None,
    gives: type[Schema] | None = None,
    status: int = 200,
) -> Callable[[View], View]:
    """Serve a view to tokens that have the scope; input and output are checked and described by the schemas.

    `rule`: method and path below that of the blueprint. What a GET takes stands in the address, else in the body.
    """
    method, _, path = rule.partition(" ")

    def declare(view: View) -> View:
        served = blueprint.response(status, gives)(view)
        for code in _refusals(method, path):
            served = blueprint.alt_response(code, HTTPStatus(code).name)(served)
        if takes is not None:
            served = blueprint.arguments(takes, location="query" if method == "GET" else "json")(served)
        strict = _strictly(served, takes if method == "GET" else None)
        strict.__dict__["scope"] = scope  # `roles` asks for it before every call
        getattr(blueprint, method.lower())(path)(strict)
        return view

    return declare


def _strictly(served: View, query: type[Schema] | None) -> View:
    """Refuse what stands in the address and means nothing there, or stands there twice."""
    known = set(query().fields) if query else set()

    @wraps(served)
    def strict(*args: Any, **values: Any) -> Any:
        if any(name not in known or len(told) > 1 for name, told in request.args.lists()):
            abort(422)
        return served(*args, **values)

    return cast("View", strict)


def _refusals(method: str, path: str) -> Iterator[int]:
    """What a route may answer besides."""
    yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
    yield from (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
    if "<" in path:
        yield HTTPStatus.NOT_FOUND
    if method in {"POST", "PUT"}:
        yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
