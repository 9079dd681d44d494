"""A life played through the verbs, read back through the APIs, and compared with the truth."""

import pytest

from scrm.sandbox.scenario import Player, history
from scrm.sandbox.sharepoint import SharePoint
from tests.sandbox.sharepoint.conftest import START, client_of, minute, row


def everything(client):
    """Every native id that both APIs show somebody."""
    found = {}
    for site in client.json("/sites", search="")["value"]:
        name = site["webUrl"].rpartition("/sites/")[2]
        for one in client.json(f"/sites/{site['id']}/lists")["value"]:
            path = f"/sites/{site['id']}/lists/{one['id']}/items"
            for item in client.walk(path, _select="id,sharepointIds,createdBy", _top=5)[0]:
                unique_id = item["sharepointIds"]["listItemUniqueId"]
                found[unique_id] = item["createdBy"]["user"]["id"]
                found |= below(client, name, one["id"], item["id"], unique_id)
    return found


def below(client, site, list_id, number, unique_id):
    path = f"lists(guid'{list_id}')/items({number})"
    found = likes(unique_id, client.rest(f"{path}/likedByInformation?$expand=likedby", site=site).json())
    query = "comments?$expand=replies,likedBy,replies/likedBy&$top=1000"
    for comment in client.rest(f"{path}/{query}", site=site).json()["value"]:
        for one in (comment, *comment["replies"]):
            native_id = f"{list_id}:{number}:{one['id']}"
            found[native_id] = one["author"]["loginName"]
            found |= likes(native_id, one)
    return found


def likes(native_id, shown):
    return {f"{native_id}:like:{one['loginName']}": one["loginName"] for one in shown["likedBy"]}


def test_a_history_is_what_the_apis_show():
    with SharePoint(clock=lambda: START, sharepoint_units=100_000) as network:
        player = Player([network], now=START)
        player.play(history(3, ["sharepoint"]))
        rows = network.truth()
        assert {entry["kind"] for entry in rows} == {"post", "mention", "reply", "like"}
        assert any(entry["deleted"] for entry in rows)
        assert any(entry["edited_at"] for entry in rows)
        there = {entry["native_id"]: entry for entry in rows if not entry["deleted"]}
        found = everything(client_of(network, "nordwerk"))
        assert found.keys() == there.keys()
        assert all(found[key] in {there[key]["author"], there[key]["login_name"]} for key in found)
        assert {entry["outcome"] for entry in network.requests()} == {"served"}


def test_ids_are_the_same_in_every_run():
    runs = []
    for _ in range(2):
        with SharePoint(clock=lambda: START) as network:
            Player([network], now=START).play(history(5, ["sharepoint"]))
            runs.append(network.truth())
    assert runs[0] == runs[1]


def test_audiences(network):
    opened = network.post("katharina", "Frage", at=minute(0), mentions=("nordwerk",))
    closed = network.post("nordwerk", "Intern", at=minute(1), visibility="community")
    reply = network.post("lars", "Aha", at=minute(2), reply_to=closed)
    shown = {key: row(network, key) for key in (opened, closed, reply)}
    assert [one["kind"] for one in shown.values()] == ["mention", "post", "reply"]
    assert [one["audience"] for one in shown.values()] == ["organization", "community", "community"]
    assert [one["shown"] for one in shown.values()] == ["items", "pages", "comments"]
    assert shown[closed]["community"] == network.site_id("community")
    assert (shown[reply]["object"], shown[reply]["comment_id"]) == (closed, "1")


def test_what_is_deleted_takes_along_what_hangs_on_it(network):
    news = network.post("nordwerk", "Neu", at=minute(0))
    asked = network.post("katharina", "Wann?", at=minute(1), reply_to=news)
    answer = network.post("nordwerk", "Bald", at=minute(2), reply_to=asked)
    liked = network.like("katharina", answer, at=minute(3))
    network.delete(asked, at=minute(4))
    assert [row(network, key)["deleted"] for key in (news, asked, answer, liked)] == [False, True, True, True]
    with pytest.raises(KeyError):
        network.edit(answer, "Doch nicht", at=minute(5))
    again = network.post("katharina", "Wann denn?", at=minute(6), reply_to=news)
    assert again != asked
    network.delete(news, at=minute(7))
    assert row(network, again)["deleted_at"] == "2026-11-01T08:07:00.000Z"


def test_likes_are_taken_back_and_given_again(network):
    news = network.post("nordwerk", "Neu", at=minute(0))
    liked = network.like("katharina", news, at=minute(1))
    network.unlike("katharina", news, at=minute(2))
    assert row(network, liked)["deleted"]
    assert network.like("katharina", news, at=minute(3)) == liked
    assert (row(network, liked)["deleted"], row(network, liked)["at"]) == (False, "2026-11-01T08:03:00.000Z")


def test_verbs_that_the_network_does_not_have(network):
    news = network.post("nordwerk", "Neu", at=minute(0))
    with pytest.raises(ValueError, match="shares"):
        network.share("katharina", news, at=minute(1))
    with pytest.raises(ValueError, match="follows"):
        network.follow("katharina", "nordwerk", at=minute(1))
    with pytest.raises(ValueError, match="visibility"):
        network.post("nordwerk", "Neu", at=minute(1), visibility="direct")
    assert all(hasattr(network, verb) for verb in network.verbs)
    assert not {"share", "follow", "message"} & network.verbs
