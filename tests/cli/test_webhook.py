"""Addresses for webhooks are opened, given new secrets, and what was set aside is tried again."""

from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.models import InboxItem, InboxState, WebhookEndpoint
from tests.cli.conftest import Call
from tests.factories import NOW


def test_an_address_is_opened_and_its_secret_shown_once(call: Call, installed: Settings) -> None:
    told = call("webhook", "add", "erp")
    assert told.exit_code == 0, told.output
    address, secret = told.output.split()
    assert address.endswith("/webhooks/crm/erp")
    assert secret.startswith("whsec_")
    db = Database(installed.database)
    with db.read() as session:
        assert secret not in session.scalars(select(WebhookEndpoint.secrets)).one()
    db.close()


def test_the_same_name_twice_is_refused(call: Call, installed: Settings) -> None:
    assert call("webhook", "add", "erp").exit_code == 0
    assert call("webhook", "add", "erp").exit_code == 1


def test_a_new_secret_replaces_the_old_one(call: Call, installed: Settings) -> None:
    first = call("webhook", "add", "erp").output.split()[1]
    second = call("webhook", "rotate", "erp").output.strip()
    assert second.startswith("whsec_")
    assert second != first


def test_a_name_that_is_not_open_gets_no_new_secret(call: Call, installed: Settings) -> None:
    assert call("webhook", "rotate", "erp").exit_code == 1


def test_what_was_set_aside_is_listed_and_tried_again(call: Call, installed: Settings) -> None:
    db = Database(installed.database)
    with db.write("test.set_aside") as session:
        row = InboxItem(
            endpoint="erp",
            delivery_key="msg_1",
            received_at=NOW,
            body=b"{}",
            state=InboxState.QUARANTINED.value,
            reason="type: expected a text",
        )
        session.add(row)
        session.flush()
        number = row.id
    listed = call("webhook", "set-aside").output
    assert "type: expected a text" in listed
    assert call("webhook", "retry", str(number)).exit_code == 0
    with db.read() as session:
        assert session.scalars(select(InboxItem.state)).one() == InboxState.TODO.value
    db.close()
    assert call("webhook", "retry", str(number)).exit_code == 1


def test_an_address_for_outbound_messages_ends_in_its_secret(call: Call, installed: Settings) -> None:
    told = call("webhook", "add", "salesforce", "--outbound")
    assert told.exit_code == 0, told.output
    (address,) = told.output.split()
    _, _, secret = address.rpartition("/webhooks/outbound/salesforce/")
    assert len(secret) == 43
