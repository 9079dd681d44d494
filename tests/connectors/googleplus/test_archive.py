"""What Takeout saved of Google+, whichever way."""

import json
from pathlib import Path
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.googleplus import connector
from scrm.connectors.googleplus.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.errors import InputError, PayloadError, UnavailableError
from scrm.http import GuardedSession
from scrm.records import Audience, InteractionKind
from tests.connectors.googleplus.takeout import (
    BEA,
    CEM,
    CODE,
    LOG,
    SITE,
    STREAM,
    US,
    comment,
    interactions,
    marked_page,
    page,
    post,
    profiles,
    records,
    saved,
    who,
)
from tests.connectors.shape import spoiled

ENTRY = f"{STREAM}/20140630 - First line.json"
PAGE = f"{STREAM}/20140630 - First line.html"


def test_a_closed_network_cannot_be_signed_in_to() -> None:
    api = Api(network="googleplus", base_url="", session=GuardedSession())
    with pytest.raises(UnavailableError, match="closed"):
        connector.sign_in(api)


def test_a_post_comes_with_everything_that_hangs_on_it(tmp_path: Path) -> None:
    file = saved(tmp_path, {ENTRY: post()})
    assert ARCHIVE.recognizes(file)
    assert ARCHIVE.owner(file).key.native_id == US
    found = interactions(file)
    first = found[CODE]
    assert (first.kind, first.text) == (InteractionKind.POST, "First line\nand a second")
    assert (first.audience, first.thread_key) == (Audience.PUBLIC, CODE)
    assert first.edited_at is not None
    assert first.edited_at > first.occurred_at
    kinds = {(one.kind, one.author.native_id): one for one in found.values()}
    answer = kinds[InteractionKind.REPLY, BEA]
    assert (answer.text, answer.in_reply_to, answer.counterpart) == ("Nice & clear!", CODE, None)
    liked, shared = kinds[InteractionKind.REACTION, CEM], kinds[InteractionKind.SHARE, BEA]
    assert liked.target == shared.target == CODE
    assert liked.occurred_at == shared.occurred_at == first.occurred_at
    assert profiles(file)[CEM].display_name == "Cem <Test> & Co"
    assert profiles(file)[CEM].url == f"{SITE}/{CEM}"
    assert len(found) == 5


@pytest.mark.parametrize("other", [page, marked_page])
def test_pages_and_json_tell_of_the_same_things_by_the_same_ids(other, tmp_path: Path) -> None:
    one = post() if other is page else post(plusOnes=[], reshares=[], updateTime=None)
    (tmp_path / "page").mkdir()
    found = interactions(saved(tmp_path, {ENTRY: one}))
    shown = interactions(saved(tmp_path / "page", {PAGE: other(one)}))
    assert shown == found
    assert len(found) == len(one["comments"]) + len(one["plusOnes"]) + len(one["reshares"]) + 1


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
@pytest.mark.parametrize(
    "folder",
    [
        STREAM,
        "Takeout/Stream in Google+/Beiträge",
        "Takeout/Flux Google+/Posts",
        "Posts",
        "Takeout/Stream in Google+/Beitr\ufffd\ufffdge",
    ],
)
def test_folders_may_be_named_in_any_language(folder: str, kind: str, tmp_path: Path) -> None:
    files = {
        f"{folder}/20140630 - Post.json": post(),
        f"{folder}/20140630 - Post(1).json": post("Second00000", comments=[], plusOnes=[], reshares=[]),
        f"{folder}/photo.jpg": b"\xff\xd8",
        f"{folder}/photo.jpg.metadata.csv": "title,url\n",
        "Takeout/index.html": "<html><body>Archive</body></html>",
    }
    file = saved(tmp_path, files, kind)
    assert ARCHIVE.recognizes(file)
    assert {CODE, "Second00000"} <= interactions(file).keys()
    assert len(interactions(file)) == 6


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
def test_an_archive_goes_on_after_any_item(kind: str, tmp_path: Path) -> None:
    log = {"items": [_log_comment(f"{SITE}/{BEA}/posts/Bea00000000")] * 3}
    files = {ENTRY: post(), f"{STREAM}/two.html": page(post("Second00000")), f"{LOG}/Comments.json": log}
    file = saved(tmp_path, files, kind)
    whole = list(ARCHIVE.items(file, None))
    assert len(whole) == 6 + 6 + 3 - 2
    for place, (_, cursor) in enumerate(whole, start=1):
        assert list(ARCHIVE.items(file, cursor)) == whole[place:]


