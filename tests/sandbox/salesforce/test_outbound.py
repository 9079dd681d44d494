"""Outbound messages of the fake org: sent to a real address, again until acknowledged as the WSDL demands."""

from collections.abc import Iterator
from typing import Any

import pytest

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.outbound import acknowledges
from scrm.sandbox.server import Server
from tests.sandbox.salesforce.conftest import Clock, Rest
from tests.sandbox.salesforce.receiver import ACK, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    with Server(one.app) as server:
        one.url = f"{server.base_url}/hook"
        yield one


def test_a_change_is_told_with_what_the_record_is_when_it_is_sent(
    org: Salesforce, rest: Rest, receiver: Receiver
) -> None:
    org.people.add("Contact", {"LastName": "Before"})
    org.outbound.add("Contact", ["LastName", "Email", "IsDeleted", "SystemModstamp"], receiver.url)
    contact = org.people.add("Contact", {"LastName": "A & Co"})
    rest.ok("PATCH", f"sobjects/Contact/{contact}", {"LastName": "<B>"})
    org.people.add("Account", {"Name": "Nordwerk"})
    assert org.outbound.deliver() == 2
    (first, fields), (second, same) = receiver.notifications()
    assert (
        fields
        == same
        == {
            "Id": contact,
            "IsDeleted": "false",
            "LastName": "<B>",
            "SystemModstamp": "2026-11-24T08:00:00.000Z",
        }
    )
    assert first != second
    assert receiver.headers[0]["Content-Type"] == "text/xml; charset=UTF-8"
    assert org.outbound.deliver() == 0


@pytest.mark.parametrize(
    "answer",
    [
        (500, ACK),
        (200, ""),
        (200, "OK"),
        (200, ACK.replace("true", "false")),
        (200, ACK.replace("notificationsResponse", "notifications")),
        (200, ACK.replace("2005/09/outbound", "other")),
        (202, ACK),
    ],
)
def test_what_is_not_acknowledged_is_sent_again_under_the_same_id(
    org: Salesforce, receiver: Receiver, clock: Clock, answer: tuple[int, str]
) -> None:
    org.outbound.add("Contact", ["LastName"], receiver.url)
    org.people.add("Contact", {"LastName": "A"})
    receiver.answer = answer
    assert org.outbound.deliver() == 0
    assert org.outbound.deliver() == 0
    clock.turn(seconds=15)
    receiver.answer = (200, ACK)
    assert org.outbound.deliver() == 1
    assert len(receiver.bodies) == 2
    assert receiver.notifications(0) == receiver.notifications(1)
    assert [attempt["is_acknowledged"] for attempt in org.outbound.log] == [False, True]


def test_gaps_grow_to_two_hours_and_a_day_ends_it(org: Salesforce, clock: Clock) -> None:
    org.outbound.add("Contact", ["LastName"], "http://127.0.0.1:9/nobody")
    org.people.add("Contact", {"LastName": "A"})
    for _ in range(12):
        org.outbound.deliver()
        clock.turn(hours=2)
    assert [attempt["status"] for attempt in org.outbound.log] == [None] * 12
    assert org.outbound.waiting[0].gap.total_seconds() == 7200
    org.outbound.deliver()
    assert org.outbound.waiting == []


def test_a_hundred_make_a_message_in_either_order_and_one_may_come_twice(org: Salesforce, receiver: Receiver) -> None:
    org.outbound.add("Contact", ["LastName"], receiver.url)
    for number in range(150):
        org.people.add("Contact", {"LastName": str(number)})
    assert org.outbound.deliver(newest_first=True) == 150
    assert [len(receiver.notifications(number)) for number in (0, 1)] == [100, 50]
    newest, fields = receiver.notifications(0)[0]
    assert fields["LastName"] == "149"
    org.outbound.repeat(newest)
    assert org.outbound.deliver() == 1
    assert receiver.notifications()[0][0] == newest


def test_a_write_that_was_taken_back_is_not_told(org: Salesforce, rest: Rest, receiver: Receiver) -> None:
    org.outbound.add("Contact", ["LastName"], receiver.url)
    records: list[dict[str, Any]] = [
        {"attributes": {"type": "Contact"}, "LastName": "A"},
        {"attributes": {"type": "Contact"}},
    ]
    rest.ok("POST", "composite/sobjects", {"allOrNone": True, "records": records})
    assert org.outbound.deliver() == 0
    assert receiver.bodies == []


def test_an_acknowledgment_with_a_fault_or_an_entity_is_none() -> None:
    assert acknowledges(ACK.encode())
    assert not acknowledges(b'<!DOCTYPE x [<!ENTITY a "b">]>' + ACK.encode())
    assert not acknowledges(ACK.replace("<soapenv:Body>", "<soapenv:Body><soapenv:Fault/>").encode())


def test_of_a_record_deleted_meanwhile_only_the_id_is_told(org: Salesforce, receiver: Receiver) -> None:
    org.outbound.add("Contact", ["LastName"], receiver.url)
    contact = org.people.add("Contact", {"LastName": "A"})
    org.people.delete(contact)
    assert org.outbound.deliver() == 1
    assert receiver.notifications()[0][1] == {"Id": contact}
