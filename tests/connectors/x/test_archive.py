"""The archive people download of their own account, made of the very posts that the API gives."""

import io
import json
import tarfile
import zipfile
from html import escape
from pathlib import Path
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.payload import Payload
from scrm.connectors.x import connector
from scrm.connectors.x.archive import ARCHIVE
from scrm.errors import InputError, PayloadError
from scrm.records import Audience, InteractionKind, InteractionRecord
from scrm.sandbox.x import X
from tests.connectors.replay import read_all
from tests.connectors.shape import spoiled
from tests.connectors.x.download import files, in_conversations, in_old_words, saved, script
from tests.connectors.x.reading import Reading, read_lists
from tests.connectors.x.scenario import minute, play

SAME = ("kind", "author", "occurred_at", "text", "url", "audience", "language", "in_reply_to", "counterpart")


@pytest.fixture
def exported(network: X, api: Api, tmp_path: Path) -> Path:
    ids = play(network)
    network.edit(ids["news"], "New catalog, second edition: https://nordwerk.example/news", at=minute(15))
    assert api.account is not None
    pages = {name: read_all(connector.stream(name), api) for name in ("posts", "messages")}
    items = {name: [item for page in found for item in page.items] for name, found in pages.items()}
    posts = [in_old_words(item) for item in items["posts"]]
    return saved(tmp_path, files(api.account, posts, in_conversations(items["messages"])))


def archived(file: Path) -> dict[str, InteractionRecord]:
    owner = ARCHIVE.owner(file)
    records = [one for item, _ in ARCHIVE.items(file, None) for one in ARCHIVE.translate(Payload(item), owner)]
    return {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}


def test_the_archive_tells_of_the_same_things_as_the_api_by_the_same_ids(exported: Path, api: Api) -> None:
    assert ARCHIVE.recognizes(exported)
    assert api.account is not None
    assert (ARCHIVE.owner(exported).key, ARCHIVE.owner(exported).handle) == (api.account.key, api.account.handle)
    known = read_lists(api, Reading()).interactions
    found = archived(exported)
    own = {
        native_id
        for native_id, one in known.items()
        if one.author == api.account.key and one.kind is not InteractionKind.SHARE
    }
    messages = {native_id for native_id, one in known.items() if one.kind is InteractionKind.MESSAGE}
    assert found.keys() == own | messages
    for native_id, one in found.items():
        if known[native_id].kind is not InteractionKind.QUOTE:  # of which the archive shows the link alone
            assert [getattr(one, name) for name in SAME] == [getattr(known[native_id], name) for name in SAME]
    edited = next(one for one in found.values() if one.edited_at)
    assert edited.edited_at == known[edited.key.native_id].edited_at
    kinds = {one.kind for one in found.values()}
    assert {InteractionKind.POST, InteractionKind.REPLY, InteractionKind.MESSAGE} <= kinds


def test_messages_are_private(exported: Path) -> None:
    messages = [one for one in archived(exported).values() if one.kind is InteractionKind.MESSAGE]
    assert len(messages) == 12
    assert {one.audience for one in messages} == {Audience.PRIVATE}


def test_an_archive_goes_on_after_any_item(exported: Path) -> None:
    whole = list(ARCHIVE.items(exported, None))
    for place, (_, cursor) in enumerate(whole, start=1):
        assert list(ARCHIVE.items(exported, cursor)) == whole[place:]


def test_a_repost_whose_post_is_not_named_is_left_out(exported: Path) -> None:
    texts = [item["tweet"]["full_text"] for item, _ in ARCHIVE.items(exported, None) if "tweet" in item]
    assert [text for text in texts if text.startswith("RT @")]
    assert not [one for one in archived(exported).values() if (one.text or "").startswith("RT @")]


def test_an_account_that_was_protected_lately_says_nothing_in_public(exported: Path) -> None:
    with zipfile.ZipFile(exported, "a") as made:
        history = [{"protectedHistory": {"protectedAt": "2026-10-01T00:00:00.000Z", "action": "Protect"}}]
        made.writestr("data/protected-history.js", script("protected_history", history))
    assert {one.audience for one in archived(exported).values()} == {Audience.PRIVATE, Audience.FOLLOWERS}


