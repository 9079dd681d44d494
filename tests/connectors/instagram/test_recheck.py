"""Edits and deletions are followed; what only seems to be gone is not."""

from datetime import timedelta

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.instagram import connector
from scrm.sandbox.instagram import Instagram, error_body
from tests.connectors.instagram.reading import Clock, access, look, read, recheck, records_of, shown
from tests.connectors.instagram.scenario import change, fake, minute, play

STREAM = connector.object_stream("recheck")


def test_what_was_edited_or_deleted_is_found(network: Instagram, api: Api) -> None:
    ids = play(network)
    before = read(api)
    change(network, ids)
    after = recheck(api, before)
    assert after.gone == before.interactions.keys() - shown(network).keys()
    assert after.gone == {ids[name] for name in ("hello", "letter2", "tag3", "tip4")}
    changed = {
        native_id for native_id, one in after.interactions.items() if one.text != before.interactions[native_id].text
    }
    assert changed == {ids["news"], ids["letter1"]}
    assert after.interactions.keys() == before.interactions.keys() - after.gone


def test_a_post_takes_its_comments_with_it(network: Instagram, api: Api) -> None:
    ids = play(network)
    before = read(api)
    network.delete(ids["news"], at=minute(500))
    after = recheck(api, before)
    assert after.gone == {ids[name] for name in ("news", "question", "answer", "aside", "hello", "own")}


def test_a_message_without_details_is_not_deleted_but_one_that_is_not_listed_is(network: Instagram, api: Api) -> None:
    letters = [network.message("uwe", f"Letter {number}", at=minute(number)) for number in range(3)]
    before = read(api)
    more = [network.message("uwe", f"More {number}", at=minute(10 + number)) for number in range(30)]
    network.delete(letters[1], at=minute(100))
    after = recheck(api, before)
    assert after.gone == {letters[1]}
    assert after.interactions.keys() == set(more[-20:])


def test_an_unanswered_request_that_is_listed_no_longer_is_not_deleted(
    network: Instagram, api: Api, clock: Clock
) -> None:
    letter = network.message("uwe", "Anybody?", at=clock.now)
    before = read(api)
    ref = ObjectRef(native_id=letter, fetch_ref=before.interactions[letter].fetch_ref)
    clock.move(days=31)
    page = look(api, STREAM, [ref])
    assert (page.items, page.gone, page.ends) == ((), (), (letter,))
    clock.now -= timedelta(days=30)
    network.delete(letter, at=clock.now)
    assert look(api, STREAM, [ref]).gone == (letter,)


def test_one_refusal_alone_deletes_nothing(network: Instagram, api: Api) -> None:
    post = network.post("nordwerk", "Hello", at=minute(1))
    network.fail(status=400, times=1, body=error_body(100, 33))
    page = look(api, STREAM, [ObjectRef(native_id=post, fetch_ref="own")])
    assert (len(page.items), page.gone) == (1, ())


def test_a_tag_is_looked_for_no_further_than_it_can_be(network: Instagram, api: Api) -> None:
    first = network.tag("uwe", "Look", at=minute(1), mentions=["nordwerk"])
    for number in range(300):
        network.tag("uwe", f"Look {number}", at=minute(2 + number), mentions=["nordwerk"])
    ref = ObjectRef(native_id=first, fetch_ref=f"tag {minute(1).isoformat()}")
    page = look(api, STREAM, [ref])
    assert (page.items, page.gone) == ((), ())
    newest = ObjectRef(native_id="17", fetch_ref=f"tag {minute(300).isoformat()}")
    api.requests = 0
    assert look(api, STREAM, [newest]).gone == ("17",)
    assert api.requests == 1


@pytest.mark.parametrize("has_fields", [True, False])
def test_a_comment_elsewhere_is_followed_where_the_host_shows_it(has_fields: bool) -> None:
    with fake(has_mention_fields=has_fields) as network, access(network) as api:
        ids = play(network)
        elsewhere = ObjectRef(native_id=ids["elsewhere"], fetch_ref=f"any {ids['picture']}")
        ours = ObjectRef(native_id=ids["hello"], fetch_ref=f"any {ids['news']}")
        page = look(api, STREAM, [elsewhere, ours])
        assert len(page.items) == (2 if has_fields else 1)
        assert page.ends == (() if has_fields else (ids["elsewhere"],))
        network.delete(ids["elsewhere"], at=minute(100))
        network.delete(ids["hello"], at=minute(100))
        page = look(api, STREAM, [elsewhere, ours])
        assert set(page.gone) == ({ids["elsewhere"], ids["hello"]} if has_fields else {ids["hello"]})


@pytest.mark.parametrize("has_fields", [True, False])
def test_a_caption_that_names_us_is_followed_where_the_host_shows_it(has_fields: bool) -> None:
    with fake(has_mention_fields=has_fields) as network, access(network) as api:
        ids = play(network)
        ref = ObjectRef(native_id=ids["picture"], fetch_ref="mentioned")
        found = records_of(api, STREAM, look(api, STREAM, [ref]))
        assert [one.key.native_id for one in found[1:]] == ([ids["picture"]] if has_fields else [])
        network.delete(ids["picture"], at=minute(100))
        page = look(api, STREAM, [ref])
        assert (page.gone, page.ends) == (((ids["picture"],), ()) if has_fields else ((), (ids["picture"],)))


def test_what_nobody_knows_how_to_read_is_left_alone(network: Instagram, api: Api) -> None:
    play(network)
    page = look(api, STREAM, [ObjectRef(native_id="1", fetch_ref=None)])
    assert (page.items, page.gone, page.ends) == ((), (), ("1",))
