"""The API over HTTP: who may call what, what a role sees, and what a write does."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from scrm.errors import InputError
from scrm.models import ApiToken, AuditEntry, Connection, Consent, InboxItem, Interaction, Judgment, Link, Role
from scrm.runtime import Core
from scrm.web.api import rate
from scrm.web.api.tokens import MAY, Scope, Wish, make_token, may, revoke
from tests.web.seed import Seeded

Call = Callable[..., object]


def token_for(core: Core, role: Role, *scopes: Scope, **values: Any) -> dict[str, str]:
    chosen = list(scopes) or [scope for scope in Scope if may(role.value, scope)]
    with core.db.write("test.token") as session:
        made = make_token(session, Wish(name="test", role=role, scopes=chosen, **values), core.db.clock.now())
    return {"Authorization": f"Bearer {made}"}


def routes(app: Flask) -> list[tuple[Rule, str, Scope]]:
    return [
        (rule, method, scope)
        for rule in app.url_map.iter_rules()
        if (scope := getattr(app.view_functions[rule.endpoint], "scope", None)) is not None
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def address(app: Flask, rule: Rule) -> str:
    values = {
        name: 999_999 if isinstance(rule._converters[name], IntegerConverter) else str(uuid4())
        for name in rule.arguments
    }
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods - {"HEAD"})))


def body_of(rule: Rule) -> dict[str, object]:
    if rule.rule.endswith("/grounds"):
        return {"basis": "consent", "source": "by mail"}
    if rule.rule.endswith("/forget"):
        return {"reference": "T-1"}
    return {"verdict": "nobody", "seen": 0} if rule.rule.endswith("judgments") else {"source": "by mail"}


def test_every_route_refuses_without_token_and_without_its_scope(app: Flask, core: Core, seeded: Seeded) -> None:
    client = app.test_client()
    assert len(routes(app)) == 20
    for rule, method, scope in routes(app):
        path = address(app, rule)
        for headers in ({}, {"Authorization": "Bearer scrm_wrong"}, {"Authorization": "Basic x"}):
            answer = client.open(path, method=method, json=body_of(rule), headers=headers)
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), rule
        others = [one for one in Scope if one != scope]
        answer = client.open(path, method=method, json=body_of(rule), headers=token_for(core, Role.ADMIN, *others))
        assert (answer.status_code, answer.json["status"]) == (403, 403), rule


def test_what_nobody_knows_is_404_on_every_route_that_names_something(app: Flask, core: Core, seeded: Seeded) -> None:
    client, headers = app.test_client(), token_for(core, Role.ADMIN)
    for rule, method, _scope in routes(app):
        if rule.arguments:
            answer = client.open(address(app, rule), method=method, json=body_of(rule), headers=headers)
            assert answer.status_code == 404, (rule, answer.text)


def test_a_role_gets_no_scope_beyond_it_and_a_token_ends_at_once(client: FlaskClient, core: Core) -> None:
    for scope in MAY:
        with pytest.raises(InputError):
            token_for(core, Role.REP, scope)
    headers = token_for(core, Role.ADMIN, Scope.HEALTH)
    assert client.get("/api/v1/health", headers=headers).json["database"] is True
    with core.db.read() as session:
        row = session.scalars(select(ApiToken)).one()
    assert row.last_used_at is not None
    assert headers["Authorization"].removeprefix("Bearer ") not in row.token_hash
    with core.db.write("test.revoke") as session:
        revoke(session, row.public_id, core.db.clock.now())
    assert client.get("/api/v1/health", headers=headers).status_code == 401
    with core.db.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["token.made", "token.revoked"]


def test_who_calls_too_often_waits(client: FlaskClient, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "PER_MINUTE", 2)
    headers = token_for(core, Role.ADMIN, Scope.HEALTH)
    answers = [client.get("/api/v1/health", headers=headers) for _time in range(6)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "60"


def test_a_timeline_is_paged_to_its_end_without_a_gap(client: FlaskClient, core: Core, seeded: Seeded) -> None:
    headers = token_for(core, Role.STEWARD)
    path = f"/api/v1/contacts/{seeded.contacts[3].public_id}/timeline"
    seen: list[str] = []
    before = ""
    while True:
        page = client.get(path, headers=headers, query_string={"before": before}).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        before = page["next"]
    with core.db.read() as session:
        theirs = session.scalars(
            select(Interaction.public_id).where(Interaction.party_id.in_([row.id for row in seeded.linked]))
        ).all()
    assert len(seen) == len(set(seen)) == len(theirs) > 50
    assert client.get(path, headers=headers, query_string={"before": "x"}).status_code == 422


def test_what_was_said_in_private_is_hidden_from_a_token_of_a_rep(
    client: FlaskClient, core: Core, seeded: Seeded
) -> None:
    with core.db.write("test.private") as session:
        row = session.scalars(
            select(Interaction).where(Interaction.party_id == seeded.linked[0].id).order_by(Interaction.id).limit(1)
        ).one()
        row.audience = "private"
        number = row.public_id
        assert not session.scalars(select(Connection.reps_read_private)).first()
    path = f"/api/v1/contacts/{seeded.contacts[3].public_id}/timeline"

    def page(role: Role) -> list[dict[str, object]]:
        found, before = [], ""
        while before is not None:
            answer = client.get(path, headers=token_for(core, role), query_string={"before": before}).json
            found += answer["items"]
            before = answer["next"]
        return found

    shown = page(Role.REP)
    hidden = [item for item in shown if item["hidden"]]
    assert hidden
    assert all(set(item) == {"hidden", "occurred_at"} for item in hidden)
    assert str(number) not in {item.get("id") for item in shown}
    assert str(number) in {item["id"] for item in page(Role.STEWARD)}


def test_a_judgment_links_and_a_second_one_that_saw_less_is_refused(
    client: FlaskClient, core: Core, seeded: Seeded
) -> None:
    headers = token_for(core, Role.STEWARD)
    profile = seeded.waiting[0]
    path = f"/api/v1/profiles/{profile.public_id}"
    offered = client.get(f"{path}/candidates", headers=headers).json
    contact = offered["items"][0]["contact"]["id"]
    told = {"verdict": "positive", "contact": contact, "seen": 0}
    made = client.post(f"{path}/judgments", headers=headers, json=told)
    assert made.status_code == 201, made.text
    with core.db.read() as session:
        assert session.get(Link, profile.id) is not None
    assert client.post(f"{path}/judgments", headers=headers, json=told).status_code == 409
    assert client.post(f"/api/v1/judgments/{made.json['id']}/undo", headers=headers).status_code == 201
    with core.db.read() as session:
        assert session.get(Link, profile.id) is None
        assert "token.judged" in session.scalars(select(AuditEntry.action)).all()


def test_a_consent_is_given_read_and_withdrawn(client: FlaskClient, core: Core, seeded: Seeded) -> None:
    headers = token_for(core, Role.STEWARD)
    path = f"/api/v1/profiles/{seeded.waiting[0].public_id}/consent"
    assert client.get(path, headers=headers).status_code == 404
    assert client.put(path, headers=headers, json={"source": "by mail"}).status_code == 204
    assert client.get(path, headers=headers).json["source"] == "by mail"
    assert client.delete(path, headers=headers).status_code == 204
    with core.db.read() as session:
        assert session.scalars(select(Consent)).all() == []


def test_what_was_set_aside_is_listed_without_its_content_and_tried_again(client: FlaskClient, core: Core) -> None:
    now = core.db.clock.now()
    with core.db.write("test.aside") as session:
        row = InboxItem(endpoint="crm", delivery_key="1", received_at=now, body=b"{}", state="quarantined")
        session.add(row)
        session.flush()
        number = row.id
    headers = token_for(core, Role.ADMIN)
    (item,) = client.get("/api/v1/webhooks/deliveries", headers=headers).json["items"]
    assert item["state"] == "quarantined"
    assert "body" not in item
    path = f"/api/v1/webhooks/deliveries/{number}/redeliver"
    assert [client.post(path, headers=headers).status_code for _time in range(2)] == [202, 404]


def test_faulty_input_names_the_field_and_not_its_value(client: FlaskClient, core: Core, seeded: Seeded) -> None:
    headers = token_for(core, Role.STEWARD)
    path = f"/api/v1/profiles/{seeded.waiting[0].public_id}/judgments"
    answer = client.post(path, headers=headers, json={"verdict": "secret-word", "seen": "x"})
    assert answer.status_code == 422
    assert set(answer.json["errors"]["json"]) == {"verdict", "seen"}
    assert "secret-word" not in answer.text
    assert client.post(path, headers=headers, json={"verdict": "positive", "seen": 0}).status_code == 400
    assert client.post(path, headers=headers, data="{", content_type="application/json").status_code == 400


def test_the_document_describes_every_route(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    described = {
        (path, method.upper())
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert len(described) == len(routes(app))
    assert document["security"] == [{"token": []}]


def judge_nobody(client: FlaskClient, headers: dict[str, str], profile: object) -> int:
    path = f"/api/v1/profiles/{profile}/judgments"
    answer = client.post(path, json={"verdict": "nobody", "seen": 10**9}, headers=headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json["id"])


def test_a_token_takes_back_what_it_judged_and_what_its_owner_may(
    client: FlaskClient, core: Core, seeded: Seeded
) -> None:
    """A steward's tokens share what the steward judged, on pages and by token; nobody's tokens share nothing."""

    def undo(headers: dict[str, str], judgment: int) -> int:
        return client.post(f"/api/v1/judgments/{judgment}/undo", headers=headers).status_code

    steward = {"owner": seeded.steward}
    one, two = (token_for(core, Role.STEWARD, Scope.JUDGE, **steward) for _ in range(2))
    admins = token_for(core, Role.STEWARD, Scope.JUDGE, owner=seeded.admin)
    nobodys, other = (token_for(core, Role.STEWARD, Scope.JUDGE) for _ in range(2))
    profile = seeded.waiting[0].public_id
    judged = judge_nobody(client, one, profile)
    assert [undo(headers, judged) for headers in (admins, nobodys, two)] == [404, 404, 201]
    judged = judge_nobody(client, nobodys, profile)
    assert [undo(headers, judged) for headers in (one, admins, other, nobodys)] == [404, 404, 404, 201]
    with core.db.read() as session:
        by_hand = session.scalars(select(Judgment.id).where(Judgment.user_id == seeded.steward.id).limit(1)).one()
    assert [undo(headers, by_hand) for headers in (nobodys, admins, one)] == [404, 404, 201]
