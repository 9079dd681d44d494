"""What is read of a page, how often, and what became of it."""

import json
from datetime import timedelta

import pytest

from scrm.connectors.base import ObjectRef
from scrm.connectors.linkedin import connector
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError, UnavailableError, VersionDeadError
from scrm.records import InteractionRecord, ProfileRecord
from scrm.sandbox.cast import person
from tests.connectors.linkedin.reading import Reading, account_of, read, read_lists, recheck, shown
from tests.connectors.linkedin.scenario import change, minute, play
from tests.connectors.test_restli import Counting

DAY = 24 * 3600.0


def new(reading: Reading, before: dict[str, int]) -> set[str]:
    """What was given since."""
    return {name for name, times in reading.times.items() if times > before.get(name, 0)}


def sign_in_again(api, network):
    """An access lives 60 days."""
    api.credentials["access_token"] = network.credentials("nordwerk")["access_token"]


def calls(network, part: str) -> int:
    return sum(part in str(one["path"]) for one in network.requests())


def test_all_that_linkedin_shows_is_read_once(api, network, time):
    urns = play(network)
    reading = read(api)
    kinds = {name: "like" if one.kind == "reaction" else one.kind.value for name, one in reading.interactions.items()}
    assert kinds == shown(network)
    lists_of_words = [name for name, one in reading.interactions.items() if one.kind != "reaction"]
    assert {reading.times[name] for name in lists_of_words} == {1}
    before = dict(reading.times)
    time.advance(DAY)
    read(api, reading)
    assert new(reading, before) == set()
    answer = reading.interactions[urns["answer"]]
    assert (answer.in_reply_to, answer.thread_key) == (urns["question"], urns["news"])
    assert answer.counterpart == reading.interactions[urns["question"]].author
    aside = reading.interactions[urns["aside"]]
    assert (aside.in_reply_to, aside.mentions) == (urns["news"], (account_of(api).key,))
    assert reading.interactions[urns["inside"]].audience == "community"


def test_nobody_has_a_name_that_linkedin_does_not_show(api, network):
    urns = play(network)
    reading = read(api)
    names = {
        what: reading.profiles[reading.interactions[urns[what]].author.native_id].display_name
        for what in ("question", "aside", "closed", "inside")
    }
    assert names == {
        "question": person("katharina").full_name,
        "aside": None,
        "closed": None,
        "inside": person("lars").full_name,
    }
    assert all(profile.email is None for profile in reading.profiles.values())
    hidden = reading.profiles[reading.interactions[urns["closed"]].author.native_id]
    assert hidden.full, "a name that was shown before is taken away"
    assert not any("private" in (one.display_name or "").lower() for one in reading.profiles.values())


def test_a_new_answer_is_found_and_only_what_changed_is_asked_for(api, network, time):
    urns = play(network)
    reading = read(api)
    before, asked = dict(reading.times), calls(network, "/comments")
    time.advance(3600)
    late = network.post("lars", "Me too", at=minute(2001), reply_to=urns["question"])
    liked = network.like("katharina", urns["inside"], at=minute(2002))
    read(api, reading)
    assert new(reading, before) == {late, liked}
    posts = len({name for stream, name in reading.watched if stream == "comments"})
    assert calls(network, "/comments") - asked == posts + 1


def test_once_a_day_answers_are_read_whatever_their_number(api, network, time):
    urns = play(network)
    reading = read(api)
    before = dict(reading.times)
    network.delete(urns["thanks"], at=minute(2001))
    swapped = network.post("lars", "Me too", at=minute(2002), reply_to=urns["question"])
    read(api, reading)
    assert new(reading, before) == set(), "their number is the same"
    time.advance(DAY)
    read(api, reading)
    assert new(reading, before) == {swapped}


def test_many_comments_come_in_parts_from_the_cursor_of_their_post(api, network):
    news = network.post("nordwerk", "News", at=minute(0))
    said = {network.post("lars", f"No. {number}", at=minute(1 + number), reply_to=news) for number in range(45)}
    network.post("katharina", "An answer", at=minute(100), reply_to=min(said))
    stream = connector.object_stream("comments")
    found, cursor = [], None
    for size in (20 + 1, 20, 5):  # what is answered comes first, with the answer
        page = stream.read(api, [ObjectRef(native_id=news, fetch_ref=f"{news} PUBLIC", cursor=cursor)])
        assert len(page.items) == size
        found += [Payload(item).child("comment").text("commentUrn") for item in page.items]
        wish = page.again[news]
        cursor = wish.cursor
        assert (wish.after_seconds == 0) == (len(found) < 46)
    assert len(found) == len(set(found)) == 46
    assert said < set(found)
    calm = stream.read(api, [ObjectRef(native_id=news, fetch_ref=f"{news} PUBLIC", cursor=cursor)])
    assert calm.items == ()


