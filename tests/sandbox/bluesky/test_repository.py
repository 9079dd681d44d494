"""The known roots are those which the protocol's implementations share (read 2026-11-23)."""

import hashlib
from datetime import timedelta
from typing import Any

import libipld
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.ids import cid_of, cid_text, encode
from scrm.sandbox.bluesky.repository import SECP256K1_ORDER, build_tree, key_depth
from tests.sandbox.bluesky.calling import START, Caller, did_of

VALUE = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"


def root(*rkeys: str) -> str:
    value = b"\x01\x71\x12\x20" + libipld.decode_cid(VALUE)["hash"]["digest"]
    leaves = sorted((f"com.example.record/{rkey}".encode(), value) for rkey in rkeys)
    return cid_text(build_tree(leaves, {}))


@pytest.mark.parametrize(
    ("rkeys", "expected"),
    [
        ("", "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm"),
        ("3jqfcqzm3fo2j", "bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu"),
        ("3jqfcqzm3fx2j", "bafyreih7wfei65pxzhauoibu3ls7jgmkju4bspy4t2ha2qdjnzqvoy33ai"),
        (
            "3jqfcqzm3fp2j 3jqfcqzm3fr2j 3jqfcqzm3fs2j 3jqfcqzm3ft2j 3jqfcqzm4fc2j",
            "bafyreicmahysq4n6wfuxo522m6dpiy7z7qzym3dzs756t5n7nfdgccwq7m",
        ),
        # two layers above the others: an empty node stands between
        (
            "3jqfcqzm3ft2j 3jqfcqzm3fz2j 3jqfcqzm3fx2j",
            "bafyreiavxaxdz7o7rbvr3zg2liox2yww46t7g6hkehx4i4h3lwudly7dhy",
        ),
        (
            "3jqfcqzm3ft2j 3jqfcqzm3fz2j 3jqfcqzm3fx2j 3jqfcqzm4fd2j",
            "bafyreig4jv3vuajbsybhyvb7gggvpwh2zszwfyttjrj6qwvcsp24h6popu",
        ),
        (
            (
                "3jqfcqzm3fo2j 3jqfcqzm3fp2j 3jqfcqzm3fr2j 3jqfcqzm3fs2j 3jqfcqzm3ft2j "
                "3jqfcqzm3fz2j "
                "3jqfcqzm4fc2j 3jqfcqzm4fd2j 3jqfcqzm4ff2j 3jqfcqzm4fg2j 3jqfcqzm4fh2j"
            ),
            "bafyreiettyludka6fpgp33stwxfuwhkzlur6chs4d2v4nkmq2j3ogpdjem",
        ),
    ],
)
def test_a_tree_has_the_root_all_implementations_agree_on(rkeys: str, expected: str) -> None:
    assert root(*rkeys.split()) == expected


def test_the_layer_of_a_key_follows_from_its_hash() -> None:
    assert key_depth(b"com.example.record/3jqfcqzm3fo2j") == 0
    assert key_depth(b"com.example.record/3jqfcqzm3fs2j") == 1
    assert key_depth(b"com.example.record/3jqfcqzm3fx2j") == 2


def walk(blocks: dict[bytes, Any], node_cid: bytes | None) -> list[tuple[str, bytes]]:
    """Read a tree as a stranger would, checking the order on the way."""
    if node_cid is None:
        return []
    node = blocks[node_cid]
    found = walk(blocks, node["l"])
    previous = b""
    for entry in node["e"]:
        previous = previous[: entry["p"]] + entry["k"]
        found.append((previous.decode(), entry["v"]))
        found += walk(blocks, entry["t"])
    return found


def read_car(car: bytes) -> tuple[bytes, dict[bytes, Any]]:
    header, blocks = libipld.decode_car(car)
    return header["roots"][0], blocks


def busy(network: Bluesky) -> None:
    post = network.post("firm", "Erster 🎉", at=START)
    for number in range(60):
        at = START + timedelta(minutes=number)
        reply = network.post("anna", f"Antwort {number}", at=at, reply_to=post)
        network.like("bilal", reply, at=at)
        if number % 5 == 0:
            network.delete(reply, at=at)
    network.like("anna", post, at=START)
    network.share("anna", post, at=START)
    network.follow("anna", "firm", at=START)


def test_the_archive_holds_exactly_the_records_that_are_listed(network: Bluesky, anybody: Caller) -> None:
    busy(network)
    did = did_of(network, "anna")
    commit_cid, blocks = read_car(network.export_archive("anna"))
    in_car = {path: (cid_text(cid), blocks[cid]) for path, cid in walk(blocks, blocks[commit_cid]["data"])}
    listed = {}
    for collection in anybody.ok("com.atproto.repo.describeRepo", repo=did)["collections"]:
        for record in anybody.all(
            "com.atproto.repo.listRecords", "records", repo=did, collection=collection, limit=7
        ):
            listed[record["uri"].removeprefix(f"at://{did}/")] = (record["cid"], record["value"])
    assert len(listed) == 1 + 48 + 1 + 1 + 1
    assert in_car == listed
    assert [path for path, _ in walk(blocks, blocks[commit_cid]["data"])] == sorted(in_car)


