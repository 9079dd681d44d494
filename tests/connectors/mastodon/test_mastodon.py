"""The Mastodon connector against the running fake, judged by the fake's own account of what happened."""

from scrm.connectors.base import ObjectRef
from scrm.connectors.mastodon import connector
from scrm.records import Audience, InteractionKind, InteractionRecord, ProfileRecord
from scrm.sandbox.cast import person
from tests.connectors.mastodon.reading import liked, our_key, read, recheck
from tests.connectors.mastodon.scenario import change, minute, play
from tests.connectors.replay import read_all

KINDS = {
    InteractionKind.POST: {"post", "hashtag"},
    InteractionKind.REPLY: {"post", "mention", "reply"},
    InteractionKind.MENTION: {"mention"},
    InteractionKind.MESSAGE: {"post", "mention"},
    InteractionKind.QUOTE: {"quote"},
    InteractionKind.REACTION: {"like"},
    InteractionKind.SHARE: {"share"},
    InteractionKind.FOLLOW: {"follow"},
}


def test_a_backfill_equals_the_networks_own_account(network, api):
    play(network)
    reading = read(api)
    truth = {our_key(entry): entry for entry in network.truth()}
    assert set(reading.interactions) == set(truth)
    for native_id, entry in truth.items():
        record = reading.interactions[native_id]
        assert record.author.native_id == entry["author"]
        assert entry["kind"] in KINDS[record.kind]
        assert record.author.native_id in reading.profiles


def test_every_request_of_a_whole_reading_is_one_the_network_knows(network, api):
    uris = play(network)
    reading = read(api)
    change(network, uris)
    recheck(api, reading)
    assert not [one for one in network.requests() if one["status"] != 200 or one.get("invalid")]


def test_every_person_comes_with_a_full_handle_and_verified_links(network, api):
    play(network)
    people = read(api).profiles
    assert {one.handle for one in people.values()} >= {"nordwerk@social.example", "jdoe@fosswork.example"}
    assert all("@" in (one.handle or "") and one.display_name and one.full for one in people.values())
    assert any(link.verified for one in people.values() for link in one.links)


def test_our_reply_belongs_to_the_person_we_answered(network, api):
    uris = play(network)
    found = read(api).interactions
    katharina = "https://social.example/users/kgross"
    for name in ("answer", "callback"):
        assert found[uris[name]].counterpart is not None
        assert found[uris[name]].counterpart.native_id == katharina
    assert found[uris["news"]].counterpart is None


def test_a_thread_gives_its_root_and_replies_that_do_not_name_us(network, api):
    uris = play(network)
    found = read(api).interactions
    assert uris["neighbor"] in found
    for name in ("question", "answer", "aside", "thanks", "neighbor"):
        assert found[uris[name]].thread_key == uris["news"]
        assert found[uris[name]].kind is InteractionKind.REPLY
    assert found[uris["question"]].in_reply_to == uris["news"]
    assert found[uris["aside"]].in_reply_to == uris["answer"]


def test_a_strangers_thread_stays_theirs_but_what_we_answered_is_read(network, api):
    network.post("helene", "Deep in a thread", at=minute(1))
    root = network.post("jane_doe", "Who makes motors?", at=minute(2))
    middle = network.post("helene", "Nordwerk does", at=minute(3), reply_to=root)
    ours = network.post("nordwerk", "We do!", at=minute(4), reply_to=middle)
    other = network.post("katharina", "Others do too", at=minute(5), reply_to=root)
    found = read(api).interactions
    assert set(found) == {middle, ours}
    assert {found[middle].thread_key, found[ours].thread_key} == {root}
    assert other not in found


def test_a_direct_message_is_a_private_message(network, api):
    uris = play(network)
    found = read(api).interactions
    for name in ("private", "callback"):
        assert (found[uris[name]].kind, found[uris[name]].audience) == (InteractionKind.MESSAGE, Audience.PRIVATE)


def test_a_post_for_followers_keeps_its_audience(network, api):
    uri = network.post("katharina", "Between us", at=minute(1), mentions=["nordwerk"], visibility="private")
    assert read(api).interactions[uri].audience is Audience.FOLLOWERS


def test_nothing_new_costs_one_request_per_stream_and_gives_nothing(network, api):
    play(network)
    for stream in connector.streams:
        cursor = read_all(stream, api)[-1].cursor
        api.requests = 0
        page = stream.read(api, cursor)
        assert (page.items, page.has_more, page.cursor, api.requests) == ((), False, cursor, 1)


def test_what_comes_between_two_runs_is_read_without_a_gap(network, api):
    play(network)
    stream = connector.stream("notifications")
    cursor = read_all(stream, api)[-1].cursor
    written = [network.post("helene", f"No. {n}", at=minute(100 + n), mentions=["nordwerk"]) for n in range(200)]
    pages = read_all(stream, api, cursor)
    assert [item["status"]["uri"] for page in pages for item in page.items] == written
    assert len(pages) > 2


def test_a_recheck_finds_edits_deletions_and_what_was_taken_back(network, api):
    uris = play(network)
    reading = read(api)
    change(network, uris)
    records, gone = recheck(api, reading)
    deleted = {our_key(entry) for entry in network.truth() if entry["deleted"]}
    assert gone == deleted == {uris["hello"], our_key({"kind": "like", **liked(network)})}
    edited = [one for one in records if isinstance(one, InteractionRecord) and one.key.native_id == uris["question"]]
    assert [one.edited_at for one in edited] == [minute(60)]
    assert "please" in (edited[0].text or "")


def test_a_recheck_finds_a_changed_profile_behind_a_favourite(network, api):
    play(network)
    reading = read(api)
    network.edit_profile("helene", at=minute(70), display_name="Hélène Lefèvre-Roux")
    records, _ = recheck(api, reading)
    assert "Hélène Lefèvre-Roux" in {one.display_name for one in records if isinstance(one, ProfileRecord)}


def test_a_recheck_finds_late_replies_that_do_not_name_us(network, api):
    uris = play(network)
    reading = read(api)
    late = network.post("helene", "Late but true", at=minute(80), reply_to=uris["neighbor"])
    records, _ = recheck(api, reading)
    assert late in {one.key.native_id for one in records if isinstance(one, InteractionRecord)}


def test_when_a_post_of_ours_is_deleted_its_reactions_are_gone_too(network, api):
    uris = play(network)
    reading = read(api)
    network.delete(uris["news"], at=minute(90))
    _, gone = recheck(api, reading)
    assert {one for one in reading.interactions if one.endswith(uris["news"])} <= gone


def test_a_recheck_asks_for_twenty_statuses_at_once(network, api):
    for number in range(40):
        network.post("nordwerk", f"No. {number}", at=minute(number))
    reading = read(api)
    api.requests = 0
    recheck(api, reading)
    assert api.requests == 2


def test_a_thread_that_is_gone_says_so(network, api):
    uri = network.post("katharina", "Hello?", at=minute(1), mentions=["nordwerk"])
    ref = ObjectRef(native_id=uri, fetch_ref=str(network.truth()[-1]["api_id"]))
    network.delete(uri, at=minute(2))
    page = connector.object_stream("threads").read(api, [ref])
    assert (page.items, page.gone) == ((), (uri,))


def test_the_invented_people_are_those_of_the_cast(network, api):
    play(network)
    assert {one.display_name for one in read(api).profiles.values()} <= {
        person(key).full_name for key in ("nordwerk", "lars", "katharina", "helene", "thomas_mueller_1", "jane_doe")
    }