def _log_comment(address: str, **changed: object) -> dict[str, object]:
    return {
        "timestampMs": "1404179500123",
        "primaryText": "Thanks",
        "visibility": "PUBLIC",
        "commentCreatedItem": {"postPermalink": address},
        **changed,
    }


def test_the_activity_log_puts_our_comments_on_the_timelines_of_those_we_wrote_to(tmp_path: Path) -> None:
    liked = {
        "timestampMs": "1404179600000",
        "visibility": "PUBLIC",
        "postPlusOneAddedItem": {"postPermalink": f"{SITE}/+CemTest/posts/Cem00000000"},
    }
    entries = [_log_comment(f"{SITE}/{BEA}/posts/Bea00000000"), {"timestampMs": "1", "pollVoteAddedItem": {}}]
    file = saved(
        tmp_path,
        {ENTRY: post(), f"{LOG}/Comments.json": {"items": entries}, f"{LOG}/+1s on posts.json": {"items": [liked]}},
    )
    found = interactions(file)
    assert len(found) == 5 + 2
    said = next(one for one in found.values() if one.in_reply_to == "Bea00000000")
    assert (said.author.native_id, said.text, said.audience) == (US, "Thanks", Audience.PUBLIC)
    assert said.counterpart is not None
    assert said.counterpart.native_id == BEA
    gave = next(one for one in found.values() if one.target == "Cem00000000")
    assert (gave.kind, gave.author.native_id) == (InteractionKind.REACTION, US)
    assert gave.counterpart is not None
    assert gave.counterpart.native_id == "+cemtest"


@pytest.mark.parametrize("address", [f"{SITE}/{US}/posts/{CODE}", f"{SITE}/+Nordwerk/posts/{CODE}"])
def test_our_comments_on_our_own_posts_stand_in_both_files_and_are_one(address: str, tmp_path: Path) -> None:
    log = {"items": [_log_comment(address)]}
    file = saved(tmp_path, {f"{LOG}/Comments.json": log, ENTRY: post(url=address)})
    found = [one for one in interactions(file).values() if one.author.native_id == US and one.text == "Thanks"]
    assert [one.counterpart for one in found] == [None]


def test_community_posts_are_for_the_community_unless_they_were_public(tmp_path: Path) -> None:
    folder = "Takeout/Google+ Communities/Gearboxes/Posts"
    community = {"communityAcl": {"community": {"resourceName": "communities/1", "displayName": "Gearboxes"}}}
    inside = post("Inside00000", BEA, postAcl=community, comments=[comment(US, "Yes")], plusOnes=[], reshares=[])
    opened = post("Opened00000", CEM, postAcl={**community, "isPublic": True}, comments=[], plusOnes=[], reshares=[])
    file = saved(tmp_path, {f"{folder}/a.json": inside, f"{folder}/b.json": opened, ENTRY: post()})
    assert ARCHIVE.owner(file).key.native_id == US
    found = interactions(file)
    assert found["Inside00000"].audience is Audience.COMMUNITY
    assert found["Opened00000"].audience is Audience.PUBLIC
    answer = next(one for one in found.values() if one.in_reply_to == "Inside00000")
    assert (answer.audience, answer.author.native_id) == (Audience.COMMUNITY, US)
    inside_it = (found["Inside00000"], found["Opened00000"], answer)
    assert [one.community.native_id if one.community else None for one in inside_it] == ["community:1"] * 3
    assert found[CODE].community is None
    assert answer.counterpart is not None
    assert answer.counterpart.native_id == BEA


