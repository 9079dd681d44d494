"""Every answer and every record against the lexicons, when they are at hand."""

from datetime import timedelta
from typing import Any

import pytest

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.ids import make_did
from scrm.sandbox.bluesky.methods import METHODS
from tests.sandbox.bluesky.calling import START, Caller
from tests.sandbox.bluesky.lexicons import faults, lexicon, record_faults


@pytest.fixture
def post(network: Bluesky) -> str:
    """A post about which everything happened that can happen."""
    uri = network.post("firm", "Hallo 🎉 https://firm.example #nordwerk", at=START)
    reply = network.post("anna", "@firm Frage", at=START, reply_to=uri, mentions=["firm"])
    network.set_clock("bilal", timedelta(minutes=-3))
    network.post("bilal", "Nachfrage", at=START, reply_to=reply)
    gone = network.post("chloe", "weg", at=START)
    network.post("anna", "dazu", at=START, quote=gone, reply_to=gone)
    network.delete(gone, at=START)
    network.post("chloe", "Seht", at=START, quote=uri)
    network.like("bilal", network.share("anna", uri, at=START), at=START)
    network.follow("anna", "firm", at=START)
    network.follow("firm", "bilal", at=START)
    network.post("chloe", "Unfug", at=START, reply_to=uri)
    network.block("firm", "chloe", at=START)
    return uri


def query(nsid: str, post: str) -> dict[str, Any]:
    firm = make_did("firm")
    name = nsid.rsplit(".", 1)[1]
    if nsid.startswith("com.atproto.repo"):
        record = {"collection": "app.bsky.feed.post", "rkey": post.rsplit("/", 1)[1]}
        wanted = {"getRecord": record, "listRecords": {"collection": record["collection"]}}
        return {"repo": firm, **wanted.get(name, {})}
    return {
        "resolveHandle": {"handle": "firm.bsky.example"},
        "getRepo": {"did": firm},
        "getLatestCommit": {"did": firm},
        "getProfiles": {"actors": [firm, make_did("anna")]},
        "searchActors": {"q": "muster"},
        "searchPosts": {"q": "*"},
        "getPosts": {"uris": [post]},
        **{name: {"uri": post} for name in ("getPostThread", "getLikes", "getRepostedBy", "getQuotes")},
        **{
            name: {"actor": "anna.bsky.example"}
            for name in ("getProfile", "getAuthorFeed", "getFollowers", "getFollows")
        },
    }.get(name, {})


QUERIES = [method.nsid for method in METHODS if not method.is_procedure]


@pytest.mark.parametrize("nsid", QUERIES)
def test_an_answer_is_as_its_lexicon_says(firm: Caller, post: str, nsid: str) -> None:
    output = lexicon(nsid)["main"]["output"]
    answer = firm.get(nsid, **query(nsid, post))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == output["encoding"]
    if "schema" in output:
        assert faults(answer.json(), output["schema"], nsid, nsid) == []


def test_session_answers_are_as_their_lexicons_say(network: Bluesky) -> None:
    caller = Caller(network)
    created = caller.log_in("anna")
    caller.headers = {"Authorization": f"Bearer {created['refreshJwt']}"}
    refreshed = caller.post("com.atproto.server.refreshSession").json()
    for name, answer in (("createSession", created), ("refreshSession", refreshed)):
        nsid = f"com.atproto.server.{name}"
        assert faults(answer, lexicon(nsid)["main"]["output"]["schema"], nsid, nsid) == []


def test_every_record_is_as_its_lexicon_says(network: Bluesky, anybody: Caller, post: str) -> None:
    seen = set()
    for key in ("firm", "anna", "bilal", "chloe"):
        repo = make_did(key)
        for collection in anybody.ok("com.atproto.repo.describeRepo", repo=repo)["collections"]:
            where = {"repo": repo, "collection": collection}
            for record in anybody.all("com.atproto.repo.listRecords", "records", **where):
                assert record_faults(record["value"], record["uri"]) == []
                seen.add(collection.rsplit(".", 1)[1])
    assert seen == {"post", "like", "repost", "follow", "block", "profile"}


def test_the_judge_finds_what_is_wrong() -> None:
    nsid = "app.bsky.feed.getLikes"
    schema = lexicon(nsid)["main"]["output"]["schema"]
    wrong = {"uri": "https://firm.example", "likes": [{"actor": {"did": 7}}], "more": 1}
    assert len(faults(wrong, schema, nsid, "likes")) == 6
