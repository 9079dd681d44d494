"""Both connectors and cursors stand on these ids and windows."""

import pytest
import requests

from tests.sandbox.mastodon.conftest import Reader, api_id, minute

NOTIFICATIONS = "/api/v1/notifications"


@pytest.fixture
def ten(network):
    """Ten mentions of the company; their notification ids, oldest first."""
    for number in range(10):
        network.post("katharina", f"Nachricht {number}", at=minute(number), mentions=("nordwerk",))
    ids = Reader(network).ids(NOTIFICATIONS, limit=80)
    assert len(ids) == 10
    return ids[::-1]


def test_a_page_is_newest_first(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=4) == ten[:5:-1]


def test_max_id_gives_what_lies_below(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=3, max_id=ten[5]) == [ten[4], ten[3], ten[2]]


def test_since_id_gives_the_newest_and_leaves_a_gap(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=3, since_id=ten[1]) == [ten[9], ten[8], ten[7]]


def test_min_id_gives_the_ones_immediately_above_newest_first(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=3, min_id=ten[1]) == [ten[4], ten[3], ten[2]]


def test_min_id_and_max_id_bound_a_window_from_both_sides(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=40, min_id=ten[1], max_id=ten[4]) == [ten[3], ten[2]]
    assert reader.ids(NOTIFICATIONS, limit=1, min_id=ten[1], max_id=ten[4]) == [ten[2]]


def test_min_id_wins_over_since_id(reader, ten):
    assert reader.ids(NOTIFICATIONS, limit=2, min_id=ten[1], since_id=ten[6]) == [ten[3], ten[2]]


def test_since_id_and_max_id_bound_a_window_from_both_sides(reader, ten):
    assert reader.ids(NOTIFICATIONS, since_id=ten[2], max_id=ten[5]) == [ten[4], ten[3]]


def test_nothing_above_the_newest_is_an_empty_page_without_link(reader, ten):
    answer = reader.answer(NOTIFICATIONS, min_id=ten[9])
    assert answer.json() == []
    assert "Link" not in answer.headers


def test_several_types_are_paged_as_one_list(network, reader):
    news = network.post("nordwerk", "Neu", at=minute(0))
    for number, key in enumerate(("katharina", "helene", "jane_doe", "thomas_mueller_1")):
        network.like(key, news, at=minute(number))
        network.follow(key, "nordwerk", at=minute(number))
        network.share(key, news, at=minute(number))
    both = reader.json(NOTIFICATIONS, types=["favourite", "follow"])
    assert [item["type"] for item in both] == ["follow", "favourite"] * 4
    ids = [item["id"] for item in both][::-1]
    wanted = {"types": ["favourite", "follow"], "limit": 3}
    assert reader.ids(NOTIFICATIONS, **wanted) == ids[:4:-1]
    assert reader.ids(NOTIFICATIONS, **wanted, min_id=ids[0]) == [ids[3], ids[2], ids[1]]
    assert reader.ids(NOTIFICATIONS, **wanted, max_id=ids[5]) == [ids[4], ids[3], ids[2]]
    assert reader.ids(NOTIFICATIONS, **wanted | {"limit": 0}, min_id=ids[0]) == []


def test_an_id_that_is_gone_or_no_number_still_cuts(network, reader, ten):
    uri = network.truth()[4]["native_id"]
    network.delete(uri, at=minute(20))
    assert reader.ids(NOTIFICATIONS, limit=2, min_id=ten[4]) == [ten[6], ten[5]]
    assert reader.ids(NOTIFICATIONS, limit=2, min_id="abc") == [ten[1], ten[0]]
    assert reader.ids(NOTIFICATIONS, limit=2, min_id="") == [ten[9], ten[8]]


def test_rel_prev_climbs_from_the_mark_to_the_newest_without_loss(reader, ten):
    answer, seen = reader.answer(NOTIFICATIONS, limit=3, min_id=ten[0]), []
    while page := answer.json():
        seen += [item["id"] for item in page][::-1]
        answer = reader.session.get(answer.links["prev"]["url"], timeout=10)
    assert seen == ten[1:]


