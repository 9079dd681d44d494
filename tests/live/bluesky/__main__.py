"""Run it: `python -m tests.live.bluesky`, or `make test-live-bluesky`. Ends with 1 when anything is not as it should.

Expectations come from the repositories of the live network, read by its own API, never from the connector.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scrm.connectors.bluesky import connector
from scrm.connectors.payload import Payload
from scrm.errors import AccessRevokedError, InputError, NetworkError
from scrm.records import InteractionKind, InteractionRecord
from tests.live.bluesky import life
from tests.live.bluesky.chain import whole_chain
from tests.live.bluesky.judging import Reader, concerning
from tests.live.bluesky.network import LiveNetwork


class Verdict:
    """Says what held and what did not."""

    def __init__(self) -> None:
        self.failed = 0

    def check(self, what: str, found: object, expected: object) -> None:
        holds = found == expected
        self.failed += not holds
        sys.stdout.write(f"{'ok  ' if holds else 'FAIL'}  {what}\n")
        if not holds:
            sys.stdout.write(f"      found    {found}\n      expected {expected}\n")


def same(verdict: Verdict, what: str, network: LiveNetwork, reader: Reader) -> None:
    """The interactions are exactly those of the repositories, each of the right kind."""
    expected = concerning(network, life.COMPANY)
    found = {uri: record.kind for uri, record in reader.interactions.items()}
    verdict.check(f"{what}: nothing is missing", sorted(expected.keys() - found.keys()), [])
    verdict.check(f"{what}: nothing is there that should not be", sorted(found.keys() - expected.keys()), [])
    verdict.check(f"{what}: kinds {dict(Counter(expected.values()))}", found, expected)


def first_reading(verdict: Verdict, network: LiveNetwork, reader: Reader, uris: dict[str, str]) -> None:
    cost = reader.read_lists()
    reader.read_ordered()
    same(verdict, f"history read with {cost}", network, reader)
    twice = [place for place, times in reader.handed.items() if times > 1 and place[0] in {"notifications", "posts"}]
    verdict.check("no list gave anything twice", twice, [])
    verdict.check(
        "a shortened link is whole again",
        reader.interactions[uris["news"]].text,
        "🎉 https://nordwerk.example/catalog/2026 is out",
    )
    profile = reader.profiles[network.people["katharina"].did]
    verdict.check(
        "profiles are full",
        (profile.full, profile.display_name, [one.url for one in profile.links]),
        (True, "Katharina Kohl", ["https://kohl.example"]),
    )
    answer = reader.interactions[uris["answer"]]
    verdict.check(
        "an answer of ours knows whom it answers",
        answer.counterpart and answer.counterpart.native_id,
        network.people["katharina"].did,
    )
    handed = sum(reader.handed.values())
    cost = reader.read_lists()
    verdict.check(
        "nothing new costs one request per list",
        (cost, sum(reader.handed.values())),
        (dict.fromkeys(cost, 1), handed),
    )


def second_reading(verdict: Verdict, network: LiveNetwork, reader: Reader, uris: dict[str, str]) -> None:
    did = network.people["katharina"].did
    life.go_on(network, uris)
    network.settle()
    reader.read_lists()
    verdict.check("what a slow clock wrote is found", uris["late"] in reader.interactions, True)
    reader.read_ordered()
    reader.recheck()
    same(verdict, "after changes and a recheck", network, reader)
    gone = {uris[name] for name in ("hello", "like", "repost", "second follow")}
    verdict.check("what was deleted or taken back is known", reader.deleted, gone)
    verdict.check("an edit is followed", reader.interactions[uris["question"]].text, "Which oil do I need, please?")
    reader.orders.add(("profiles", did))
    reader.read_ordered()
    verdict.check("a new handle leaves the key", reader.profiles[did].handle, "katharina-kohl.test")


def archive(verdict: Verdict, network: LiveNetwork, reader: Reader) -> None:
    own = network.people[life.COMPANY].did
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "repo.car"
        file.write_bytes(network.archive(life.COMPANY))
        kind = connector.archives[0]
        verdict.check("the archive is recognized", kind.recognizes(file), True)
        account = kind.owner(file)
        records = [one for item, _ in kind.items(file, None) for one in kind.translate(Payload(item), account)]
    found = {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}
    ours = {uri: one for uri, one in reader.interactions.items() if one.author.native_id == own}
    verdict.check("the archive has what we wrote", sorted(found), sorted(ours))
    verdict.check(
        "the archive says the same",
        {k: one.text for k, one in found.items()},
        {k: one.text for k, one in ours.items()},
    )


def departure(verdict: Verdict, network: LiveNetwork, reader: Reader) -> None:
    """Somebody's account is switched off: everything of it counts as gone."""
    did = network.people["mae"].did
    theirs = {uri for uri, one in reader.interactions.items() if one.author.native_id == did}
    life.leave(network, "mae")
    network.settle()
    reader.deleted.clear()
    reader.orders.add(("profiles", did))
    reader.read_ordered()
    reader.recheck()
    verdict.check("who leaves takes everything along", reader.deleted, theirs | {did})


def sessions(verdict: Verdict, network: LiveNetwork, reader: Reader) -> None:
    api = reader.api
    before = api.credentials["refresh_jwt"]
    api.credentials["access_jwt"] = "a.b.c"
    reader.read_lists()
    verdict.check("a dead token is renewed", api.credentials["refresh_jwt"] != before, True)
    api.credentials |= {"access_jwt": "a.b.c", "refresh_jwt": "a.b.c"}
    reader.read_lists()
    verdict.check("without a refresh token the app password helps", api.credentials["access_jwt"] != "a.b.c", True)
    network.revoke_app_password(life.COMPANY)
    verdict.check("a token outlives its app password for a while", _failure(reader), "")
    api.credentials["access_jwt"] = "a.b.c"
    verdict.check("a revoked app password is noticed", _failure(reader), AccessRevokedError.__name__)
    try:
        Reader.connect(network, life.COMPANY, network.people[life.COMPANY].password)
        refused = ""
    except InputError as why:
        refused = type(why).__name__
    verdict.check("the account's own password is refused", refused, InputError.__name__)


def _failure(reader: Reader) -> str:
    try:
        reader.read_lists()
    except NetworkError as why:
        return type(why).__name__
    return ""


def chain(verdict: Verdict) -> None:
    """The same life once more on a new network, through to the CRM."""
    with LiveNetwork() as network:
        uris = life.begin(network)
        network.settle()
        whole_chain(network, verdict.check, lambda: life.go_on(network, uris))


def main() -> int:
    verdict = Verdict()
    began = time.monotonic()
    chain(verdict)
    with LiveNetwork() as network:
        sys.stdout.write(f"the network is up after {time.monotonic() - began:.0f} s\n")
        uris = life.begin(network)
        network.settle()
        reader = Reader.connect(network, life.COMPANY, network.app_password(life.COMPANY))
        first_reading(verdict, network, reader, uris)
        second_reading(verdict, network, reader, uris)
        archive(verdict, network, reader)
        departure(verdict, network, reader)
        sessions(verdict, network, reader)
        follows = sum(one.kind is InteractionKind.FOLLOW for one in reader.interactions.values())
        sys.stdout.write(
            f"{len(reader.interactions)} interactions, {follows} of them follows, "
            f"{reader.api.requests} requests, {time.monotonic() - began:.0f} s\n"
        )
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
