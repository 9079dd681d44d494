"""Every page there is: the addresses of all GET routes of the url map, with ids of what the database holds.

A route whose address needs something new is found by its argument: `plan_id` takes the first row of the table whose
name ends with `plan`. What needs more stands in SAMPLES.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from scrm.models import Connection, Interaction, Judgment, Row
from scrm.runtime import Core
from tests.web import seed

NO_PAGE = {
    "static",
    "auth.sign_in_by_link",
    "single_sign_on.begin",
    "single_sign_on.come_back",
}  # files; what leads elsewhere has tests of its own
SAMPLES: dict[str, Callable[[Any, seed.Seeded], object]] = {
    "network": lambda _session, _seeded: "harbor",
    "kind": lambda _session, _seeded: "value",
    "name": lambda _session, _seeded: "crm",
    "token": lambda _session, _seeded: "no-such-token",
    "profile_id": lambda _session, seeded: seeded.waiting[0].public_id,
    "contact_id": lambda _session, seeded: seeded.contacts[3].public_id,
    "judgment_id": lambda session, _seeded: session.scalars(
        select(Judgment.id).where(Judgment.judge == "steward")
    ).first(),
    "flaw": lambda _session, _seeded: "shared_email",
    "connection_id": lambda session, _seeded: session.scalars(select(Connection.public_id)).first(),
    "interaction_id": lambda session, _seeded: session.scalars(
        select(Interaction.public_id).where(Interaction.native_id == "t2")
    ).first(),
}
MORE = ("/contacts?q=z", "/contacts?q=nobody-at-all")


def rules(app: Flask) -> list[Rule]:
    """Every route that shows a page to a person: none of the API, no file, nothing a machine asks for."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.endpoint not in NO_PAGE
        and "." not in rule.rule.rpartition("/")[2]  # a file or JSON for our own script
        and not rule.rule.startswith(("/api/", "/webhooks/", "/health/", "/metrics"))
        and not hasattr(app.view_functions[rule.endpoint], "scope")
    ]


def addresses(app: Flask, core: Core, seeded: seed.Seeded) -> dict[str, str]:
    """Endpoint → address."""
    with core.db.read() as session:
        found = {}
        for rule in rules(app):
            values = {name: _sample(session, seeded, rule, name) for name in rule.arguments}
            with app.test_request_context():
                found[rule.endpoint] = app.url_map.bind("localhost").build(rule.endpoint, values, method="GET")
    return found


def _sample(session: Any, seeded: seed.Seeded, rule: Rule, name: str) -> object:
    if name == "profile_id" and "unlink" in rule.rule:
        return seeded.linked[0].public_id
    if name in SAMPLES:
        return SAMPLES[name](session, seeded) or uuid4()
    for model in _models():
        if name.endswith("_id") and model.__tablename__.endswith(name.removesuffix("_id")):
            found = session.scalars(select(model.public_id).order_by(model.id)).first()
            if found is not None:
                return found
    return 1 if isinstance(rule._converters[name], IntegerConverter) else str(uuid4())


def _models() -> Iterator[Any]:
    return (mapper.class_ for mapper in Row.registry.mappers if hasattr(mapper.class_, "public_id"))


__all__ = ["MORE", "addresses", "rules"]
