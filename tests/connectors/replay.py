"""Serves recorded answers over real HTTP on loopback, and reads the recordings of a connector.

A recording is tests/connectors/<folder>/recorded/<stream>.json: the exchanges of one complete reading, for an object
stream also the objects asked for (`refs`), and errors in the network's own words. `{base}` stands for the address of
the server that is asked. `sign_in.json` holds what an admin fills in and what the network answers to that.
"""

import importlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrm.connectors import registry
from scrm.connectors.base import Api, Connector, ObjectPage, ObjectRef, ObjectStream, Page, Stream
from scrm.connectors.manifest import Status
from scrm.http import GuardedSession

RECORDED = Path(__file__).parent
BASE = "{base}"
MOST_PAGES = 200
UNRECORDED = frozenset({"access_token", "appsecret_proof", "client_secret", "input_token", "key"})  # differ each time


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer to be served."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> "Reply":
        text = recorded["text"] if "text" in recorded else json.dumps(recorded.get("body"))
        return cls(status=recorded["status"], headers=recorded.get("headers", {}), body=text.encode())


Asked = tuple[str, str, tuple[tuple[str, str], ...]]
Script = Callable[[Asked], Reply]


class Replay:
    """A server that answers what the script says and remembers what it was asked."""

    def __init__(self, script: Script, *, links_to: str | None = None) -> None:
        self.asked: list[Asked] = []
        self._script = script
        self._links_to = links_to
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"replay": self}))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"http://{self.host}"

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        reply = self._script(asked)
        base = self._links_to or self.base_url
        return Reply(
            status=reply.status,
            headers={name: value.replace(BASE, base) for name, value in reply.headers.items()},
            body=reply.body.replace(BASE.encode(), base.encode()),
        )

    def go_on_with(self, script: Script) -> None:
        """Answer by another script from now on, and forget what was asked."""
        self._script = script
        self.asked.clear()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    replay: Replay

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        asked = (self.command, parts.path, _query(parse_qsl(parts.query, keep_blank_values=True)))
        reply = self.replay.answer(asked)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names http.server asks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        pass


@contextmanager
def serving(script: Script, *, links_to: str | None = None) -> Iterator[Replay]:
    server = Replay(script, links_to=links_to)
    try:
        yield server
    finally:
        server.stop()


def scripted(exchanges: list[dict[str, Any]]) -> Script:
    """Answer as recorded; what was never recorded is a 418, which no connector takes for an answer.

    What was recorded more than once is answered in that order, and the last answer stays.
    """
    replies: dict[Asked, list[Reply]] = {}
    for exchange in exchanges:
        replies.setdefault(asked_in(exchange), []).append(Reply.of(exchange))

    def answer(asked: Asked) -> Reply:
        known = replies.get(asked, [Reply(status=418)])
        return known.pop(0) if len(known) > 1 else known[0]

    return answer


def asked_in(exchange: Mapping[str, Any]) -> Asked:
    return exchange.get("method", "GET"), exchange["path"], _query(exchange.get("query", []))


def _query(pairs: Iterable[Sequence[Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(name), str(value)) for name, value in pairs if name not in UNRECORDED))


def every_folder() -> list[str]:
    """Every connector's folder, the example included."""
    return sorted(file.parent.name for file in registry.FOLDER.glob("*/connector.py"))


@cache
def importable() -> list[str]:
    """Those that can be imported; a test of its own fails for the others, so that one does not hide all."""
    found = []
    for folder in every_folder():
        with suppress(ImportError, AttributeError):
            connector_in(folder)
            found.append(folder)
    return found


@cache
def folders() -> list[str]:
    """Those that call a network; the others only read files."""
    return [folder for folder in importable() if connector_in(folder).manifest.status is not Status.ARCHIVE]


def connector_in(folder: str) -> Connector:
    connector: Connector = importlib.import_module(f"scrm.connectors.{folder}").connector
    return connector


def recording(folder: str, name: str) -> dict[str, Any]:
    file = RECORDED / folder / "recorded" / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def secrets(folder: str) -> list[str]:
    """What must not show up anywhere: the secret fields of the form, and what the sign-in adds to them."""
    recorded, manifest = recording(folder, "sign_in"), connector_in(folder).manifest
    given = {**recorded.get("app", {}), **recorded["form"]}
    fields = (*manifest.credential_fields, *manifest.app_fields)
    return [given[one.name] for one in fields if one.is_secret and one.name in given]


@contextmanager
def signed_in(folder: str, script: Script, *, links_to: str | None = None) -> Iterator[tuple[Api, Replay]]:
    """An Api that has signed in as recorded, and the server that from then on answers by the script."""
    connector = connector_in(folder)
    with serving(scripted(recording(folder, "sign_in")["exchanges"]), links_to=links_to) as server:
        api = unsigned(folder, server)
        with api.session:
            api.account, _ = connector.sign_in(api)
            server.go_on_with(script)
            api.requests = 0
            yield api, server


def unsigned(folder: str, server: Replay) -> Api:
    manifest = connector_in(folder).manifest
    recorded = recording(folder, "sign_in")
    defaults = {one.name: one.default for one in manifest.app_fields}
    app = {name: value.replace(BASE, server.base_url) for name, value in recorded.get("app", {}).items()}
    api = Api(
        network=manifest.key,
        base_url=server.base_url,
        session=GuardedSession(allowed=[server.host]),
        credentials={name: value for name, value in recorded["form"].items() if name != "base_url"},
        app=defaults | app,
    )
    if "now" in recorded:
        now = datetime.fromisoformat(recorded["now"])
        api.now = lambda: now
    return api


def read_all(stream: Stream, api: Api, cursor: str | None = None) -> list[Page]:
    """A whole run from the cursor on."""
    pages = []
    for _ in range(MOST_PAGES):
        page = stream.read(api, cursor)
        pages.append(page)
        if not page.has_more:
            return pages
        assert page.cursor != cursor, "the cursor does not move"
        cursor = page.cursor
    raise AssertionError("the run does not end")


def read_refs(stream: ObjectStream, api: Api, refs: list[list[str | None]]) -> list[ObjectPage]:
    """All objects, in batches as large as the stream takes, each until nothing more of it is waiting."""
    waiting = [ObjectRef(native_id=str(native_id), fetch_ref=ref) for native_id, ref in refs]
    pages = []
    while waiting:
        assert len(pages) < MOST_PAGES, "the run does not end"
        asked, waiting = waiting[: stream.batch], waiting[stream.batch :]
        page = stream.read(api, asked)
        pages.append(page)
        waiting += [
            ObjectRef(native_id=one.native_id, fetch_ref=one.fetch_ref, cursor=again.cursor)
            for one in asked
            if (again := page.again.get(one.native_id)) is not None and again.after_seconds == 0
        ]
    return pages