@pytest.mark.parametrize(
    ("access", "audience"),
    [
        ({"isPublic": True}, Audience.PUBLIC),
        ({"visibleToStandardAcl": {"circles": [{"type": "CIRCLE_TYPE_YOUR_CIRCLES"}]}}, Audience.FOLLOWERS),
        ({"visibleToStandardAcl": {"users": [{"resourceName": f"users/{BEA}"}]}}, Audience.PRIVATE),
        ({"collectionAcl": {"collection": {}}}, Audience.FOLLOWERS),
        ({"eventAcl": {"event": {}}}, Audience.PRIVATE),
        ({"isDomainRestricted": True}, Audience.COMMUNITY),
        ({}, Audience.PRIVATE),
        (None, Audience.PRIVATE),
    ],
)
def test_what_is_not_said_to_be_public_is_not(access: object, audience: Audience, tmp_path: Path) -> None:
    assert interactions(saved(tmp_path, {ENTRY: post(postAcl=access)}))[CODE].audience is audience


@pytest.mark.parametrize(
    "line", ["Shared with: Ihre Kreise", "Shared with: My public works", "Geteilt mit: alle", ""]
)
def test_a_page_in_words_that_are_not_known_counts_as_private(line: str, tmp_path: Path) -> None:
    file = saved(tmp_path, {PAGE: page(post()).replace("Shared with: Public", line)})
    assert {one.audience for one in interactions(file).values()} == {Audience.PRIVATE}


def test_a_reshared_post_names_whose_it_was(tmp_path: Path) -> None:
    shared = {"url": f"{SITE}/{BEA}/posts/Bea00000000", "author": who(BEA), "content": "Theirs"}
    for content, kind in (("Look", InteractionKind.QUOTE), (None, InteractionKind.SHARE)):
        one = interactions(saved(tmp_path, {ENTRY: post(resharedPost=shared, content=content)}))[CODE]
        assert (one.kind, one.target) == (kind, "Bea00000000")
        assert one.counterpart is not None
        assert one.counterpart.native_id == BEA
    link = f'<a class="reshare-attribution" href="{SITE}/{BEA}/posts/Bea00000000">Originally shared by Bea Öz</a>'
    text = page(post()).replace('<div class="visibility">', link + '<div class="visibility">')
    (tmp_path / "page").mkdir()
    file = saved(tmp_path / "page", {PAGE: text})
    assert interactions(file)[CODE].target == "Bea00000000"
    assert profiles(file)[BEA].display_name == "Bea Öz"


def test_people_without_a_number_are_known_by_their_address(tmp_path: Path) -> None:
    address = f"{SITE}/+El%C5%BCbieta"
    author = {"displayName": "Elżbieta", "profilePageUrl": address}
    file = saved(tmp_path, {PAGE: page(post(comments=[comment(BEA, "Hm") | {"author": author}]))})
    found = profiles(file)["+elżbieta"]
    assert (found.handle, found.url) == ("Elżbieta", address)
    nameless = post(comments=[comment(BEA, "Who?") | {"author": {"displayName": "Gone"}}])
    items = [item for item, _ in ARCHIVE.items(saved(tmp_path, {ENTRY: nameless}), None)]
    with pytest.raises(PayloadError, match="address"):
        list(ARCHIVE.translate(Payload(items[1]), ARCHIVE.owner(saved(tmp_path, {ENTRY: nameless}))))


