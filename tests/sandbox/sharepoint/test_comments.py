"""Comments, answers and likes by SharePoint's own REST."""

import pytest

from tests.sandbox.sharepoint.conftest import client_of, minute, rest_path, row

EVERYTHING = "comments?$expand=replies,likedBy,replies/likedBy&$top=20"


@pytest.fixture
def news(network):
    return network.post("nordwerk", "Neu: NW-40", at=minute(0))


def test_comments_come_with_people_answers_and_likes(network, client, news):
    asked = network.post("katharina", 'Geht\'s {so}: "ja"?', at=minute(1), reply_to=news, mentions=("nordwerk",))
    answer = network.post("nordwerk", "Ja", at=minute(2), reply_to=asked)
    deeper = network.post("katharina", "Danke", at=minute(3), reply_to=answer)
    network.post("helene", "Bon", at=minute(4), reply_to=news)
    network.like("katharina", answer, at=minute(5))
    found = client.rest(rest_path(network, news, EVERYTHING)).json()["value"]
    assert [one["author"]["name"] for one in found] == ["Hélène Lefèvre", "Katharina Groß"]
    first = found[1]
    assert first["text"] == "@mention&#123;0&#125; Geht&#39;s &#123;so&#125;&#58; &quot;ja&quot;?"
    assert first["mentions"][0]["email"] == "social@nordwerk.example"
    upn = "katharina.gross_foerdertechnik-leine.example#ext#@nordwerk.onmicrosoft.com"
    assert first["author"]["loginName"] == f"i:0#.f|membership|{upn}"
    assert (first["author"]["isExternal"], first["author"]["email"]) == (
        True,
        "katharina.gross@foerdertechnik-leine.example",
    )
    assert (first["parentId"], first["isReply"], first["replyCount"]) == ("0", False, 2)
    assert [(one["parentId"], one["isReply"]) for one in first["replies"]] == [(first["id"], True)] * 2
    assert first["replies"][0]["likedBy"][0]["creationDate"] == "2026-11-01T08:05:00.000Z"
    assert row(network, deeper)["object"] == asked
    replies = client.rest(rest_path(network, news, f"comments({first['id']})/replies")).json()["value"]
    assert [one["text"] for one in replies] == ["Ja", "Danke"]
    assert "replies" not in client.rest(rest_path(network, news, "comments")).json()["value"][0]


def test_who_liked_a_page(network, client, news):
    for key in ("katharina", "nordwerk"):
        network.like(key, news, at=minute(1))
    network.unlike("katharina", news, at=minute(2))
    told = client.rest(rest_path(network, news, "likedByInformation?$expand=likedby")).json()
    assert (told["likeCount"], told["isLikedByUser"]) == (1, True)
    assert [one["loginName"] for one in told["likedBy"]] == ["i:0#.f|membership|social@nordwerk.example"]
    assert "likedBy" not in client.rest(rest_path(network, news, "likedByInformation")).json()


def test_thirty_comments_come_unasked_and_the_rest_by_link(network, client, news):
    for number in range(35):
        network.post("katharina", f"Nr. {number}", at=minute(number), reply_to=news)
    page = client.rest(rest_path(network, news, "comments?$inlineCount=AllPages")).json()
    assert (len(page["value"]), page["odata.count"]) == (30, "35")
    rest = client.rest(page["odata.nextLink"]).json()
    assert [one["id"] for one in rest["value"]] == ["5", "4", "3", "2", "1"]
    assert "odata.nextLink" not in rest
    newer = client.rest(rest_path(network, news, "comments"), Accept="application/json;odata.metadata=none").json()
    assert "@odata.nextLink" in newer


def test_numbers_count_within_an_item_and_people_within_a_site(network, client, news):
    other = network.post("femke", "Zwei", at=minute(0))
    inside = network.post("femke", "Intern", at=minute(0), visibility="community")
    for target in (news, other):
        network.post("femke", "Hallo", at=minute(1), reply_to=target)
    network.post("lars", "Hallo", at=minute(1), reply_to=inside)
    shown = [client.rest(rest_path(network, one, "comments")).json()["value"][0] for one in (news, other)]
    assert [one["id"] for one in shown] == ["1", "1"]
    closed = client.rest(rest_path(network, inside, "comments"), site="vertrieb").json()["value"][0]
    assert closed["author"]["id"] == shown[0]["author"]["id"]
    assert closed["author"]["loginName"] != shown[0]["author"]["loginName"]


def test_what_is_gone_and_what_is_closed(network, client, news):
    path = rest_path(network, news, "comments")
    inside = rest_path(network, network.post("lars", "Intern", at=minute(0), visibility="community"), "comments")
    guest = client_of(network, "stranger_maria")
    refused = guest.rest(inside, site="vertrieb")
    assert (refused.status_code, refused.json()["odata.error"]["code"][:11]) == (403, "-2147024891")
    network.delete(news, at=minute(1))
    gone = client.rest(path)
    assert (gone.status_code, gone.json()["odata.error"]["code"]) == (
        404,
        "-2130575338, Microsoft.SharePoint.SPException",
    )
    missing = client.rest("lists(guid'00000000-0000-0000-0000-000000000000')/items(1)/comments")
    assert (missing.status_code, missing.json()["odata.error"]["code"][:11]) == (404, "-2130575322")


def test_tokens_are_good_for_one_api_only(network, client, news):
    path = rest_path(network, news, "comments")
    client.graph_token, client.rest_token = client.rest_token, client.graph_token
    assert client.ask("/me").json()["error"]["code"] == "InvalidAuthenticationToken"
    refused = client.rest(path)
    assert (refused.status_code, set(refused.json())) == (401, {"error_description"})


@pytest.mark.parametrize(
    ("rest", "accept", "status"),
    [
        ("comments?$top=0", None, 400),
        ("comments?$top=1001", None, 400),
        ("comments?$expand=author", None, 400),
        ("comments?$filter=x", None, 400),
        ("likedByInformation?$expand=people", None, 400),
        ("comments", "*/*", 406),
        ("comments", "application/json;odata=verbose", 406),
    ],
)
def test_misuse_is_refused_and_noted(network, client, news, rest, accept, status):
    answer = client.rest(rest_path(network, news, rest), **({"Accept": accept} if accept else {}))
    assert answer.status_code == status
    assert "odata.error" in answer.json()
    assert network.requests()[-1]["outcome"] == "invalid"