def test_rel_next_descends_to_the_oldest_and_keeps_the_filter(reader, ten, network):
    network.follow("helene", "nordwerk", at=minute(11))
    answer, seen = reader.answer(NOTIFICATIONS, limit=4, types=["mention"]), []
    while page := answer.json():
        seen += [item["id"] for item in page]
        assert "types%5B%5D=mention" in answer.links["next"]["url"]
        answer = reader.session.get(answer.links["next"]["url"], timeout=10)
    assert seen == ten[::-1]


@pytest.mark.parametrize(("asked", "given"), [(None, 40), (80, 80), (81, 80), (500, 80), (0, 0), (-3, 3)])
def test_notifications_come_forty_at_a_time_and_never_more_than_eighty(network, reader, asked, given):
    for number in range(90):
        network.post("katharina", f"{number}", at=minute(number), mentions=("nordwerk",))
    query = {} if asked is None else {"limit": asked}
    assert len(reader.json(NOTIFICATIONS, **query)) == given


def test_statuses_come_twenty_at_a_time_and_never_more_than_forty(network, reader):
    for number in range(45):
        network.post("nordwerk", f"{number}", at=minute(number))
    me = reader.json("/api/v1/accounts/verify_credentials")["id"]
    path = f"/api/v1/accounts/{me}/statuses"
    assert len(reader.json(path)) == 20
    answer = reader.answer(path, limit=99)
    assert len(answer.json()) == 40
    rest = reader.session.get(answer.links["next"]["url"], timeout=10)
    assert len(rest.json()) == 5
    assert "next" not in rest.links, "a short page is the last one"
    assert "prev" in rest.links


def test_status_ids_follow_their_time_and_notification_ids_their_arrival(network, reader):
    late = network.post("helene", "#nordwerk tard", at=minute(1), mentions=("nordwerk",))
    early = network.post("katharina", "#nordwerk früh", at=minute(0), mentions=("nordwerk",))
    assert int(api_id(network, early)) < int(api_id(network, late))
    newest_first = [item["status"]["uri"] for item in reader.json(NOTIFICATIONS)]
    assert newest_first == [early, late], "a post that came late is above the mark"
    assert [item["uri"] for item in reader.json("/api/v1/timelines/tag/nordwerk")] == [late, early]


def test_posts_of_the_same_instant_have_ids_of_their_own(network):
    uris = {network.post("nordwerk", "x", at=minute(0)) for _ in range(50)}
    assert len({api_id(network, uri) for uri in uris}) == 50


def test_ids_are_strings_of_digits_and_uris_belong_to_the_home_server(network, reader):
    uri = network.post("helene", "Salut", at=minute(0), mentions=("nordwerk",))
    status = reader.json(NOTIFICATIONS)[0]["status"]
    assert status["id"].isdigit()
    assert status["uri"] == uri == f"https://piailleurs.example/users/hlefevre/statuses/{uri.rsplit('/', 1)[1]}"
    assert status["id"] not in uri, "another server numbers its posts itself"
    assert status["account"]["uri"] == "https://piailleurs.example/users/hlefevre"


def test_who_favoured_is_paged_by_ids_the_answer_does_not_show(network, reader):
    uri = network.post("nordwerk", "Neu", at=minute(0))
    for number, key in enumerate(("katharina", "helene", "jane_doe"), start=1):
        network.like(key, uri, at=minute(number))
    path = f"/api/v1/statuses/{api_id(network, uri)}/favourited_by"
    first = reader.answer(path, limit=2)
    assert [item["username"] for item in first.json()] == ["jdoe", "hlefevre"]
    second = requests.get(first.links["next"]["url"], headers=reader.session.headers, timeout=10)
    assert [item["username"] for item in second.json()] == ["kgross"]
    assert "next" not in second.links
    assert "since_id=" in first.links["prev"]["url"]


def test_followers_are_newest_first_and_paged_by_the_follow(network, reader):
    for number, key in enumerate(("katharina", "helene", "jane_doe")):
        network.follow(key, "nordwerk", at=minute(number))
    me = reader.json("/api/v1/accounts/verify_credentials")["id"]
    first = reader.answer(f"/api/v1/accounts/{me}/followers", limit=2)
    assert [item["acct"] for item in first.json()] == ["jdoe@fosswork.example", "hlefevre@piailleurs.example"]
    rest = reader.session.get(first.links["next"]["url"], timeout=10).json()
    assert [item["acct"] for item in rest] == ["kgross"]