def test_every_block_of_the_archive_is_named_by_its_hash(network: Bluesky, anybody: Caller) -> None:
    busy(network)
    answer = anybody.get("com.atproto.sync.getRepo", did=did_of(network, "anna"))
    assert answer.headers["Content-Type"] == "application/vnd.ipld.car"
    commit_cid, blocks = read_car(answer.content)
    reachable = {commit_cid}
    for cid, value in blocks.items():
        assert cid == b"\x01\x71\x12\x20" + hashlib.sha256(encode(value)).digest()
        if isinstance(value.get("e"), list):
            reachable |= {entry["v"] for entry in value["e"]} | {entry["t"] for entry in value["e"]}
            reachable.add(value["l"])
    reachable.add(blocks[commit_cid]["data"])
    assert set(blocks) == reachable - {None}


def test_the_commit_is_signed_with_the_key_of_the_did_document(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    head = anybody.ok("com.atproto.sync.getLatestCommit", did=did)
    commit_cid, blocks = read_car(network.export_archive("anna"))
    commit = dict(blocks[commit_cid])
    assert (cid_text(commit_cid), commit["rev"]) == (head["cid"], head["rev"])
    assert (commit["did"], commit["version"], commit["prev"]) == (did, 3, None)
    signature = commit.pop("sig")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert s <= SECP256K1_ORDER // 2
    document = anybody.ok("com.atproto.repo.describeRepo", repo=did)["didDoc"]
    multikey = document["verificationMethod"][0]["publicKeyMultibase"]
    point = libipld.decode_multibase(multikey)[1]
    assert point[:2] == b"\xe7\x01"
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), point[2:])
    key.verify(encode_dss_signature(r, s), encode(commit), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(encode_dss_signature(r, s), encode({**commit, "rev": "2"}), ec.ECDSA(hashes.SHA256()))


def test_every_write_gives_a_greater_revision_and_another_commit(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    heads = [anybody.ok("com.atproto.sync.getLatestCommit", did=did)]
    post = network.post("anna", "Eins", at=START)
    heads.append(anybody.ok("com.atproto.sync.getLatestCommit", did=did))
    network.delete(post, at=START - timedelta(days=1))
    heads.append(anybody.ok("com.atproto.sync.getLatestCommit", did=did))
    assert heads[0]["rev"] < heads[1]["rev"] < heads[2]["rev"]
    assert len({head["cid"] for head in heads}) == 3
    assert anybody.ok("com.atproto.sync.getLatestCommit", did=did) == heads[2]


def test_an_archive_since_a_revision_leaves_out_older_records(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    old = network.post("anna", "Alt", at=START)
    rev = anybody.ok("com.atproto.sync.getLatestCommit", did=did)["rev"]
    new = network.post("anna", "Neu", at=START + timedelta(hours=1))
    answer = anybody.get("com.atproto.sync.getRepo", did=did, since=rev)
    _, blocks = read_car(answer.content)
    texts = {value.get("text") for value in blocks.values()}
    assert "Neu" in texts
    assert "Alt" not in texts
    assert old != new


def test_the_cid_of_a_record_is_computed_from_what_it_says(network: Bluesky, anybody: Caller) -> None:
    did = did_of(network, "anna")
    post = network.post("anna", "Grüße aus 東京 🎌", at=START)
    rkey = post.rsplit("/", 1)[1]
    where = {"repo": did, "collection": "app.bsky.feed.post", "rkey": rkey}
    before = anybody.ok("com.atproto.repo.getRecord", **where)
    assert before["cid"] == cid_text(cid_of(encode(before["value"])))
    network.edit(post, "Grüße aus 京都 🎌", at=START + timedelta(hours=1))
    after = anybody.ok("com.atproto.repo.getRecord", **where, cid="")
    assert after["cid"] != before["cid"]
    assert anybody.error("com.atproto.repo.getRecord", **where, cid=before["cid"])[:2] == (
        400,
        "RecordNotFound",
    )


def test_record_keys_grow_even_when_the_clock_goes_back(network: Bluesky, anybody: Caller) -> None:
    uris = [network.post("anna", str(number), at=START - timedelta(days=number)) for number in range(5)]
    rkeys = [uri.rsplit("/", 1)[1] for uri in uris]
    assert rkeys == sorted(rkeys)
    assert all(len(rkey) == 13 for rkey in rkeys)
    where = {"repo": "anna.bsky.example", "collection": "app.bsky.feed.post"}
    newest_first = anybody.all("com.atproto.repo.listRecords", "records", **where, limit=2)
    assert [record["uri"] for record in newest_first] == uris[::-1]
    oldest_first = anybody.all("com.atproto.repo.listRecords", "records", **where, limit=2, reverse="true")
    assert [record["uri"] for record in oldest_first] == uris


def test_unknown_repositories_are_named_as_the_server_names_them(anybody: Caller) -> None:
    nobody = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    assert anybody.error("com.atproto.sync.getRepo", did=nobody)[:2] == (400, "RepoNotFound")
    assert anybody.error("com.atproto.sync.getLatestCommit", did=nobody)[:2] == (400, "RepoNotFound")
    for nsid, more in (("listRecords", {"collection": "app.bsky.feed.post"}), ("describeRepo", {})):
        status, error, message = anybody.error(f"com.atproto.repo.{nsid}", repo=nobody, **more)
        assert (status, error) == (400, "InvalidRequest")
        assert message == f"Could not find repo: {nobody}"
