"""Marks of changes: what they give, and how they end."""

import pytest

from tests.sandbox.sharepoint.conftest import minute


def ids(entries):
    return [entry["id"] for entry in entries]


def test_a_mark_gives_what_changed_since(network, client, pages):
    first = network.post("nordwerk", "Eins", at=minute(0))
    second = network.post("nordwerk", "Zwei", at=minute(1))
    found, mark = client.walk(f"{pages}/items/delta", _expand="fields($select=Title)")
    assert ids(found) == ["1", "2"]
    assert client.walk(mark)[0] == []
    network.post("katharina", "Schön", at=minute(2), reply_to=first)
    assert client.walk(mark)[0] == []
    network.edit(first, "Eins, verbessert", at=minute(3))
    network.delete(second, at=minute(4))
    network.post("nordwerk", "Drei", at=minute(5))
    changed, newer = client.walk(mark)
    assert ids(changed) == ["1", "2", "3"]
    assert changed[0]["fields"]["Title"] == "Eins, verbessert"
    assert changed[1]["deleted"] == {"state": "deleted"}
    assert client.walk(newer)[0] == []
    assert ids(client.walk(f"{pages}/items/delta")[0]) == ["1", "3"]


def test_an_item_that_changes_while_it_is_read_comes_again(network, client, pages):
    first = network.post("nordwerk", "Eins", at=minute(0))
    for number in range(3):
        network.post("nordwerk", f"Weiteres {number}", at=minute(number))
    page = client.json(f"{pages}/items/delta", _top=2)
    network.edit(first, "Eins, verbessert", at=minute(5))
    rest, _ = client.walk(page["@odata.nextLink"])
    assert ids(page["value"] + rest) == ["1", "2", "3", "4", "1"]


def test_the_latest_mark_begins_now(network, client, pages):
    network.post("nordwerk", "Eins", at=minute(0))
    for path in (f"{pages}/items/delta?token=latest", f"{pages}/items/delta(token='latest')"):
        found, mark = client.walk(path)
        assert found == []
        assert client.walk(mark)[0] == []
    network.post("nordwerk", "Zwei", at=minute(1))
    assert ids(client.walk(mark)[0]) == ["2"]


@pytest.mark.parametrize("code", ["resyncChangesApplyDifferences", "resyncChangesUploadDifferences"])
def test_a_lost_mark_is_gone_with_the_address_to_begin_anew(network, client, pages, code):
    network.post("nordwerk", "Eins", at=minute(0))
    _, mark = client.walk(f"{pages}/items/delta")
    network.reset_delta(code)
    gone = client.ask(mark)
    error = gone.json()["error"]
    assert (gone.status_code, error["code"], error["innerError"]["code"]) == (410, "resyncRequired", code)
    assert ids(client.walk(gone.headers["Location"])[0]) == ["1"]


def test_marks_grow_old(network, client, clock, pages):
    _, mark = client.walk(f"{pages}/items/delta")
    _, people = client.walk("/users/delta")
    clock.forward(days=8)
    fresh = network.credentials("nordwerk")["access_token"]
    client.graph_token = fresh
    old = client.ask(people)
    assert (old.status_code, old.json()["error"]["code"]) == (400, "syncStateNotFound")
    assert client.ask(mark).status_code == 200
    clock.forward(days=30)
    client.graph_token = network.credentials("nordwerk")["access_token"]
    assert client.ask(mark).status_code == 410


def test_people_that_changed(network, client):
    found, mark = client.walk("/users/delta", _select="displayName,mail")
    assert len(found) == 7
    network.edit_profile("katharina", at=minute(1), display_name="Katharina Groß-Lehmann")
    changed, _ = client.walk(mark)
    assert [one["displayName"] for one in changed] == ["Katharina Groß-Lehmann"]
    assert set(changed[0]) == {"id", "displayName", "mail"}


def test_a_made_up_mark_is_refused(network, client, pages):
    answer = client.ask(f"{pages}/items/delta?token=aGFsbG8")
    assert (answer.status_code, network.requests()[-1]["outcome"]) == (400, "invalid")
