"""What is read of an Instagram account, compared with what happened there."""

from datetime import timedelta

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.instagram import connector
from scrm.connectors.payload import Payload
from scrm.errors import AccessRevokedError, PayloadError, RetryLaterError, UnavailableError, VersionDeadError
from scrm.records import Audience, InteractionKind
from scrm.sandbox.cast import person
from scrm.sandbox.instagram import Instagram, error_body
from tests.connectors.instagram.reading import Clock, access, account_of, read, records_of, shown
from tests.connectors.instagram.scenario import WRITERS, author, minute, play
from tests.connectors.replay import read_all

BASIC, COMMENTS = "instagram_business_basic", "instagram_business_manage_comments"
MESSAGES = "instagram_business_manage_messages"
KINDS = {"post": "post", "reply": "reply", "mention": "mention", "message": "message"}


def test_everything_that_lists_tell_of_is_read_once_as_it_happened(network: Instagram, api: Api) -> None:
    play(network)
    reading, truth = read(api), shown(network)
    assert reading.interactions.keys() == truth.keys()
    for native_id, one in reading.interactions.items():
        said = truth[native_id]
        assert one.kind == KINDS[str(said["kind"])]
        assert one.occurred_at.strftime("%Y-%m-%dT%H:%M:%S+0000") == said["at"]
        known_by = f"@{said['handle']}" if one.kind is InteractionKind.MENTION else said["author"]
        assert one.author.native_id == known_by
        assert one.key.scope == one.author.scope == account_of(api).key.native_id
        assert one.in_reply_to == said["object"]


def test_nothing_is_read_twice(network: Instagram, api: Api) -> None:
    play(network)
    for stream in connector.streams:
        items = [str(item) for page in read_all(stream, api) for item in page.items]
        assert len(items) == len(set(items)) > 5


def test_only_what_is_new_is_read_afterwards(network: Instagram, api: Api) -> None:
    play(network)
    for stream, act in (
        ("media", lambda: network.post("nordwerk", "Fresh", at=minute(500))),
        ("tags", lambda: network.tag("uwe", "At the fair", at=minute(501), mentions=["nordwerk"])),
    ):
        cursor = read_all(connector.stream(stream), api)[-1].cursor
        assert [page.items for page in read_all(connector.stream(stream), api, cursor)] == [()]
        native_id = act()
        pages = read_all(connector.stream(stream), api, cursor)
        assert [item["media"]["id"] for page in pages for item in page.items] == [native_id]


def test_a_list_goes_on_where_it_was_when_its_newest_post_is_deleted(network: Instagram, api: Api) -> None:
    ids = play(network)
    cursor = read_all(connector.stream("media"), api)[-1].cursor
    network.delete(ids["tip25"], at=minute(400))
    page = connector.stream("media").read(api, cursor)
    assert (page.items, page.has_more) == ((), False)


def test_our_answer_names_the_person_answered(network: Instagram, api: Api) -> None:
    ids = play(network)
    reading = read(api)
    for name, answered in (("answer", "question"), ("callback", "letter0")):
        counterpart = reading.interactions[ids[name]].counterpart
        assert counterpart is not None
        assert counterpart.native_id == author(network, ids[answered])
    assert reading.interactions[ids["own"]].counterpart is None


def test_messages_are_private_and_keep_to_the_person(network: Instagram, api: Api) -> None:
    ids = play(network)
    reading = read(api)
    letter, callback = reading.interactions[ids["letter0"]], reading.interactions[ids["callback"]]
    assert letter.audience is callback.audience is Audience.PRIVATE
    assert letter.thread_key == callback.thread_key
    assert callback.in_reply_to == letter.key.native_id
    assert reading.interactions[ids["odd"]].text is None
    others = [one for one in reading.interactions.values() if one.kind is not InteractionKind.MESSAGE]
    assert {one.audience for one in others} == {Audience.PUBLIC}