def test_a_quiet_post_is_visited_ever_less_and_then_left(api, network, time):
    news = network.post("nordwerk", "News", at=time.now())
    network.post("lars", "Nice", at=time.now(), reply_to=news)
    reading, waits = read(api), []
    for _ in range(30):
        if ("comments", news) not in reading.watched:
            break
        wait = reading.again["comments", news].after_seconds
        waits.append(wait)
        time.advance(wait)
        sign_in_again(api, network)
        read(api, reading)
    days = [round(wait / DAY, 1) for wait in waits]
    assert days == sorted(days)
    assert set(days) == {0.8, 7.0}
    assert 60 < sum(days) < 75
    assert reading.times[news] == 1


def test_answers_keep_a_post_from_being_quiet(api, network, time):
    news = network.post("nordwerk", "News", at=time.now())
    comment = network.post("lars", "Nice", at=time.now(), reply_to=news)
    reading = read(api)
    time.advance(8 * DAY)
    read(api, reading)
    assert reading.again["comments", news].after_seconds == 7 * DAY
    network.post("katharina", "Indeed", at=time.now(), reply_to=comment)
    read(api, reading)
    assert reading.again["comments", news].after_seconds == 20 * 3600


def test_an_answer_is_not_lost_among_newer_ones_elsewhere(api, network, time):
    """Its number had not changed while newer comments were read: one answer went as it came."""
    news = network.post("nordwerk", "News", at=time.now())
    comment = network.post("lars", "Nice", at=time.now(), reply_to=news)
    first = network.post("katharina", "Indeed", at=time.now(), reply_to=comment)
    reading = read(api)
    time.advance(3600)
    network.delete(first, at=time.now())
    late = network.post("jane_doe", "I think so too", at=time.now(), reply_to=comment)
    time.advance(3600)
    network.post("lars", "And cheap", at=time.now(), reply_to=news)
    read(api, reading)
    assert late not in reading.interactions
    time.advance(DAY)
    read(api, reading)
    assert reading.times[late] == 1


def test_a_post_that_is_gone_takes_its_watch_along(api, network):
    urns = play(network)
    reading = read(api)
    network.delete(urns["quiet"], at=minute(2001))
    read(api, reading)
    assert urns["quiet"] in reading.deleted
    assert ("comments", urns["quiet"]) not in reading.watched


def test_edits_deletions_and_what_was_taken_back_are_noticed(api, network, time):
    urns = play(network)
    reading = read(api)
    change(network, urns)
    network.delete(urns["question"], at=minute(2001))
    time.advance(DAY)
    again, ends = recheck(api, reading)
    gone = {urns[name] for name in ("aside", "tip4", "praise", "quote", "question", "answer", "thanks")}
    gone |= {urns["comment_like"], urns["answer_like"]}
    gone |= {name for name, one in reading.interactions.items() if one.target == urns["tip4"]}
    assert reading.deleted == gone
    assert reading.interactions[urns["tip3"]].text == "Tip of the day: rest"
    assert reading.interactions[urns["tip3"]].edited_at == minute(601)
    assert ends == ()
    assert again.keys() == reading.interactions.keys() - gone


def test_what_is_kept_two_days_is_looked_at_twice(api, network, time):
    urns = play(network)
    reading = read(api)
    stream, name = connector.object_stream("recheck"), urns["question"]
    ref = ObjectRef(native_id=name, fetch_ref=reading.interactions[name].fetch_ref)
    time.advance(20 * 3600)
    wish = stream.read(api, [ref]).again[name]
    assert wish.after_seconds == 20 * 3600
    time.advance(wish.after_seconds)
    last = stream.read(api, [ObjectRef(native_id=name, fetch_ref=ref.fetch_ref, cursor=wish.cursor)])
    assert (last.ends, last.again, len(last.items)) == ((name,), {}, 1)


def test_three_comments_are_compared_in_one_call(api, network):
    news = network.post("nordwerk", "News", at=minute(0))
    said = [network.post("lars", f"No. {number}", at=minute(1 + number), reply_to=news) for number in range(4)]
    reading = read(api)
    network.delete(said[2], at=minute(2001))
    asked = len(network.requests())
    recheck(api, reading, *said)
    assert reading.deleted == {said[2]}
    assert len(network.requests()) - asked == 2  # the list, and the one that is missing there


def test_what_cannot_be_reached_is_said(api, network, time):
    play(network)
    stream = connector.stream("notifications")
    first = stream.read(api, None)
    assert [(gap.since, gap.until) for gap in first.gaps] == [(None, time.now() - timedelta(days=60))]
    cursor = read_lists(api, Reading()).cursors["notifications"]
    time.advance(70 * DAY)
    sign_in_again(api, network)
    late = stream.read(api, cursor)
    assert [gap.until for gap in late.gaps] == [time.now() - timedelta(days=60)]
    assert late.gaps[0].since is not None
    assert stream.read(api, late.cursor).gaps == ()


