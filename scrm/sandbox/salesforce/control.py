"""The sandbox's own doors of an org, `/_sandbox/`: other processes play its life and judge by it through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request

from scrm.sandbox.salesforce.people import VERBS
from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.org import Salesforce

CONTROL = "/_sandbox/"
ORDERS = frozenset({"cut", "expire_sessions", "fail", "slow"})


def add_control(app: Flask, org: Salesforce) -> None:
    """Add act (verbs of people and orders of faults, `{"verb", "args"}`), ledger, snapshot and requests."""

    def act() -> tuple[Response, int]:
        order = request.get_json()
        verb, args = order["verb"], dict(order.get("args", {}))
        if isinstance(args.get("body"), str):
            args["body"] = args["body"].encode()
        try:
            if verb in ORDERS:
                return jsonify({"result": getattr(org, verb)(**args)}), 200
            if verb in VERBS:
                return jsonify({"result": getattr(org.people, verb)(**args)}), 200
        except (KeyError, TypeError, ValueError, RefusedError) as exc:
            return jsonify({"error": type(exc).__name__, "message": str(exc)}), 400
        return jsonify({"error": "ValueError", "message": f"unknown verb {verb}"}), 400

    app.add_url_rule(CONTROL + "act", "sandbox_act", act, methods=["POST"])
    app.add_url_rule(CONTROL + "ledger", "sandbox_ledger", lambda: jsonify(org.ledger()))
    app.add_url_rule(CONTROL + "snapshot", "sandbox_snapshot", lambda: jsonify(org.snapshot()))
    app.add_url_rule(CONTROL + "requests", "sandbox_requests", lambda: jsonify(org.requests()))