def test_a_message_opens_the_name_of_its_writer_and_nobody_else_has_one(network: Instagram, api: Api) -> None:
    play(network)
    reading = read(api)
    named = {one.handle for one in reading.profiles.values() if one.display_name}
    writers = {str(one["handle"]) for one in network.truth() if one["person"] in WRITERS and one["kind"] == "message"}
    assert named == writers
    assert all(one.full for one in reading.profiles.values() if one.display_name)
    stream = connector.object_stream("people")
    stranger = next(str(one["author"]) for one in network.truth() if one["person"] == "steffi")
    network.block("klaus", "nordwerk", at=minute(600))
    klaus = next(str(one["author"]) for one in network.truth() if one["person"] == "klaus")
    found = stream.read(api, [ObjectRef(native_id=one, fetch_ref=None) for one in (stranger, klaus)])
    assert set(found.ends) == {stranger, klaus}
    assert [one.key.native_id for one in records_of(api, stream, found)] == [stranger]


def test_asking_for_somebody_who_never_wrote_is_no_error_and_gives_nobody(network: Instagram, api: Api) -> None:
    post = network.post("nordwerk", "Hello", at=minute(1))
    network.post("femke", "Hi", at=minute(2), reply_to=post)
    femke = next(str(one["author"]) for one in network.truth() if one["person"] == "femke")
    page = connector.object_stream("people").read(api, [ObjectRef(native_id=femke, fetch_ref=None)])
    assert (page.items, page.gone, page.ends) == ((), (), (femke,))


def test_what_lies_beyond_the_twenty_newest_messages_is_named_as_a_gap(network: Instagram, api: Api) -> None:
    sent = [network.message("uwe", f"Letter {number}", at=minute(number)) for number in range(25)]
    network.message("helene", "Only one", at=minute(30))
    (page,) = read_all(connector.stream("conversations"), api)
    assert [(gap.since, gap.until) for gap in page.gaps] == [(None, minute(5))]
    assert len(page.items) == 21
    assert sent[4] not in str(page.items)


def test_an_author_that_is_not_shown_stays_a_name_alone(network: Instagram) -> None:
    post = network.post("nordwerk", "Hello", at=minute(1))
    network.post("femke", "Hi", at=minute(2), reply_to=post)
    with access(network, BASIC) as api:
        reading = read_one(api, post)
    assert [one.author.native_id for one in reading if one.kind is InteractionKind.REPLY] == ["@femke_harms"]


def read_one(api: Api, post: str):
    stream = connector.object_stream("comments")
    page = stream.read(api, [ObjectRef(native_id=post, fetch_ref=minute(1).isoformat())])
    return [one for one in records_of(api, stream, page) if hasattr(one, "kind")]


def test_a_right_that_is_missing_stops_only_the_list_that_needs_it(network: Instagram) -> None:
    play(network)
    with access(network, BASIC, COMMENTS) as api:
        read_all(connector.stream("media"), api)
        with pytest.raises(UnavailableError):
            connector.stream("conversations").read(api, None)


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467])
def test_a_dead_access_is_recognized_by_its_code(network: Instagram, api: Api, subcode: int) -> None:
    network.fail(status=400, times=1, body=error_body(190, subcode))
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_too_many_calls_wait_as_long_as_told(clock: Clock) -> None:
    with Instagram(clock=clock, calls_per_day=3, is_pushing=False) as network:
        network.add_account(person("nordwerk"), at=minute(0))
        with access(network) as api:
            media = connector.stream("media")
            media.read(api, None)
            assert (api.remaining, api.resets_at) == (34, clock.now + timedelta(minutes=15))
            media.read(api, None)
            assert api.remaining == 0
            with pytest.raises(RetryLaterError) as why:
                media.read(api, None)
            assert (why.value.throttled, why.value.retry_after) == (True, 3600)


def test_a_version_whose_time_is_over_is_noticed(network: Instagram, api: Api) -> None:
    api.app = {**api.app, "version": "v20.0"}
    with pytest.raises(VersionDeadError):
        connector.sign_in(api)


def test_a_creator_is_no_organization_and_an_account_without_its_id_none_of_ours(api: Api) -> None:
    from scrm.connectors.instagram.translation import own_profile

    me = {"user_id": "1", "username": "x", "account_type": "MEDIA_CREATOR"}
    assert not own_profile(Payload(me)).is_organization
    with pytest.raises(PayloadError):
        own_profile(Payload({"username": "x"}))
