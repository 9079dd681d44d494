"""Outbound messages: the fake org sends them to our address, and what they name is read from it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scrm.errors import EndpointUnknownError, PayloadError, WebhookRefusedError
from scrm.jobs import work
from scrm.models import Contact, InboxItem, InboxState, WebhookEndpoint
from scrm.runtime import Core
from scrm.sandbox.server import Server
from scrm.sync.outbound import ACKNOWLEDGMENT, apply_messages, read_message, receive_message
from scrm.sync.signature import new_path_secret
from scrm.sync.webhook import make_endpoint, replay, rotate
from scrm.web import create_app
from tests.sync.crm.salesforce.world import SalesforceWorld

FIELDS = ["LastName", "SystemModstamp"]


@pytest.fixture
def world(core: Core) -> Iterator[SalesforceWorld]:
    with SalesforceWorld(core) as world:
        yield world


@pytest.fixture
def secret(world: SalesforceWorld) -> str:
    with world.core.db.write("test.address") as session:
        return make_endpoint(session, world.core.vault, "sf", "salesforce", world.core.db.clock.now())


@pytest.fixture
def address(world: SalesforceWorld, secret: str) -> Iterator[str]:
    with Server(create_app(world.core)) as server:
        yield f"{server.base_url}/webhooks/outbound/sf/{secret}"


def items(core: Core) -> list[InboxItem]:
    with core.db.read() as session:
        return list(session.scalars(select(InboxItem).order_by(InboxItem.id)))


def names(core: Core) -> list[str]:
    with core.db.read() as session:
        found = select(Contact.full_name).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
        return sorted(session.scalars(found))


def message(world: SalesforceWorld, *notifications: str, organization: str | None = None) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound" '
        'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<OrganizationId>{organization or world.org.outbound.organization_id}</OrganizationId>"
        f"{''.join(notifications)}</notifications></e:Body></e:Envelope>"
    ).encode()


def told(number: str, record_id: str, stamp: str = "") -> str:
    more = f"<sf:SystemModstamp>{stamp}</sf:SystemModstamp>" if stamp else ""
    return f"<Notification><Id>{number}</Id><sObject><sf:Id>{record_id}</sf:Id>{more}</sObject></Notification>"


def test_what_changes_in_the_org_is_here_at_once_and_once(world: SalesforceWorld, address: str) -> None:
    world.org.outbound.add("Contact", FIELDS, address)
    first = world.add("Andersson")
    world.add("Berg")
    assert world.org.outbound.deliver(newest_first=True) == 2
    world.rename(first, "Ångström")
    assert world.org.outbound.deliver() == 1
    work(world.core, "inbox", None)
    assert names(world.core) == ["Berg", "Ångström"]
    with world.core.db.read() as session:
        assert all(session.scalars(select(Contact.key_due_at)))  # matched anew, not at the next reading
    for notification in list(world.org.outbound.done):
        world.org.outbound.repeat(notification.id)
    assert world.org.outbound.deliver() == 3
    assert [item.state for item in items(world.core)] == [InboxState.DONE] * 3
    assert all(item.body is None for item in items(world.core))


def test_a_message_says_that_a_contact_was_merged_away(world: SalesforceWorld, address: str) -> None:
    loser, winner = world.add("Loser"), world.add("Winner")
    world.org.outbound.add("Contact", FIELDS, address)
    world.rename(loser, "Loser too")
    world.merge(loser, into=winner)
    assert world.org.outbound.deliver() >= 1
    work(world.core, "inbox", None)
    assert names(world.core) == ["Winner"]
    with world.core.db.read() as session:
        assert session.scalars(select(Contact.merged_into_id).where(Contact.native_id == loser)).one() is not None


def test_an_older_reading_never_replaces_a_newer_one(world: SalesforceWorld, secret: str) -> None:
    contact = world.add("Old")
    old = world.crm.read([contact])
    world.rename(contact, "New")
    receive_message(world.core, "sf", secret, message(world, told("04l5g00000AbCdE", contact)))
    assert apply_messages(world.core) == 1
    from scrm.sync.contacts import take_over

    with world.core.db.write("test.late") as session:
        take_over(session, "salesforce", old, world.core.db.clock.now())
    assert names(world.core) == ["New"]


def test_one_that_is_poisoned_does_not_sink_the_others(world: SalesforceWorld, secret: str) -> None:
    notifications = [told(f"04l5g00000Ab{n:03d}", world.add(f"P{n:02d}")) for n in range(20)]
    notifications[7] = told("04l5g00000Ab007", "nobody")
    notifications[8] = "<Notification><Id>what</Id></Notification>"
    notifications[9] = told("04l5g00000Ab009", "00T5g00000AbCdE")
    assert receive_message(world.core, "sf", secret, message(world, *notifications))
    assert apply_messages(world.core) == 20
    assert len(names(world.core)) == 17
    aside = [item for item in items(world.core) if item.state == InboxState.QUARANTINED]
    assert {item.reason for item in aside} == {"sObject Id: expected that of an account, a contact or a lead"}
    with world.core.db.write("test.replay") as session:
        replay(session, aside[0].id, world.core.db.clock.now())
    assert apply_messages(world.core) == 1


def test_an_org_that_is_away_counts_no_attempt(world: SalesforceWorld, secret: str) -> None:
    contact = world.add("Later")
    receive_message(world.core, "sf", secret, message(world, told("04l5g00000AbCdE", contact)))
    world.org.__exit__(None, None, None)
    assert apply_messages(world.core) == 1
    (item,) = items(world.core)
    assert (item.state, item.attempts, item.lease_until) == (InboxState.TODO, 0, None)
    assert item.due_at is not None
    assert item.due_at > world.core.db.clock.now()


def test_what_is_told_and_not_yet_shown_is_asked_for_again(world: SalesforceWorld, secret: str) -> None:
    contact = world.add("Early")
    told_ahead = told("04l5g00000AbCdE", contact, "2099-01-01T00:00:00.000Z")
    receive_message(world.core, "sf", secret, message(world, told_ahead))
    apply_messages(world.core)
    (item,) = items(world.core)
    assert (item.state, item.attempts, item.reason) == (InboxState.TODO, 1, "OlderThanTold")
    assert names(world.core) == ["Early"]


def test_another_organization_and_another_address_are_refused(world: SalesforceWorld, secret: str) -> None:
    notification = told("04l5g00000AbCdE", world.add("A"))
    with pytest.raises(WebhookRefusedError):
        receive_message(world.core, "sf", secret, message(world, notification, organization="00D5g000004XYZaEAO"))
    for name, word in (("sf", new_path_secret()), ("sf", "ü"), ("other", secret)):
        with pytest.raises(EndpointUnknownError):
            receive_message(world.core, name, word, message(world, notification))
    assert items(world.core) == []
    with world.core.db.read() as session:
        assert session.scalars(select(WebhookEndpoint.refused)).one() == 1


def test_the_old_secret_is_taken_while_the_new_one_spreads(world: SalesforceWorld, secret: str) -> None:
    core = world.core
    with core.db.write("test.rotate") as session:
        new = rotate(session, core.vault, "sf", core.db.clock.now())
    assert receive_message(core, "sf", secret, message(world, told("04l5g00000AbCdE", world.add("A"))))
    assert receive_message(core, "sf", new, message(world, told("04l5g00000AbCdF", world.add("B"))))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"{}",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="none"?><a/>',
        b"\xff\xfe<",
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_message_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadError):
        read_message(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        read_message(body)


def test_more_than_two_hundred_in_one_are_refused(world: SalesforceWorld) -> None:
    with pytest.raises(PayloadError):
        read_message(message(world, *[told("04l5g00000AbCdE", "0035g00000AbCdE")] * 201))


def test_a_message_as_the_wsdl_describes_it_is_read() -> None:
    body = Path(__file__).with_name("outbound_message.xml").read_bytes()
    read = read_message(body)
    assert read.organization_id == "00D5g000004XYZaEAO"
    assert [one.record_id for one in read.notifications] == ["0035g00000AbCdEAAV", "0035g00000AbCdFAAV"]
    assert len({one.key for one in read.notifications}) == 2


def test_the_answer_over_http_is_the_one_the_wsdl_demands(world: SalesforceWorld, secret: str) -> None:
    client = create_app(world.core).test_client()
    body = message(world, told("04l5g00000AbCdE", world.add("A")))
    path = f"/webhooks/outbound/sf/{secret}"
    for _time in range(2):
        answer = client.post(path, data=body, content_type="text/xml; charset=UTF-8")
        assert (answer.status_code, answer.text) == (200, ACKNOWLEDGMENT)
    assert re.search("<Ack>true</Ack>", answer.text)
    assert client.post(path, data=b"<a/>").status_code == 400
    assert client.post(path + "x", data=body).status_code == 404
    assert client.post(path, data=b"x" * 4_000_001).status_code == 413
    wrong = message(world, told("04l5g00000AbCdE", "0035g00000AbCdE"), organization="00D5g000004XYZaEAO")
    assert client.post(path, data=wrong).status_code == 403
    assert client.post("/webhooks/crm/sf", data=b"{}", content_type="application/json").status_code == 404
