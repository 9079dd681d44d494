"""The audit log: found by who, what, on what and when; by keys; as a file that computes nothing; and complete."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from scrm.models import AuditEntry, Connection, Judgment
from scrm.runtime import Core
from scrm.web import audit_log
from tests.web.conftest import Browser
from tests.web.fill import planned
from tests.web.seed import Seeded
from tests.web.test_roles import CHANGING

Browse = Callable[[str], Browser]

# Routes that change nothing of the installation's, with the reason.
NO_CHANGE = {
    "auth.language": "a person's own choice of language",
    "single_sign_on.connect": "sends to the directory; what comes of it is written down when one is back",
    "account.keys": "a choice kept in the browser",
    "connections.network.begin": "sends to the network; what comes of it is written down when one is back",
    "connections.network.begin_again": "as above",
    "forgetting.from_network": "the request is stored with where it came from",
    "batches.start": "each judgment it makes is kept and names who made it; scrm/matching/batches.py writes an entry",
    "batches.undo": "as above",
    "model.attempt": "a trial puts nothing in force",
    "quality.look": "the daily look, now instead of tomorrow",
    "canvas.receive": "shows a page and stores nothing",
    "contact_acts.mark_read": "how far one person has read, kept for nobody else",
    "contact_acts.watch": "whom one person watches, kept for nobody else",
    "account.set_digest": "what one person is sent, kept for nobody else",
    "digest.stop_digest": "as above",
    "account.set_alerts": "as above",
    "desk.claim": "a lease on a case, over in minutes",
    "webhooks.receive_from_crm": "the delivery is stored whole",
    "webhooks.receive_from_network": "the delivery is stored whole",
    "webhooks.receive_outbound": "the delivery is stored whole",
}
# Routes whose entries are proved by tests of their own, because they need a network, a file or a flow: which.
ELSEWHERE = {
    "auth.sign_in": "tests/web/test_users.py",
    "auth.sign_in_by_link": "tests/web/test_users.py",
    "connections.connect": "tests/web/test_audit_log.py",
    "connections.reconnect": "tests/web/test_audit_log.py",
    "connections.facts.set_cap": "tests/web/test_connection_facts.py",
    "connections.network.save_app": "tests/ingest/test_apps.py",
    "connections.network.finish": "tests/ingest/test_meter.py",
    "archives.index": "tests/ingest/test_archives.py",
    "imports.contacts": "tests/web/test_pages.py",
    "decisions.take_back": "tests/matching/test_judgments.py",
    "desk.ask_colleague": "tests/web/test_desk.py",
    "desk.create": "tests/web/test_desk.py",
    "forgetting.settle": "tests/web/test_audit_log.py",
    "forgetting.export_contact": "tests/privacy/test_export.py",
    **dict.fromkeys(("model.save", "model.use"), "tests/matching/test_trials.py"),
    **dict.fromkeys(("purposes.add", "purposes.end", "purposes.set_terms"), "tests/privacy/test_purposes.py"),
    **dict.fromkeys(
        ("contact_acts.object_to", "contact_acts.take_back", "objections.settle"), "tests/web/test_objections.py"
    ),
    "promise.keep": "tests/matching/test_audits.py",
    **dict.fromkeys(("api_tokens.make", "api_tokens.end"), "tests/web/test_api_tokens.py"),
    **dict.fromkeys(("crm.connect", "crm.choose", "crm.act"), "tests/web/test_crm.py"),
    **dict.fromkeys(("crm_fields.change", "crm_fields.take_back", "crm_fields.read"), "tests/web/test_crm_fields.py"),
    **dict.fromkeys(("hooks.make", "hooks.settle", "hooks.again"), "tests/web/test_hooks.py"),
    **dict.fromkeys(("incoming.make", "incoming.rotate", "incoming.again"), "tests/web/test_hooks.py"),
}


@pytest.fixture
def entries(core: Core, seeded: Seeded) -> None:
    now = core.db.clock.now()
    with core.db.write("test.entries") as session:
        for number in range(130):
            session.add(
                AuditEntry(
                    at=now - timedelta(days=number),
                    user_id=(seeded.admin, seeded.steward)[number % 2].id,
                    action=("user.disabled", "connection.paused", "own.domains")[number % 3],
                    object=f"{('user', 'connection', 'preference')[number % 3]}/{number}",
                    before={"state": "=1+1"},
                    after={"state": "+cmd|' /C calc'!A0", "number": number},
                )
            )


def objects(page: str) -> list[str]:
    return re.findall(r'<td data-label="On what"><span class="mono">([^<]+)<', page)


def test_pages_by_key_show_every_entry_once_also_while_new_ones_arrive(
    browse: Browse, core: Core, entries: None
) -> None:
    admin, path, seen = browse("admin"), "/admin/audit?what=user.", []
    while path:
        page = admin.get(path)
        seen += objects(page)
        with core.db.write("test.more") as session:
            session.add(AuditEntry(at=core.db.clock.now(), user_id=None, action="user.invited", object="user/new"))
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert len(seen) == len(set(seen)) == 44


def test_entries_are_found_by_who_what_on_what_and_when(browse: Browse, entries: None, core: Core) -> None:
    admin = browse("admin")
    assert set(objects(admin.get("/admin/audit?about=connection/4"))) == {"connection/4", "connection/40"} | {
        f"connection/{n}" for n in (43, 46, 49)
    }
    assert len(objects(admin.get("/admin/audit?who=nguy%E1%BB%85n&what=own"))) == 21
    assert objects(admin.get("/admin/audit?who=nobody-at-all")) == []
    assert objects(admin.get("/admin/audit?what=%25")) == []
    day = (core.db.clock.now() - timedelta(days=10)).date().isoformat()
    assert objects(admin.get(f"/admin/audit?since={day}&until={day}")) == ["connection/10"]
    assert len(objects(admin.get("/admin/audit?since=nonsense"))) == audit_log.PAGE


def test_the_file_holds_everything_asked_for_and_no_formula(browse: Browse, entries: None) -> None:
    answer = browse("admin").client.get("/admin/audit/audit.csv?what=user.disabled")
    text = answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 1 + 44
    for row in rows:
        for cell in row:
            assert cell.lstrip()[:1] not in {"=", "+", "-", "@", "\t", "\r"}, cell


def test_only_an_admin_reads_it(browse: Browse) -> None:
    browse("steward").get("/admin/audit", 403)
    browse("rep").get("/admin/audit/audit.csv", 403)


def scenarios(core: Core, seeded: Seeded) -> dict[str, list[tuple[str, str, str, dict[str, object]]]]:
    """Endpoint → (role, page with the form, address, fields), each a change that is allowed."""
    with core.db.read() as session:
        connection = f"/connections/{session.scalars(select(Connection.public_id)).one()}"
        newest, first = session.scalars(select(Judgment.id).order_by(Judgment.id.desc())).all()[:2]
    waiting = f"/review/{seeded.waiting[0].public_id}"
    contact, linked = seeded.contacts[3].public_id, seeded.linked[0].public_id
    person = f"/admin/users/{seeded.rep.public_id}"
    plan, days = f"/writing/plans/{planned(core)}", "/admin/retention/harbor"
    return {
        "users.invite": [
            ("admin", "/admin/users", "/admin/users", {"name": "N", "email": "n@x.example", "role": "rep"})
        ],
        "users.act": [
            ("admin", person, person, {"act": "role", "role": "steward"}),
            ("admin", person, person, {"act": "link"}),
            ("admin", person, person, {"act": "end"}),
            ("admin", person, person, {"act": "disable"}),
            ("admin", person, person, {"act": "enable"}),
        ],
        "account.end_sessions": [("rep", "/me", "/me/sessions", {"act": "end"})],
        "account.password": [
            ("rep", "/me", "/me/password", {"password": "seven-quiet-harbors", "again": "seven-quiet-harbors"})
        ],
        # after `account.password`, which sets the password that it asks for
        "account.about": [
            (
                "rep",
                "/me",
                "/me/about",
                {"old": "seven-quiet-harbors", "name": "Niamh", "email": "niamh@nordwerk.example"},
            )
        ],
        "auth.sign_out": [("rep", "/", "/sign-out", {})],
        "own.domains": [("admin", "/own", "/own/domains", {"domains": "nordwerk.example"})],
        "own.add_profile": [
            ("admin", "/own", "/own/profiles", {"network": "harbor", "handle": seeded.waiting[2].handle})
        ],
        "connections.act": [
            ("admin", connection, connection, {"act": "pause"}),
            ("admin", connection, connection, {"act": "resume"}),
        ],
        "connections.audience.save": [("admin", connection, f"{connection}/audience", {"reps_read_closed": "1"})],
        "review.settle": [("steward", waiting, waiting, {"decision": "nobody"})],
        # takes back what the step before it decided
        "review.take_back": [("steward", "/review", "/review/undo", {"judgment": newest + 1})],
        "contacts.unlink": [
            (
                "steward",
                f"/contacts/{contact}/unlink/{linked}",
                f"/contacts/{contact}/unlink/{linked}",
                {"judgment": first},
            )
        ],
        "error_inbox.settle": [("admin", "/writing/errors/value", "/writing/errors/value", {"act": "all"})],
        "review.consent": [("steward", waiting, f"{waiting}/consent", {"source": "by mail", "act": "give"})],
        "writing.settle": [("admin", plan, plan, {"act": "approve"})],
        "writing.make": [("admin", "/writing", "/writing/plans", {})],
        "writing.mode": [("admin", "/writing", "/writing/mode", {"mode": "plans"})],
        "forgetting.four_eyes": [("admin", "/forgotten", "/forgotten/four-eyes", {"four_eyes": "on"})],
        "retention.settle": [("admin", days, days, {"act": "save", "said": "90", "looked": "said=90"})],
        "forgetting.ask": [("admin", "/forgotten", "/forgotten", {"email": "someone@elsewhere.example"})],
        "forgetting.forget_contact": [("admin", f"/contacts/{contact}/forget", f"/contacts/{contact}/forget", {})],
        "connections.remove": [("admin", f"{connection}/remove", f"{connection}/remove", {})],
    }


def counted(core: Core) -> int:
    """Audit entries, and judgments: those are never changed and name who judged."""
    with core.db.read() as session:
        return sum(session.scalar(select(func.count()).select_from(model)) or 0 for model in (AuditEntry, Judgment))


def test_every_route_that_changes_something_writes_who_did_it(
    app: Flask, core: Core, browse: Browse, seeded: Seeded
) -> None:
    tried = scenarios(core, seeded)
    silent = []
    for endpoint, steps in tried.items():
        for role, page, address, fields in steps:
            before = counted(core)
            answer = browse(role).post(page, address, **fields)
            if counted(core) == before:
                silent.append((endpoint, fields, answer.status_code))
    assert not silent, silent


def test_no_route_that_changes_something_was_forgotten_here(app: Flask, core: Core, seeded: Seeded) -> None:
    known = scenarios(core, seeded).keys() | ELSEWHERE.keys() | NO_CHANGE.keys()
    there = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods & CHANGING and not rule.rule.startswith("/api/")
    }
    assert not there - known, f"{sorted(there - known)}: add what they do to scenarios(), or the reason to NO_CHANGE"
    assert not known - there, sorted(known - there)


def test_the_tests_named_above_look_for_an_entry() -> None:
    root = Path(__file__).parents[2]
    assert [name for name in set(ELSEWHERE.values()) if "AuditEntry" not in (root / name).read_text("utf-8")] == []


def test_connecting_and_signing_in_again_are_written_down(browse: Browse, core: Core) -> None:
    admin = browse("admin")
    fields = {"handle": "other", "token": "right"}
    assert admin.post("/connections/new/quay", "/connections/new/quay", **fields).status_code == 302
    with core.db.read() as session:
        row = session.scalars(select(Connection).where(Connection.network == "quay")).one()
        row_id = row.public_id
    again = f"/connections/{row_id}/reconnect"
    assert admin.post(again, again, **fields).status_code == 302
    with core.db.read() as session:
        about = select(AuditEntry.action).where(AuditEntry.object == f"connection/{row_id}").order_by(AuditEntry.id)
        assert session.scalars(about).all() == ["connection.added", "connection.reconnected"]


def test_approving_a_request_to_forget_is_written_down(browse: Browse, core: Core) -> None:
    admin = browse("admin")
    admin.post("/forgotten", "/forgotten/four-eyes", four_eyes="on")
    where = browse("steward").post("/forgotten", "/forgotten", email="someone@elsewhere.example").location
    before = counted(core)
    assert admin.post(where, where, act="approve").status_code == 302
    assert counted(core) > before
