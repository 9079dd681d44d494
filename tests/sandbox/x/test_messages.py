"""Private messages on the X fake."""

from datetime import timedelta

import pytest

from tests.sandbox.x.conftest import minute, reader_of, user_id

EVERYTHING = {"dm_event_fields": "created_at,dm_conversation_id", "expansions": "sender_id"}


@pytest.fixture
def talk(network):
    """Three messages between the company and a customer, and one of others."""
    first = network.message("katharina", "Moin", at=minute(0))
    second = network.message("nordwerk", "Moin, Frau Groß", at=minute(1), to="katharina", reply_to=first)
    third = network.message("helene", "Bonjour", at=minute(2))
    network.message("katharina", "Hallo Femke", at=minute(3), to="femke")
    return [first, second, third]


def test_one_sees_ones_own_messages_alone_newest_first(network, reader, talk):
    assert reader.ids("/2/dm_events") == talk[::-1]
    assert reader_of(network, "femke").ids("/2/dm_events") != []
    assert not set(reader_of(network, "femke").ids("/2/dm_events")) & set(talk)


def test_a_message_shows_what_is_asked_for(network, reader, talk, me):
    katharina = user_id(network, "katharina")
    page = reader.json("/2/dm_events", max_results=2, **EVERYTHING)
    last = reader.json("/2/dm_events", max_results=2, pagination_token=page["meta"]["next_token"], **EVERYTHING)
    assert last["data"] == [
        {
            "id": talk[0],
            "event_type": "MessageCreate",
            "text": "Moin",
            "created_at": "2026-11-20T08:00:00.000Z",
            "dm_conversation_id": "-".join(sorted((me, katharina), key=int)),
            "sender_id": katharina,
        }
    ]
    assert [user["id"] for user in last["includes"]["users"]] == [katharina]
    assert set(reader.json("/2/dm_events")["data"][0]) == {"id", "event_type", "text"}


def test_a_conversation_is_found_by_partner_or_by_its_id(network, reader, talk, me):
    katharina = user_id(network, "katharina")
    both = talk[1::-1]
    assert reader.ids(f"/2/dm_conversations/with/{katharina}/dm_events") == both
    name = "-".join(sorted((me, katharina), key=int))
    assert reader.ids(f"/2/dm_conversations/{name}/dm_events") == both
    assert reader.json(f"/2/dm_events/{talk[2]}")["data"]["text"] == "Bonjour"


def test_messages_of_others_are_not_found(network, reader, talk):
    other = reader_of(network, "femke").ids("/2/dm_events")[0]
    answer = reader.json(f"/2/dm_events/{other}")
    assert answer["errors"][0]["resource_type"] == "dm_event"


def test_only_the_last_thirty_days_are_there(network, talk, clock):
    clock.now = minute(1) + timedelta(days=30)
    assert reader_of(network, "nordwerk").ids("/2/dm_events") == [talk[2], talk[1]]


def test_nobody_joins_or_leaves(reader, talk):
    assert reader.json("/2/dm_events", event_types="ParticipantsJoin") == {"meta": {"result_count": 0}}


def test_the_truth_has_both_directions_and_who_was_answered(network, talk):
    entries = {entry["native_id"]: entry for entry in network.truth()}
    assert list(entries) == talk
    assert [entry["person"] for entry in entries.values()] == ["katharina", "nordwerk", "helene"]
    assert entries[talk[1]]["object"] == talk[0]


def test_a_message_to_oneself_is_refused(network):
    with pytest.raises(ValueError, match="somebody else"):
        network.message("nordwerk", "Merken", at=minute(0))
