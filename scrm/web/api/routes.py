"""Declares a route of the API in one place: address, scope, what goes in and what comes out."""

from collections.abc import Callable
from typing import Any, TypeVar

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
        if takes is not None:
            served = blueprint.arguments(takes, location="query" if method == "GET" else "json")(served)
        served.__dict__["scope"] = scope  # `roles` asks for it before every call
        getattr(blueprint, method.lower())(path)(served)
        return view

    return declare