def test_links_and_signs_of_a_post_are_spelled_out(tmp_path: Path, api: Api) -> None:
    assert api.account is not None
    post = in_old_words({"post": {"id": "1", "created_at": "2026-11-18T08:00:00Z", "text": "x"}, "users": []})
    post["tweet"] |= {"full_text": escape("A & B") + " https://short.example/1 https://short.example/2"}
    post["tweet"]["entities"]["urls"] = [{"url": "https://short.example/1", "expanded_url": "https://a.example/long"}]
    post["tweet"]["entities"]["media"] = [{"url": "https://short.example/2", "expanded_url": "https://b.example/pic"}]
    found = archived(saved(tmp_path, files(api.account, [post], [])))
    assert found["1"].text == "A & B https://a.example/long https://b.example/pic"


def test_a_spoiled_item_gives_records_or_a_payload_error_without_personal_values(exported: Path) -> None:
    owner = ARCHIVE.owner(exported)
    items = [item for item, _ in ARCHIVE.items(exported, None)]
    for item in (items[0], items[-1]):
        for _, changed in spoiled(json.loads(json.dumps(item))):
            assert "Geheim" not in _complaint(changed, owner)


def _complaint(item: Any, owner: Account) -> str:
    try:
        list(ARCHIVE.translate(Payload(item), owner))
    except PayloadError as why:
        return str(why)
    return ""


def test_a_conversation_of_any_length_is_read_message_by_message(tmp_path: Path, api: Api) -> None:
    assert api.account is not None
    own = api.account.key.native_id
    entries = [
        {
            "messageCreate": {
                "id": str(number),
                "senderId": own,
                "text": '"conversationId": "x" ' + "y" * 1000,
                "createdAt": "2026-11-18T08:00:00.000Z",
            }
        }
        for number in range(4000)
    ]
    long = [{"dmConversation": {"conversationId": f"{own}-{part}", "messages": entries}} for part in (7, 8)]
    file = saved(
        tmp_path, files(api.account, [], [*long, {"dmConversation": {"conversationId": "9", "messages": []}}])
    )
    found = [item for item, _ in ARCHIVE.items(file, None)]
    assert [one["conversation"] for one in found] == [f"{own}-7"] * 4000 + [f"{own}-8"] * 4000


def test_an_older_archive_and_a_tar_are_read_too(exported: Path, tmp_path: Path) -> None:
    expected = archived(exported)
    with zipfile.ZipFile(exported) as archive, tarfile.open(tmp_path / "old", "w:gz") as made:
        for name in archive.namelist():
            entry = tarfile.TarInfo("twitter-2020/" + name.replace("tweets.js", "tweet.js"))
            entry.size = len(archive.read(name))
            made.addfile(entry, io.BytesIO(archive.read(name)))
    assert ARCHIVE.recognizes(tmp_path / "old")
    assert archived(tmp_path / "old") == expected


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_half_written_file_ends_with_a_message(cut: int, tmp_path: Path, api: Api) -> None:
    assert api.account is not None
    post = in_old_words({"post": {"id": "1", "created_at": "2026-11-18T08:00:00Z", "text": "x"}, "users": []})
    found = files(api.account, [post, post], [])
    file = saved(tmp_path, {**found, "data/tweets-part1.js": found["data/tweets-part1.js"][:-cut]})
    with pytest.raises(InputError, match="ends too early"):
        list(ARCHIVE.items(file, None))


@pytest.mark.parametrize(
    "found",
    [
        {"data/tweets.js": "window.YTD.tweets.part0 = []"},
        {"data/account.js": 'window.YTD.account.part0 = [{"account": {"accountId": "1", "username": "x"}}]'},
        {"data/account.js": "window.YTD.account.part0 = [{}]", "data/tweets.js": "window.YTD.tweets.part0 = []"},
        {"data/account.js": "[]", "data/tweets.js": "[]"},
        {"data/account.js": b"\xff", "data/tweets.js": "[]"},
    ],
)
def test_other_archives_are_not_taken_for_one(found: dict[str, str | bytes], tmp_path: Path) -> None:
    assert not ARCHIVE.recognizes(saved(tmp_path, found))
