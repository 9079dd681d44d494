"""Record a network's sandbox: `python -m tests.connectors.record mastodon`.

tests/connectors/<network>/scenario.py plays a small life on the fake and says what is to be recorded. Every list is
read to its end; then `later` happens (edits, deletions), and the object streams read what the lists gave them to
watch. Only headers that connectors look at are kept, requests are kept without headers and body, and the fake's
address becomes `{base}`. What is recorded is frozen: look at the difference before you commit it.
"""

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrm.connectors.base import RECHECK, Api, Connector, Stream
from scrm.connectors.payload import Payload
from scrm.errors import NetworkError
from scrm.http import Answer, GuardedSession
from scrm.records import InteractionRecord
from tests.connectors.replay import BASE, RECORDED, UNRECORDED, asked_in, connector_in, read_all, read_refs

KEPT = ("content-type", "link", "retry-after", "ratelimit-", "x-ratelimit-", "www-authenticate")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An answer ordered from the fake once, to record how the network words it."""

    order: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A fake with a life on it."""

    base_url: str
    form: Mapping[str, str]
    app: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None  # the fake's clock, where requests name times
    later: Callable[[], None]
    refs: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)  # what only a push has watched
    failures: tuple[Failure, ...]
    scrub: Callable[[str], str] = field(default=lambda text: text)


Scenario = Callable[[], AbstractContextManager[Scene]]


class RecordingSession(GuardedSession):
    """Writes down what it is answered."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(allowed=[urlsplit(scene.base_url).netloc])
        self._scene = scene
        self.exchanges: list[dict[str, Any]] = []

    def call(self, method: str, url: str, **given: Any) -> Answer:
        answer = super().call(method, url, **given)
        parts = urlsplit(answer.url)
        text = self.clean(answer.body.decode())
        exchange = {
            "method": method,
            "path": self.clean(parts.path),
            "query": [
                list(pair) for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in UNRECORDED
            ],
            "status": answer.status,
            "headers": {
                name: self.clean(value)
                for name, value in sorted(answer.headers.items())
                if name.lower().startswith(KEPT)
            },
        }
        try:
            exchange["body"] = json.loads(text)
        except ValueError:
            exchange["text"] = text
        self.exchanges.append(exchange)
        return answer

    def take(self) -> list[dict[str, Any]]:
        """What was answered since the last time, each GET once; others are answered anew each time."""
        taken = {
            (asked_in(exchange), 0 if exchange["method"] == "GET" else place): exchange
            for place, exchange in enumerate(self.exchanges)
        }
        self.exchanges.clear()
        return list(taken.values())

    def clean(self, text: str) -> str:
        """The text without what is true of this recording only."""
        return self._scene.scrub(text.replace(self._scene.base_url, BASE))


def record(network: str) -> list[Path]:
    """Write the recordings of a network; returns their paths."""
    scenario: Scenario = importlib.import_module(f"tests.connectors.{network}.scenario").scene
    connector = connector_in(network)
    written = []
    with scenario() as scene, RecordingSession(scene) as session:
        api = _api(connector, scene, session)
        api.account, _ = connector.sign_in(api)
        fields = (*connector.manifest.credential_fields, *connector.manifest.app_fields)
        secret = {one.name for one in fields if one.is_secret}
        form, app = (
            {
                name: f"recorded-{name}-0123456789" if name in secret else session.clean(text)
                for name, text in values.items()
            }
            for values in (scene.form, scene.app)
        )
        found: dict[str, dict[str, Any]] = {"sign_in": {"form": form, "app": app, "exchanges": session.take()}}
        if scene.now is not None:
            found["sign_in"]["now"] = scene.now().isoformat()
        refs = {name: dict(told) for name, told in scene.refs.items()}
        for stream in connector.streams:
            _note_refs(stream, api, refs)
            found[stream.name] = {"exchanges": session.take()}
        scene.later()
        for watched in connector.object_streams:
            asked = [[native_id, ref] for native_id, ref in refs.get(watched.name, {}).items()]
            read_refs(watched, api, asked)
            found[watched.name] = {"refs": asked, "exchanges": session.take()}
        for name, recording in found.items():
            recording["errors"] = [_failure(connector, scene, session, name, found, one) for one in scene.failures]
            written.append(_write(network, name, recording))
    return written


def _api(connector: Connector, scene: Scene, session: RecordingSession) -> Api:
    credentials = {name: value for name, value in scene.form.items() if name != "base_url"}
    defaults = {one.name: one.default for one in connector.manifest.app_fields}
    api = Api(
        network=connector.manifest.key,
        base_url=scene.base_url,
        session=session,
        credentials=credentials,
        app=defaults | dict(scene.app),
    )
    if scene.now is not None:
        api.now = scene.now
    return api


def _note_refs(stream: Stream, api: Api, refs: dict[str, dict[str, str | None]]) -> None:
    """Read a list to its end and remember what it would have watched."""
    assert api.account is not None
    for item in [item for page in read_all(stream, api) for item in page.items]:
        for one in stream.translate(Payload(item), api.account):
            if isinstance(one, InteractionRecord):
                refs.setdefault(RECHECK, {})[one.key.native_id] = one.fetch_ref
        for order in stream.watch(Payload(item), api.account):
            refs.setdefault(order.stream, {})[order.native_id] = order.fetch_ref


def _failure(
    connector: Connector,
    scene: Scene,
    session: RecordingSession,
    name: str,
    found: Mapping[str, dict[str, Any]],
    failure: Failure,
) -> dict[str, Any]:
    api = _api(connector, scene, session)
    if name != "sign_in":
        api.account, _ = connector.sign_in(api)
        session.take()
    failure.order()
    try:
        if name == "sign_in":
            connector.sign_in(api)
        elif "refs" in found[name]:
            read_refs(connector.object_stream(name), api, found[name]["refs"])
        else:
            connector.stream(name).read(api, None)
    except NetworkError as why:
        exchange = session.take()[-1]
        wait = {"retry_after": retry_after} if (retry_after := getattr(why, "retry_after", None)) else {}
        kept = {name: exchange[name] for name in ("status", "headers", "body", "text") if name in exchange}
        return {**kept, "raises": type(why).__name__, **wait}
    raise AssertionError(f"{name}: the failure that was ordered did not show")


def _write(network: str, name: str, recording: dict[str, Any]) -> Path:
    file = RECORDED / network / "recorded" / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(recording, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    for path in record(sys.argv[1]):
        sys.stdout.write(f"{path}\n")
