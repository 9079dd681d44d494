"""What every request meets before its view: the shape of the call, then who asks, then what it costs.

Each surface answers what does not fit in its own manner, and the ledger records it as invalid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from scrm.sandbox.ledger import CONTROL, Ledger
from scrm.sandbox.youtube import checks
from scrm.sandbox.youtube.api import problem
from scrm.sandbox.youtube.oauth import page, refusal
from scrm.sandbox.youtube.problems import JSON_TYPE, ApiError, status_body
from scrm.sandbox.youtube.routes import BY_NAME, PREFIX

if TYPE_CHECKING:
    from threading import RLock

    from scrm.sandbox.youtube.access import Access
    from scrm.sandbox.youtube.quota import Quota
    from scrm.sandbox.youtube.routes import Call


class Gate:
    """The checks around the ledger's own, in the order they must run."""

    def __init__(self, ledger: Ledger, access: Access, quota: Quota, lock: RLock) -> None:
        self._ledger = ledger
        self._access = access
        self._quota = quota
        self._lock = lock

    def attach_before_ledger(self, app: Flask) -> None:
        app.before_request(self._check_shape)

    def attach_after_ledger(self, app: Flask) -> None:
        app.before_request(self._admit)

    def _check_shape(self) -> Response | None:
        if request.path.startswith(CONTROL):
            return None
        call = _call()
        if call is None or request.method not in {"GET", "HEAD"}:
            fault = self._ledger.fault()
            return self._invalid(fault, _elsewhere(fault)) if fault else None
        found = checks.fault(call, request.args)
        if found is None:
            return None
        with self._lock:
            if self._access.is_known():
                try:
                    self._quota.charge(call.name, call.bucket)
                except ApiError as error:
                    return problem(error)
        return self._invalid(found[0], Response(found[1], status=400, content_type=JSON_TYPE))

    def _invalid(self, fault: str, answer: Response) -> Response:
        g.outcome, g.fault = "invalid", fault
        return answer

    def _admit(self) -> Response | None:
        call = _call()
        if call is None:
            return None
        try:
            with self._lock:
                self._access.identify(call)
                self._quota.charge(call.name, call.bucket)
        except ApiError as error:
            return problem(error)
        return None


def _call() -> Call | None:
    return BY_NAME.get(request.path.removeprefix(PREFIX)) if request.path.startswith(PREFIX) else None


def _elsewhere(fault: str) -> Response:
    """Answer as the surface does that the request was for."""
    if fault.startswith(("unknown path", "unknown method")):
        body, content_type = status_body(404)
        if not request.path.startswith(PREFIX):
            body, content_type = status_body(405)
        return Response(body, status=404, content_type=content_type)
    if request.path == "/o/oauth2/v2/auth":
        return page(400, error=f"Error 400: invalid_request. {fault}")
    if request.path == "/subscribe":
        return Response(fault, status=400, content_type="text/plain; charset=utf-8")
    return refusal(400, "invalid_request", fault)
