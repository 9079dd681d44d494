"""Who may do what: each route declares its roles; what declares none is refused, also at start-up."""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scrm.models import Role
from scrm.web import current
from scrm.web.api import tokens

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

log = structlog.get_logger()
EVERYBODY: Final = frozenset({Role.ADMIN, Role.STEWARD, Role.REP})
PUBLIC: Final = frozenset(
    {
        "static",
        "api-docs.openapi_json",  # describes the API and holds nothing of anybody
        "auth.sign_in",
        "auth.sign_in_by_link",
        "auth.language",
        "single_sign_on.begin",
        "single_sign_on.come_back",  # checked against what the browser took along
        "health.live",
        "health.ready",
        "health.metrics",  # checks by itself: an admin, or a caller on this machine
        "embed.open_signed",  # checked by its signature
        "embed.show",  # checked by its token
        "digest.stop_digest",  # an address that only the person's mail holds
        "canvas.receive",  # checked by Salesforce's signature
        "webhooks.receive_from_crm",  # checked by its signature
        "webhooks.receive_from_network",  # as above
        "webhooks.receive_outbound",  # checked by the secret in its address
        "forgetting.from_network",  # checked by its signature
        "forgetting.status",  # an address that only the person has; says how far their request is
        "webhooks.shake_hands",  # the connector knows whom it expects
    }
)


def allow(*roles: Role) -> Callable[[View], View]:
    """Declare who may call a view."""

    def declare(view: View) -> View:
        view.__dict__["roles"] = frozenset(roles)
        return view

    return declare


def roles_of(app: Flask, endpoint: str) -> frozenset[Role] | None:
    """The declared roles of a route; None when it declares none."""
    return getattr(app.view_functions[endpoint], "roles", None)


def check(app: Flask) -> None:
    """Refuse to start with a route that declares no role."""
    bare = [
        name
        for name, view in app.view_functions.items()
        if name not in PUBLIC and roles_of(app, name) is None and not hasattr(view, "scope")
    ]
    if bare:
        raise RuntimeError(f"routes without a role: {', '.join(sorted(bare))}")


def may(endpoint: str) -> bool:
    """Whether the person signed in may call a route; for menus and buttons."""
    who = current.maybe_user()
    allowed = roles_of(current_app, endpoint)
    return endpoint in PUBLIC or (who is not None and allowed is not None and Role(who.role) in allowed)


def install(app: Flask) -> None:
    """Ask for the role before every view."""
    app.before_request(_guard)
    app.jinja_env.globals["may"] = may


def _guard() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC:
        return None
    scope = getattr(current_app.view_functions[endpoint], "scope", None)
    if scope is not None:
        tokens.check(scope)
        return None
    if current.maybe_user() is None:
        if request.method == "GET" and not request.path.endswith(".json"):
            path = request.full_path.rstrip("?")
            return redirect(url_for("auth.sign_in", next=path if path != "/" else None))
        abort(401)
    if not may(endpoint):
        log.warning("forbidden", user=str(current.user().public_id), endpoint=endpoint)
        abort(403)
    return None
