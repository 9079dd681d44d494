"""The pages of webhooks: who is told and who tells us, made, switched, and told again; secrets shown once."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from scrm.models import (
    Announcement,
    AnnouncementState,
    AuditEntry,
    Hook,
    HookEvent,
    HookState,
    InboxItem,
    InboxState,
    WebhookEndpoint,
)
from scrm.models.hooks import ANNOUNCEMENTS, announcement_row
from scrm.runtime import Core
from scrm.sync.hooks import secrets_of
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]
SECRET = re.compile(r'id="secret" class="mono" value="([^"]+)"')
FORM = {"name": "crm", "address": "https://crm.example/hook", "event": ["link.made", "interaction.added"]}


def hook(core: Core) -> Hook:
    with core.db.read() as session:
        return session.scalars(select(Hook)).one()


@pytest.fixture
def admin(browse: Browse) -> Browser:
    return browse("admin")


@pytest.fixture
def path(admin: Browser, core: Core) -> str:
    """The page of a hook that was made by its form."""
    assert admin.post("/hooks", "/hooks", **FORM).status_code == 200
    return f"/hooks/{hook(core).public_id}"


def told(core: Core) -> list[Announcement]:
    with core.db.read() as session:
        return list(session.scalars(select(Announcement).order_by(Announcement.id)))


def put(core: Core, count: int, **values: object) -> None:
    rows = [
        announcement_row(hook(core).id, HookEvent.LINKED, core.db.clock.now(), network="harbor") | values
        for _ in range(count)
    ]
    with core.db.write("test.put") as session:
        session.execute(insert(ANNOUNCEMENTS), rows)


def test_a_webhook_is_made_and_its_secret_shown_once(admin: Browser, core: Core) -> None:
    page = admin.post("/hooks", "/hooks", **FORM, network=["harbor", "nowhere"]).get_data(as_text=True)
    secret = SECRET.search(page)[1]
    row = hook(core)
    assert [secret] == secrets_of(core.vault, row, core.db.clock.now())
    assert (row.events, row.networks) == (["interaction.added", "link.made"], ["harbor"])
    for later in ("/hooks", f"/hooks/{row.public_id}"):
        shown = admin.get(later)
        assert secret not in shown
        assert "https://crm.example/hook" in shown
        assert "Harbor" in shown


@pytest.mark.parametrize(
    "wrong", [{"address": "http://crm.example"}, {"name": "C R M"}, {"event": ["test"]}, {"event": []}]
)
def test_what_cannot_be_made_is_told_and_what_was_typed_stays(
    admin: Browser, core: Core, wrong: dict[str, object]
) -> None:
    answer = admin.post("/hooks", "/hooks", **{**FORM, **wrong})
    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert 'role="alert"' in page
    assert f'value="{wrong.get("address", FORM["address"])}"' in page
    with core.db.read() as session:
        assert session.scalars(select(Hook)).all() == []


def test_it_is_switched_given_a_new_secret_tested_and_ended(admin: Browser, core: Core, path: str) -> None:
    first = hook(core).secrets
    admin.post(path, path, act="off")
    assert hook(core).state == HookState.OFF
    assert "Switched off." in admin.get(path)
    admin.post(path, path, act="on")
    assert hook(core).state == HookState.ON
    assert SECRET.search(admin.post(path, path, act="rotate").get_data(as_text=True))[1].startswith("whsec_")
    assert hook(core).secrets != first
    admin.post(path, path, act="test")
    assert [row.event for row in told(core)] == ["test"]
    assert "A test is on its way." in admin.get(path)
    assert admin.post(path, path, act="else").status_code == 400
    assert admin.post(path, path, act="remove").location.endswith("/hooks")
    admin.get(path, 404)
    with core.db.read() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert all(session.scalars(select(AuditEntry.user_id)))
    assert actions == ["hook.made", "hook.switched-off", "hook.switched-on", "hook.rotated", "hook.removed"]


def test_what_was_told_is_listed_with_its_answer_filtered_and_paged(admin: Browser, core: Core, path: str) -> None:
    put(core, 60, state=AnnouncementState.DONE.value, status=202, attempts=1)
    put(core, 1, state=AnnouncementState.FAILED.value, status=500, reason="It was not taken.", attempts=10)
    page = admin.get(path)
    assert page.count("msg_") == 50
    assert "It was not taken." in page
    older = re.search(r'href="([^"]+before=\d+)"', page)[1]
    assert admin.get(older).count("msg_") == 11
    assert admin.get(f"{path}?state=failed").count("msg_") == 1
    assert admin.get(f"{path}?state=nonsense&before=-1").count("msg_") == 50
    assert admin.get(f"{path}?before=99999999999999999999999").count("msg_") == 50


def test_one_thing_or_all_since_a_time_is_told_again(admin: Browser, core: Core, path: str) -> None:
    put(core, 2, state=AnnouncementState.FAILED.value)
    put(core, 1, state=AnnouncementState.DONE.value)
    again = f"{path}/again"

    def states() -> list[str]:
        return [row.state for row in told(core)]

    admin.post(path, again, one=str(told(core)[0].public_id))
    assert states() == ["todo", "failed", "done"]
    admin.post(path, again, since="2020-01-01T00:00", what="failed")
    assert states() == ["todo", "todo", "done"]
    assert "One thing is told again." in admin.get(path)
    admin.post(path, again, since="2020-01-01T00:00", what="all")
    assert states() == ["todo", "todo", "todo"]
    for wrong in ("", "yesterday", "9999-12-31T23:59"):
        assert admin.post(path, again, since=wrong).status_code == 302
    assert admin.post(path, again, one="x").status_code == 404


def items(core: Core) -> list[InboxItem]:
    with core.db.read() as session:
        return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))


def test_addresses_are_opened_and_given_new_secrets(admin: Browser, core: Core) -> None:
    page = "/hooks/incoming"
    made = admin.post(page, page, name="erp", kind="crm").get_data(as_text=True)
    assert "/webhooks/crm/erp" in made
    first = SECRET.search(made)[1]
    assert first.startswith("whsec_")
    assert "/webhooks/outbound/org/" in admin.post(page, page, name="org", kind="outbound").get_data(as_text=True)
    assert admin.post(page, page, name="erp", kind="crm").status_code == 400
    rotated = admin.post(page, f"{page}/rotate", name="erp").get_data(as_text=True)
    assert SECRET.search(rotated)[1] not in {first, None}
    assert admin.post(page, f"{page}/rotate", name="nobody").status_code == 404
    shown = admin.get(page)
    assert first not in shown
    assert "/webhooks/outbound/org/…" in shown
    with core.db.read() as session:
        assert session.scalars(select(WebhookEndpoint.name).order_by(WebhookEndpoint.name)).all() == ["erp", "org"]
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["webhook.made", "webhook.made", "webhook.rotated"]


def test_what_was_set_aside_is_shown_with_its_reason_and_tried_again(admin: Browser, core: Core) -> None:
    page, now = "/hooks/incoming", core.db.clock.now()
    with core.db.write("test.aside") as session:
        for number, endpoint in enumerate(("erp", "network/harbor", "outbound/org", "erp")):
            state = InboxState.DONE if number == 3 else InboxState.QUARANTINED
            row = InboxItem(
                endpoint=endpoint,
                delivery_key=f"d{number}",
                received_at=now,
                body=None if number == 3 else b"{}",
                state=state.value,
                reason=None if number == 3 else "type: expected a text",
                done_at=now,
            )
            session.add(row)
    shown = admin.get(page)
    assert shown.count("type: expected a text") == 3
    assert "Harbor" in shown
    admin.post(page, f"{page}/again", delivery=str(items(core)[0].id))
    assert [row.state for row in items(core)] == ["todo", "quarantined", "quarantined", "done"]
    admin.post(page, f"{page}/again", delivery=str(items(core)[3].id))
    assert 'role="alert"' in admin.get(page)
    admin.post(page, f"{page}/again", act="all")
    assert [row.state for row in items(core)] == ["todo", "todo", "todo", "done"]
    assert admin.get(f"{page}?state=done").count('<th scope="row">') == 1
