"""What Graph shows of sites, pages, items and people, and what it refuses."""

import pytest

from tests.sandbox.sharepoint.conftest import client_of, minute

HONOR = {"Prefer": "HonorNonIndexedQueriesWarningMayFailRandomly"}


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_sites_are_found_by_search_id_and_path(network, client):
    found = client.json("/sites", search="nordwerk")["value"]
    assert [one["displayName"] for one in found] == ["Nordwerk", "Nordwerk Partner", "Nordwerk Vertrieb"]
    partner = client.json("/sites", search="partner")["value"][0]
    assert partner["id"].count(",") == 2
    assert client.json(f"/sites/{partner['id']}")["webUrl"] == f"{network.base_url}/sites/partner"
    assert client.json("/sites/nordwerk.sharepoint.com:/sites/partner")["id"] == partner["id"]
    assert client.json("/sites/root")["displayName"] == "Nordwerk"
    assert error_of(client.ask("/sites/nordwerk.sharepoint.com,1,2")) == (404, "itemNotFound")


def test_a_closed_site_is_for_its_members(network, client):
    closed = network.site_id("community")
    guest = client_of(network, "stranger_maria")
    assert len(client.json("/sites", search="")["value"]) == 3
    assert len(guest.json("/sites", search="")["value"]) == 2
    assert error_of(guest.ask(f"/sites/{closed}/pages")) == (403, "accessDenied")
    network.join("stranger_maria", closed, at=minute(1))
    assert guest.json(f"/sites/{closed}/pages")["value"] == []
    network.leave("stranger_maria", closed, at=minute(2))
    assert error_of(guest.ask(f"/sites/{closed}/lists")) == (403, "accessDenied")
    with pytest.raises(ValueError, match="no member"):
        network.post("stranger_maria", "Hallo", at=minute(3), visibility="community")


def test_pages_come_by_name_with_counts_and_their_text_alone(network, client, site):
    news = network.post("nordwerk", "Neu: NW-40 <leise>. Ab Mai.", at=minute(0))
    network.post("femke", "Messe in Hannover", at=minute(1))
    listed = client.json(f"{site}/pages")["value"]
    assert [one["name"] for one in listed] == sorted(one["name"] for one in listed)
    page = next(one for one in listed if one["id"] == news)
    assert (page["@odata.type"], page["promotionKind"]) == ("#microsoft.graph.sitePage", "newsPost")
    assert (page["title"], page["reactions"]) == ("Neu: NW-40 <leise>.", {})
    assert page["createdBy"]["user"]["email"] == "social@nordwerk.example"
    network.post("katharina", "Schön", at=minute(2), reply_to=news)
    network.like("helene", news, at=minute(3))
    assert client.json(f"{site}/pages/{news}", _select="reactions")["reactions"] == {
        "commentCount": 1,
        "likeCount": 1,
        "shareCount": 0,
    }
    full = client.json(f"{site}/pages/{news}/microsoft.graph.sitePage", _expand="canvasLayout")
    part = full["canvasLayout"]["horizontalSections"][0]["columns"][0]["webparts"][0]
    assert part["innerHtml"] == "<p>Neu: NW-40 &lt;leise&gt;. Ab Mai.</p>"
    assert error_of(client.ask(f"{site}/pages/{news}?$expand=canvasLayout")) == (400, "BadRequest")
    newest = client.json(f"{site}/pages", _orderby="createdDateTime desc", _top=1)
    assert newest["value"][0]["title"] == "Messe in Hannover"
    late = client.json(f"{site}/pages", _filter="createdDateTime gt 2026-11-01T08:00:30Z")["value"]
    assert [one["title"] for one in late] == ["Messe in Hannover"]


def test_guests_write_in_the_forum_whose_items_have_columns(network, client, forum):
    asked = network.post("katharina", "Geht das? Danke", at=minute(0), mentions=("nordwerk",))
    bare = client.json(f"{forum}/items")["value"][0]
    assert "fields" not in bare
    assert "sharepointIds" not in bare
    item = client.json(f"{forum}/items/1", _expand="fields($select=Title,Body)", _select="id,sharepointIds")
    assert item["sharepointIds"]["listItemUniqueId"] == asked
    assert item["fields"]["Body"] == "<div>@Nordwerk Antriebstechnik Geht das? Danke</div>"
    assert "Created" not in item["fields"]
    assert error_of(client.ask(f"{forum}/items?$filter=fields/Title eq 'Geht das?'")) == (400, "invalidRequest")
    query = "$expand=fields&$filter=fields/Title eq 'Geht das?'"
    found = client.ask(f"{forum}/items?{query}", headers=HONOR).json()["value"]
    assert [one["id"] for one in found] == ["1"]