def test_people_named_in_a_text_stay_names_and_we_notice_when_it_is_us(tmp_path: Path) -> None:
    tag = f'<span><span>+</span><a class="proflink bidi" href="{SITE}/{US}" oid="{US}">Nordwerk</a></span>, look'
    for made in ({ENTRY: post(comments=[comment(BEA, tag)])}, {PAGE: page(post(comments=[comment(BEA, tag)]))}):
        said = next(one for one in interactions(saved(tmp_path, made)).values() if one.in_reply_to)
        assert said.text == "+Nordwerk, look"
        assert [one.native_id for one in said.mentions] == [US]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"author": NaN}', b'{"a": 1, "a": 2}'])
def test_a_file_that_cannot_be_read_costs_itself_only(body: bytes, tmp_path: Path) -> None:
    file = saved(tmp_path, {f"{STREAM}/bad.json": body, ENTRY: post(), f"{STREAM}/zz.html": b"\xff<html>"})
    items = [item for item, _ in ARCHIVE.items(file, None)]
    assert items.count({}) == 2
    assert len(items) == 6 + 2 - 1
    with pytest.raises(PayloadError):
        list(ARCHIVE.translate(Payload({}), ARCHIVE.owner(file)))


def test_other_files_of_google_give_nothing(tmp_path: Path) -> None:
    files = {
        ENTRY: post(),
        "Takeout/Google+ Stream/Photos/photo.jpg.json": {"title": "photo.jpg", "creationTime": {"timestamp": "1"}},
        "Takeout/Location History/Records.json": {"locations": []},
        "Takeout/Google+ Stream/Events/event.html": "<html><body><div class='event'>Party</div></body></html>",
    }
    assert len(interactions(saved(tmp_path, files))) == 5
    assert len(list(ARCHIVE.items(saved(tmp_path, files), None))) == 5


def test_a_spoiled_item_gives_records_or_a_payload_error_without_personal_values(tmp_path: Path) -> None:
    file = saved(
        tmp_path, {ENTRY: post(), f"{LOG}/Comments.json": {"items": [_log_comment(f"{SITE}/{BEA}/posts/B")]}}
    )
    owner = ARCHIVE.owner(file)
    for item, _ in ARCHIVE.items(file, None):
        for path, changed in spoiled(json.loads(json.dumps(item))):
            complaint = _complaint(changed, owner)
            assert not [one for one in ("Geheim", "Bea", "Nice", SITE) if one in complaint], path


def _complaint(item: Any, owner: Account) -> str:
    try:
        list(ARCHIVE.translate(Payload(item), owner))
    except PayloadError as why:
        return str(why)
    return ""


def test_communities_alone_do_not_tell_whose_archive_it_is(tmp_path: Path) -> None:
    folder = "Takeout/Google+ Communities/Gearboxes/Posts"
    file = saved(tmp_path, {f"{folder}/a.json": post("A", BEA), f"{folder}/b.json": post("B", CEM)})
    assert ARCHIVE.recognizes(file)
    with pytest.raises(InputError, match="whose"):
        ARCHIVE.owner(file)


@pytest.mark.parametrize(
    "files",
    [
        {"x.txt": "hello"},
        {"actor.json": {"type": "Person"}, "outbox.json": {"orderedItems": []}},
        {f"{STREAM}/x.json": {"url": "https://other.example/1", "creationTime": "x", "author": {}}},
        {f"{STREAM}/x.html": "<html><body>nothing</body></html>"},
        {f"{STREAM}/x.json": b"{"},
    ],
)
def test_other_archives_are_not_taken_for_one(files: dict[str, object], tmp_path: Path) -> None:
    file = saved(tmp_path, files)
    assert not ARCHIVE.recognizes(file)
    with pytest.raises(InputError):
        ARCHIVE.owner(file)


def test_a_profile_comes_before_what_it_did(tmp_path: Path) -> None:
    file = saved(
        tmp_path, {ENTRY: post(), f"{LOG}/Comments.json": {"items": [_log_comment(f"{SITE}/{BEA}/posts/B")]}}
    )
    seen = set()
    for record in records(file):
        if hasattr(record, "author"):
            assert record.author in seen
            assert record.counterpart is None or record.counterpart in seen
        else:
            seen.add(record.key)