def test_old_posts_are_read_but_not_visited(api, network, time):
    old = network.post("nordwerk", "Long ago", at=time.now() - timedelta(days=80))
    reading = read_lists(api, Reading())
    assert old in reading.interactions
    assert ("comments", old) not in reading.watched
    comment = network.post("lars", "Found this", at=time.now(), reply_to=old)
    assert comment in read(api, reading).interactions


def test_a_version_that_dies_between_two_calls_is_no_missing_name(api, network):
    play(network)
    network.fail(status=426, times=1, path="/rest/people/(id:{id})")
    with pytest.raises(VersionDeadError):
        read(api)


def test_one_post_that_is_refused_does_not_stand_in_the_way_of_others(api, network):
    urns = play(network)
    refs = [
        ObjectRef(native_id=urns[name], fetch_ref=f"{urns[name]} PUBLIC", cursor=None) for name in ("news", "quiet")
    ]
    path = "/rest/socialActions/{entity}/comments"
    network.fail(status=403, times=1, path=path)
    page = connector.object_stream("comments").read(api, refs)
    assert [Payload(item).child("comment").text("commentUrn") for item in page.items] == [urns["inside"]]
    assert (page.again[urns["news"]].cursor, page.again[urns["news"]].after_seconds) == (None, 20 * 3600)
    network.fail(status=403, times=2, path=path)
    with pytest.raises(UnavailableError):
        connector.object_stream("comments").read(api, refs)


def test_one_refusal_does_not_stop_a_recheck(api, network):
    urns = play(network)
    reading = read(api)
    network.delete(urns["tip4"], at=minute(2001))
    network.fail(status=403, times=1, path="/rest/posts/{post}")
    again, _ = recheck(api, reading, urns["tip3"], urns["tip4"])
    assert (set(again), reading.deleted) == ({urns["tip3"]}, {urns["tip4"]})
    network.fail(status=403, times=1, path="/rest/posts/{post}")
    with pytest.raises(UnavailableError):
        recheck(api, reading, urns["tip3"])


@pytest.mark.parametrize("cursor", ['{"start": "x"}', '{"recent": "a"}', '{"mark": "soon"}', "[]", "{"])
@pytest.mark.parametrize("name", ["comments", "reactions"])
def test_a_broken_cursor_is_an_error_of_ours(api, name, cursor):
    with pytest.raises(PayloadError):
        connector.object_stream(name).read(api, [ObjectRef(native_id="x", fetch_ref="x PUBLIC", cursor=cursor)])


def test_one_broken_item_does_not_stop_its_neighbors(api, network):
    stream, account = connector.stream("posts"), account_of(api)
    broken = {"id": "urn:li:share:1", "author": account.key.native_id, "lastModifiedAt": "yesterday"}
    sound = {"id": "urn:li:share:2", "commentary": "Hi", "createdAt": 1_790_000_000_000, "visibility": "PUBLIC"}
    sound |= {"author": account.key.native_id, "lifecycleState": "PUBLISHED", "lastModifiedAt": 1_790_000_000_000}
    body = {"elements": [broken, sound], "paging": {"start": 0, "count": 25, "links": []}}
    network.fail(status=200, times=1, path="/rest/posts", body=json.dumps(body).encode())
    page = stream.read(api, None)
    first, second = map(Payload, page.items)
    with pytest.raises(PayloadError):
        list(stream.translate(first, account))
    texts = [one.text for one in stream.translate(second, account) if isinstance(one, InteractionRecord)]
    assert texts == ["Hi"]


def test_every_call_is_counted_and_the_way_back_is_reckoned_before(api, network):
    play(network)
    api.meter = meter = Counting()
    asked = len(network.requests())
    forecast = {one.stream: (one.items, one.cost) for one in connector.forecast(api)}
    assert forecast == {"posts": (27, 2), "comments": (None, 25), "reactions": (None, 25)}
    read(api)
    assert meter.reserved == len(network.requests()) - asked


def test_the_page_is_an_organization_with_its_own_name(api):
    account, profile = connector.sign_in(api)
    assert isinstance(profile, ProfileRecord)
    assert (profile.is_organization, profile.display_name) == (True, "Nordwerk Antriebstechnik")
    assert account.handle == profile.handle
    assert api.credentials["member"].startswith("urn:li:person:")


def test_a_reference_that_is_not_ours_is_refused(api):
    for fetch_ref in (None, "", "share 1", "comment 1"):
        with pytest.raises(PayloadError):
            connector.object_stream("recheck").read(api, [ObjectRef(native_id="x", fetch_ref=fetch_ref)])
    with pytest.raises(PayloadError):
        connector.object_stream("comments").read(api, [ObjectRef(native_id="x", fetch_ref="x")])
    with pytest.raises((GoneError, PayloadError)):
        connector.object_stream("reactions").read(api, [ObjectRef(native_id="x", fetch_ref=None)])
