"""Below a content: each answer once, however deep, from where the last look ended; likes; when to look again."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from scrm.connectors.base import Again, Api, ObjectPage, ObjectRef
from scrm.connectors.jive import connector
from scrm.connectors.jive.replies import LATEST, OVERLAP, PAGE, SOONEST, looked_at_after
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError, UnavailableError
from scrm.records import InteractionRecord
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import Clock, day, play

STREAM = connector.object_stream("replies")


def look(api: Api, native_id: str, again: Again | None = None) -> tuple[list[str], Again | None, list[ObjectPage]]:
    """Look until nothing more is waiting: the native ids that came, and when to come again."""
    assert api.account is not None
    found: list[str] = []
    pages = []
    cursor = again.cursor if again else None
    for _ in range(20):
        page = STREAM.read(api, [ObjectRef(native_id=native_id, fetch_ref=None, cursor=cursor)])
        pages.append(page)
        found += [
            record.key.native_id
            for item in page.items
            for record in STREAM.translate(Payload(item), api.account)
            if isinstance(record, InteractionRecord)
        ]
        wish = page.again.get(native_id)
        if wish is None or wish.after_seconds > 0:
            return found, wish, pages
        cursor = wish.cursor
    raise AssertionError("the looking does not end")


def lists_asked(network: Jive, since: int) -> list[str]:
    paths = [str(one["path"]) for one in network.requests()[since:]]
    return [path for path in paths if path.endswith("/comments") or "/messages/contents/" in path]


def write(network: Jive, on: str, many: Iterable[int], *, at: float) -> list[str]:
    return [
        network.post("jane_doe", f"Answer {number}", at=day(at + number / 10_000), reply_to=on) for number in many
    ]


def test_each_answer_comes_once_however_deep(api, network):
    ids = play(network)
    found, again, _ = look(api, ids["question"])
    assert [one for one in found if "likes" not in one] == [ids["answer"], ids["aside"], ids["to_helene"]]
    assert look(api, ids["news"])[0][:2] == [ids["praise"], ids["below"]]
    deeper = network.post("mehmet", "Deeper", at=day(59), reply_to=ids["to_helene"])
    assert look(api, ids["question"], again)[0] == [deeper]


def test_a_quiet_content_costs_one_request(api, network):
    ids = play(network)
    _, again, _ = look(api, ids["question"])
    asked = len(network.requests())
    found, once_more, _ = look(api, ids["question"], again)
    assert (found, once_more) == ([], again)
    assert len(network.requests()) - asked == 1


def test_a_long_list_is_read_page_by_page_and_then_only_at_its_end(api, network):
    ids = play(network)
    written = write(network, ids["named"], range(2 * PAGE + 3), at=58)
    found, again, pages = look(api, ids["named"])
    assert found == written
    assert [len(page.items) for page in pages] == [PAGE, PAGE, 3]
    asked = len(network.requests())
    late = write(network, ids["named"], range(2), at=59)
    assert look(api, ids["named"], again)[0] == late
    assert len(lists_asked(network, asked)) == 1


@pytest.mark.parametrize("deleted", [1, OVERLAP - 1, OVERLAP, OVERLAP + 1, 20])
def test_deletions_hide_no_new_answer_and_give_no_old_one_again(api, network, deleted):
    ids = play(network)
    written = write(network, ids["named"], range(30), at=58)
    _, again, _ = look(api, ids["named"])
    for one in written[:deleted]:
        network.delete(one, at=day(58.9))
    late = write(network, ids["named"], range(3), at=59)
    found, again, _ = look(api, ids["named"], again)
    assert found == late
    later = write(network, ids["named"], range(1), at=59.5)
    assert look(api, ids["named"], again)[0] == later


def test_when_all_answers_are_deleted_the_next_one_is_found(api, network):
    ids = play(network)
    written = write(network, ids["named"], range(PAGE + 10), at=58)
    _, again, _ = look(api, ids["named"])
    for one in written:
        network.delete(one, at=day(58.9))
    found, again, _ = look(api, ids["named"], again)
    assert found == []
    late = write(network, ids["named"], range(1), at=59)
    assert look(api, ids["named"], again)[0] == late


def test_two_answers_of_the_same_moment_are_both_found(api, network):
    ids = play(network)
    first = write(network, ids["named"], [0], at=58)
    _, again, _ = look(api, ids["named"])
    second = write(network, ids["named"], [0], at=58)
    found = look(api, ids["named"], again)[0]
    assert set(second) <= set(found) <= {*first, *second}
    assert second[0] in found


def test_whoever_likes_is_given_once(api, network):
    ids = play(network)
    found, again, _ = look(api, ids["news"])
    likes = [one for one in found if one.startswith(f"{ids['news']}/likes/")]
    assert len(likes) == 3
    more = network.like("thomas_mueller_1", ids["news"], at=day(59))
    found, again, _ = look(api, ids["news"], again)
    assert found == [more]
    network.unlike("helene", ids["news"], at=day(59.1))
    assert look(api, ids["news"], again)[0] == []
    assert ids["liked"] in look(api, ids["question"])[0]


def test_private_messages_stay_private_all_the_way_down(api, network):
    ids = play(network)
    assert api.account is not None
    page = STREAM.read(api, [ObjectRef(native_id=ids["secret"], fetch_ref=None)])
    records = [one for item in page.items for one in STREAM.translate(Payload(item), api.account)]
    (told,) = [one for one in records if isinstance(one, InteractionRecord)]
    assert (told.kind, told.audience, told.thread_key) == ("message", "private", ids["secret"])
    assert told.counterpart is not None


def test_what_is_gone_or_closed_ends_and_the_others_go_on(api, network):
    ids = play(network)
    network.delete(ids["document"], at=day(59))
    network.leave("nordwerk", "Nordwerk Vertrieb", at=day(59))
    refs = [ObjectRef(native_id=ids[name], fetch_ref=None) for name in ("document", "closed", "question")]
    page = STREAM.read(api, refs)
    assert set(page.gone) == {ids["document"], ids["closed"]}
    assert set(page.again) == {ids["question"]}
    network.fail(status=403, times=2)
    with pytest.raises(UnavailableError):
        STREAM.read(api, refs)


@pytest.mark.parametrize("status", [403, 404, 410, 501])
@pytest.mark.parametrize("part", ["/likes", "/comments"])
def test_a_content_whose_answers_or_likes_are_refused_stays_and_the_rest_is_read(api, network, status, part):
    ids = play(network)
    network.fail(status=status, times=1, path=f"/api/core/v3{ids['news']}{part}")
    found, again, pages = look(api, ids["news"])
    assert again is not None
    assert not [one for page in pages for one in page.gone]
    assert {one.startswith(ids["news"]) for one in found} == {part != "/likes"}


def test_the_longer_it_is_quiet_the_more_seldom_it_is_looked_at(api, network, clock: Clock):
    ids = play(network)
    times = [looked_at_after(timedelta(hours=hours)) for hours in (1, 24, 24 * 7, 24 * 30, 24 * 61)]
    assert times == [SOONEST, 3 * 3600.0, 21 * 3600.0, LATEST, None]
    clock.turn(days=70)
    page = STREAM.read(api, [ObjectRef(native_id=ids["question"], fetch_ref=None)])
    assert page.ends == (ids["question"],)


@pytest.mark.parametrize("cursor", ['{"start": "x"}', '{"likes": "-1"}', "[]", "no json"])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Api, network: Jive, cursor: Any) -> None:
    ids = play(network)
    with pytest.raises(PayloadError):
        STREAM.read(api, [ObjectRef(native_id=ids["question"], fetch_ref=None, cursor=cursor)])
