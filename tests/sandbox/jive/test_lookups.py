"""Finding people, places and contents: sorts, searches, what is not there, and the company's inbox."""

import pytest

from scrm.sandbox.cast import person
from tests.sandbox.jive.conftest import Reader, minute, stamp


@pytest.mark.parametrize(
    "path",
    [
        "/people/9999",
        "/people/username/nobody",
        "/people/email/nobody@nowhere.example",
        "/places/9999",
        "/contents/9999",
        "/messages/9999",
        "/comments/9999/likes",
        "/dms/9999",
        "/deletedObjects/9999",
        "/webhooks/9999",
    ],
)
def test_what_is_not_there_is_404_and_no_fault_of_the_request(network, reader, path):
    assert reader.ask(path).status_code == 404
    assert network.requests()[-1]["outcome"] == "served"


def test_people_are_sorted_and_found_by_what_their_profile_says(network, reader):
    def names(**query):
        return [one["displayName"] for one in reader.items("/people", **query)]

    joined = [person(key).full_name for key in ("nordwerk", "femke", "lars", "sabine", "andreas", "ayse", "noemie")]
    assert names(sort="dateJoinedAsc") == joined
    assert names(sort="dateJoinedDesc") == joined[::-1]
    assert names(sort="lastNameAsc")[0] == "Nordwerk Antriebstechnik"
    assert names(filter=f"title({person('andreas').title})") == [person("andreas").full_name]
    assert names(filter=f"department({person('lars').title})") == ["Lars Petersen"]
    assert names(query="harms") == names(filter="search(harms)") == ["Femke Harms"]
    assert names(filter=["search(Nordwerk)", "nameonly(true)"]) == ["Nordwerk Antriebstechnik"]
    assert names(filter="tag(expert)") == []
    assert names(ids="2002,2003,9999") == ["Femke Harms", "Lars Petersen"]
    network.disable("lars")
    assert "Lars Petersen" not in names()
    assert "Lars Petersen" in names(filter="include-disabled(true)")
    assert reader.json("/people/2003")["jive"]["enabled"] is False


def test_contents_are_searched_by_all_words_in_a_place_or_by_their_subject(network, reader):
    first = network.post("sabine", "Getriebe defekt. Wer hilft?", at=minute(0), content_type="discussion")
    second = network.post("lars", "Neues. Getriebe und mehr", at=minute(1), content_type="document")
    inside = network.post("lars", "Getriebe intern", at=minute(2), content_type="idea", visibility="community")
    found = "/search/contents"
    assert reader.uris(found, filter="search(getriebe)") == [inside, second, first]
    assert Reader(network, "andreas").uris(found, filter="search(getriebe)", sort="updatedAsc") == [first, second]
    assert reader.uris(found, filter="search(getriebe,hilft)") == [first]
    assert reader.uris(found, filter=["search(getriebe)", "subjectonly(true)"]) == [inside, first]
    assert reader.uris(found, filter=["search(getriebe)", f"before({stamp(1)})"]) == [first]
    assert reader.uris(found, filter=["search(getriebe)", "place(/places/1002)", "author(/people/2003)"]) == [second]
    assert reader.uris("/contents", filter="status(draft)") == []


def test_the_inbox_holds_answers_likes_and_messages_to_us(network, reader):
    news = network.post("nordwerk", "Neu.", at=minute(0))
    network.post("sabine", "Fein.", at=minute(1), reply_to=news)
    network.like("lars", news, at=minute(2))
    network.like("nordwerk", news, at=minute(3))
    network.message("sabine", "Unter uns.", at=minute(4))
    network.post("lars", "Für alle.", at=minute(5), content_type="idea")
    assert [one["verb"] for one in reader.items("/inbox")] == ["jive:created", "jive:liked", "jive:commented"]


def test_comments_that_nobody_writes_are_an_empty_list(network, reader):
    paper = network.post("lars", "Leitfaden.", at=minute(0), content_type="document")
    network.post("femke", "Gut.", at=minute(1), reply_to=paper)
    assert len(reader.items(f"{paper}/comments")) == 1
    assert reader.items(f"{paper}/comments", author="true") == []
    assert reader.ask(f"{paper}/comments", params={"sort": "likes"}).status_code == 400