def test_guests_have_their_address_in_mail_only(network, client):
    guest = client.json("/users/katharina.gross_foerdertechnik-leine.example%23EXT%23@nordwerk.onmicrosoft.com")
    assert guest["mail"] == "katharina.gross@foerdertechnik-leine.example"
    assert "userType" not in guest
    more = client.json(f"/users/{guest['id']}", _select="userType,otherMails,aboutMe,companyName")
    assert (more["userType"], more["otherMails"]) == ("Guest", [guest["mail"]])
    assert more["companyName"] == "Fördertechnik Leine GmbH"
    assert error_of(client.ask("/users?$select=aboutMe")) == (400, "BadRequest")
    assert client.json("/me")["userPrincipalName"] == "social@nordwerk.example"
    assert error_of(client.ask("/users/nobody@nowhere.example")) == (404, "Request_ResourceNotFound")
    assert error_of(client.ask(f"/users/{guest['id']}/photo/$value")) == (404, "ImageNotFound")
    assert "@odata.count" not in client.json("/users", _count="true")
    counted = client.ask("/users?$count=true", headers={"ConsistencyLevel": "eventual"})
    assert counted.json()["@odata.count"] == 7
    network.hide_email("katharina")
    assert client.json(f"/users/{guest['id']}")["mail"] is None


def test_links_lead_through_all_pages_though_something_is_added(network, client, forum):
    for number in range(7):
        network.post("katharina", f"Frage {number}", at=minute(number))
    first = client.json(f"{forum}/items", _top=3, _expand="fields($select=Title)")
    network.delete(row_of(network, 1), at=minute(9))
    rest, _ = client.walk(first["@odata.nextLink"])
    titles = [one["fields"]["Title"] for one in first["value"] + rest]
    assert titles == [f"Frage {number}" for number in range(7)]
    assert len(client.walk("/users", _top=2)[0]) == 7


def row_of(network, item_id):
    return next(entry["native_id"] for entry in network.truth() if entry["item_id"] == item_id)


@pytest.mark.parametrize(
    "path",
    [
        "/users?$top=1000",
        "/users?$top=0",
        "/users?$skip=1",
        "/sites?$top=x",
        "/sites?foo=1",
        "/sites?$select=nothing",
        "/sites?$expand=lists",
        "/users?$filter=mail like 'x'",
        "/users?$orderby=mail sideways",
        "/sites?$skiptoken=!",
    ],
)
def test_what_the_spec_does_not_know_is_refused_and_noted(network, client, path):
    answer = client.ask(path)
    assert (answer.status_code, network.requests()[-1]["outcome"]) == (400, "invalid")
    assert set(answer.json()["error"]) == {"code", "message", "innerError"}


def test_unknown_paths_and_methods_speak_graph(network, client):
    assert error_of(client.ask("/groups")) == (404, "itemNotFound")
    assert error_of(client.ask("/me", method="POST", json={})) == (405, "methodNotAllowed")
    assert [entry["outcome"] for entry in network.requests()] == ["invalid", "invalid"]


def test_search_finds_words_in_items(network, client):
    network.post("katharina", "Der Flux 7.5 brummt", at=minute(0))
    network.post("nordwerk", "Neu: Flux 9", at=minute(1))
    network.post("femke", "Flux intern", at=minute(2), visibility="community")
    asked = {"entityTypes": ["listItem"], "query": {"queryString": "flux"}, "size": 2, "fields": ["Title"]}
    answer = client.ask("/search/query", method="POST", json={"requests": [asked]}).json()
    container = answer["value"][0]["hitsContainers"][0]
    assert (container["total"], container["moreResultsAvailable"]) == (3, True)
    assert [hit["rank"] for hit in container["hits"]] == [1, 2]
    guest = client_of(network, "stranger_maria")
    answer = guest.ask("/search/query", method="POST", json={"requests": [asked]}).json()
    assert answer["value"][0]["hitsContainers"][0]["total"] == 2
    far = {"requests": [{**asked, "from": 990, "size": 20}]}
    assert error_of(client.ask("/search/query", method="POST", json=far)) == (400, "BadRequest")
