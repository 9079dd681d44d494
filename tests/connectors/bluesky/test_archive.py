"""The repository export: the same keys as through the API, and hostile files cost an InputError and nothing else."""

import hashlib
import random
import tracemalloc
from pathlib import Path
from typing import Any

import libipld
import pytest

from scrm.connectors.base import Api
from scrm.connectors.bluesky import archive
from scrm.connectors.bluesky.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.errors import InputError
from scrm.records import ProfileRecord
from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.cast import person
from tests.connectors.bluesky.reading import account_of, archived, exported, read
from tests.connectors.bluesky.scenario import minute, play

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
POST = "app.bsky.feed.post/3k"


def cid_of(block: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def encoded(value: Any) -> bytes:
    return bytes(libipld.encode_dag_cbor(value))


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def section(block: bytes) -> bytes:
    return varint(len(block) + 36) + cid_of(block) + block


def node(entries: list[dict[str, Any]], left: bytes | None = None) -> bytes:
    return encoded({"l": left, "e": entries})


def entry(key: str, value: bytes, *, shared: int = 0, right: bytes | None = None) -> dict[str, Any]:
    return {"p": shared, "k": key.encode(), "v": value, "t": right}


def commit(data: bytes, did: str = DID) -> bytes:
    return encoded(
        {"did": did, "version": 3, "data": data, "rev": "3kaaaaaaaaa2a", "prev": None, "sig": b"\x07" * 64}
    )


def car(root: bytes, *blocks: bytes) -> bytes:
    header = encoded({"version": 1, "roots": [cid_of(root)]})
    return headed(header) + b"".join(section(block) for block in (root, *blocks))


def headed(header: bytes) -> bytes:
    return varint(len(header)) + header


def post(text: str) -> bytes:
    return encoded({"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-10-01T08:00:00Z"})


def small(*records: bytes) -> bytes:
    """A repository of posts 3k0, 3k1, …"""
    tree = node([entry(f"{POST}{number}", cid_of(record)) for number, record in enumerate(records)])
    return car(commit(cid_of(tree)), tree, *records)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "download"


def uris(file: Path) -> list[str]:
    return [str(item["uri"]) for item, _ in ARCHIVE.items(file, None)]


def test_the_archive_and_the_api_give_the_same_records(network: Bluesky, api: Api, tmp_path: Path) -> None:
    play(network)
    own = {uri: one for uri, one in read(api).interactions.items() if one.author == account_of(api).key}
    found = archived(exported(network, tmp_path))
    assert found.keys() == own.keys()
    for uri, record in found.items():
        same = ("kind", "author", "text", "url", "language", "thread_key", "in_reply_to", "target", "counterpart")
        assert [getattr(record, name) for name in same] == [getattr(own[uri], name) for name in same]


def test_the_owners_own_profile_is_in_it_in_a_short_form(network: Bluesky, tmp_path: Path) -> None:
    file = exported(network, tmp_path)
    owner = ARCHIVE.owner(file)
    records = [one for item, _ in ARCHIVE.items(file, None) for one in ARCHIVE.translate(Payload(item), owner)]
    assert [(one.display_name, one.full) for one in records if isinstance(one, ProfileRecord)] == [
        (person("nordwerk").full_name, False)
    ]


def test_an_import_can_resume_after_any_item(network: Bluesky, tmp_path: Path) -> None:
    play(network)
    file = exported(network, tmp_path)
    whole = list(ARCHIVE.items(file, None))
    assert len(whole) > 5
    for done, (_, cursor) in enumerate(whole, 1):
        assert list(ARCHIVE.items(file, cursor)) == whole[done:]


def test_equal_records_under_two_keys_are_both_read_and_resumed(file: Path) -> None:
    tree = node([entry(f"{POST}0", cid_of(post("twice"))), entry(f"{POST}1", cid_of(post("twice")))])
    file.write_bytes(car(commit(cid_of(tree)), tree, post("twice")))
    whole = list(ARCHIVE.items(file, None))
    assert [item["uri"] for item, _ in whole] == [f"at://{DID}/{POST}0", f"at://{DID}/{POST}1"]
    assert list(ARCHIVE.items(file, whole[0][1])) == whole  # rather one again than one too few
    assert list(ARCHIVE.items(file, whole[1][1])) == []


def test_blocks_may_stand_in_any_order_and_keys_share_their_beginnings(file: Path) -> None:
    right = node([entry(f"{POST}2", cid_of(post("c")))])
    left = node([entry(f"{POST}0", cid_of(post("a")))])
    middle = entry(f"{POST}1", cid_of(post("b")), right=cid_of(right))
    other = entry("3", cid_of(post("d")), shared=len(POST))
    like = entry("app.bsky.feed.like/3k9", cid_of(post("not read")))
    tree = node([like, middle, other], left=cid_of(left))
    blocks = [left, right, tree, *[post(text) for text in "abcd"]]
    for seed in range(5):
        random.Random(seed).shuffle(blocks)
        root = commit(cid_of(tree))
        data = car(root, *blocks)
        file.write_bytes(data)
        assert sorted(uris(file)) == [f"at://{DID}/{POST}{number}" for number in range(4)]


def test_what_the_tree_no_longer_names_is_not_read(file: Path) -> None:
    old = node([entry(f"{POST}9", cid_of(post("deleted")))])
    tree = node([entry(f"{POST}0", cid_of(post("kept")))])
    file.write_bytes(car(commit(cid_of(tree)), old, tree, post("deleted"), post("kept")))
    assert uris(file) == [f"at://{DID}/{POST}0"]


def test_links_and_bytes_become_json_and_odd_records_are_left_to_quarantine(file: Path) -> None:
    odd = [encoded([1, 2]), encoded("text"), encoded({"link": cid_of(b"x"), "bytes": b"abc"}), encoded({"a": [1.5]})]
    file.write_bytes(small(*odd))
    records = [item["record"] for item, _ in ARCHIVE.items(file, None)]
    assert records[:2] == [[1, 2], "text"]
    assert records[2]["bytes"] == {"$bytes": "YWJj"}
    assert records[2]["link"]["$link"].startswith("bafyrei")


def test_nesting_that_nobody_needs_is_cut_off(file: Path) -> None:
    deep: Any = "bottom"
    for _ in range(200):
        deep = [deep]
    file.write_bytes(small(encoded({"text": "deep", "more": deep})))
    (item, _) = next(iter(ARCHIVE.items(file, None)))
    assert "bottom" not in str(item)


def damaged() -> dict[str, bytes]:
    good = small(post("a"), post("b"))
    header = encoded({"version": 1, "roots": [cid_of(b"")]})
    tree = node([entry(f"{POST}0", cid_of(post("a")))])
    odd_key = encoded({"l": None, "e": [{"p": "x", "k": b"a", "v": cid_of(b"a")}]})
    odd_entry = encoded({"l": None, "e": [7]})
    not_ascii = node([entry("app.bsky.feed.post/ü", cid_of(post("a")))])
    deep = b"\x81" * 100_000 + b"\x00"
    alike = node([entry(f"{POST}{number}", cid_of(post("a"))) for number in range(11)])
    return {
        "empty": b"",
        "text": b"hello",
        "zip": b"PK\x03\x04" + b"\x00" * 100,
        "truncated": good[:-7],
        "cut in a length": good + b"\x80",
        "flipped bit": good[:-3] + bytes([good[-3] ^ 1]) + good[-2:],
        "endless length": b"\xff" * 20,
        "huge length": varint(1 << 60) + b"abc",
        "huge block": car(commit(cid_of(tree))) + varint(1 << 40) + b"abc",
        "no root": headed(header),
        "two roots": headed(encoded({"version": 1, "roots": [cid_of(b""), cid_of(b"")]})),
        "version 2": headed(encoded({"version": 2, "roots": [cid_of(b"")]})),
        "header no map": headed(encoded([1])),
        "root no commit": car(encoded({"hello": "world"})),
        "root without data": car(encoded({"did": DID, "data": 7})),
        "tree missing": car(commit(cid_of(tree)), post("a")),
        "record missing": car(commit(cid_of(tree)), tree),
        "odd key": car(commit(cid_of(odd_key)), odd_key),
        "odd entry": car(commit(cid_of(odd_entry)), odd_entry),
        "key not ascii": car(commit(cid_of(not_ascii)), not_ascii, post("a")),
        "bottomless block": car(commit(cid_of(deep)), deep),
        "one record under many keys": car(commit(cid_of(alike)), alike, post("a")),
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_or_hostile_file_costs_an_input_error(name: str, file: Path) -> None:
    file.write_bytes(damaged()[name])
    with pytest.raises(InputError):
        list(ARCHIVE.items(file, None))
    assert ARCHIVE.recognizes(file) in {True, False}


def test_a_tree_that_bites_its_own_tail_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes forbid a circle, so the one here is a tree that names the same node many times."""
    leaf = node([entry(f"{POST}0", cid_of(post("a")))])
    tree = leaf
    blocks = [leaf]
    for number in range(60):  # 2 to the power of 60 ways lead to the leaf
        tree = node([entry(f"x{number}", cid_of(b"x"), right=cid_of(tree))], left=cid_of(tree))
        blocks.append(tree)
    file.write_bytes(car(commit(cid_of(tree)), *blocks, post("a")))
    assert uris(file) == [f"at://{DID}/{POST}0"]
    monkeypatch.setattr(archive, "MOST_RECORDS", 0)
    with pytest.raises(InputError, match="more records"):
        uris(file)


def test_every_truncation_is_noticed(file: Path) -> None:
    good = small(post("a"), post("b"))
    for length in range(len(good)):
        file.write_bytes(good[:length])
        with pytest.raises(InputError):
            uris(file)


def test_random_damage_is_noticed_or_harmless(file: Path) -> None:
    good = small(post("a"), post("b"))
    for seed in range(300):
        die = random.Random(seed)
        data = bytearray(good)
        data[die.randrange(len(data))] ^= 1 << die.randrange(8)
        file.write_bytes(bytes(data))
        try:
            assert len(uris(file)) == 2
        except InputError:
            continue


def test_only_a_repository_is_recognized(network: Bluesky, tmp_path: Path) -> None:
    file = exported(network, tmp_path)
    assert ARCHIVE.recognizes(file)
    assert ARCHIVE.owner(file).key.native_id.startswith("did:plc:")
    assert not ARCHIVE.recognizes(tmp_path)
    assert not ARCHIVE.recognizes(tmp_path / "missing")


def test_memory_holds_the_tree_and_not_the_records(file: Path) -> None:
    records = [post("x" * 100_000 + str(number)) for number in range(200)]
    file.write_bytes(small(*records))
    del records
    tracemalloc.start()
    try:
        assert sum(1 for _ in ARCHIVE.items(file, None)) == 200
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000  # of a file of 20 MB


def test_a_post_of_the_archive_keeps_its_own_time(network: Bluesky, tmp_path: Path) -> None:
    uri = network.post("nordwerk", "Hello", at=minute(5))
    assert archived(exported(network, tmp_path))[uri].occurred_at == minute(5)
