"""Lighthouse, an invented network with a list, threads, pushes and a budget; served over real HTTP."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, jsonify, request

from scrm.connectors.base import (
    Account,
    Again,
    Client,
    Connector,
    Gap,
    ObjectPage,
    ObjectStream,
    Page,
    Stream,
    WatchOrder,
    raise_for_status,
)
from scrm.connectors.budget import Budget, Period, Unit
from scrm.connectors.manifest import ApiVersion, CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.push import Handshake, Push, Pushed, check_signature, hex_hmac
from scrm.connectors.registry import connectors
from scrm.records import DeletedKind, DeletionRecord, InteractionKind, InteractionRecord, Key, ProfileRecord
from scrm.sandbox.server import Server

KEY = "lighthouse"
US = "own-1"
SECRET = "a lamp in the night"
ZONE = "America/Los_Angeles"


@dataclass
class Sea:
    """What the network holds, and what it was asked."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    threads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    again: dict[str, float] = field(default_factory=dict)  # how soon a thread wants to be read again
    gaps: list[tuple[str | None, str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, cursor
    subscribed: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)  # path to the status it is refused with
    meanwhile: Callable[[], None] | None = None  # happens while the network answers
    calls: Counter[str] = field(default_factory=Counter)


def app_over(sea: Sea) -> Flask:
    app = Flask("lighthouse")

    @app.before_request
    def refuse() -> tuple[str, int] | None:
        sea.calls[request.path] += 1
        if sea.meanwhile:
            sea.meanwhile()
        status = sea.answers.get(request.path)
        return ("", status) if status else None

    @app.get("/me")
    def me() -> Any:
        return jsonify(id=US, handle="nordwerk")

    @app.get("/notes")
    def notes() -> Any:
        after = int(request.args.get("after") or 0)
        sea.asked.append(("/notes", str(after)))
        page = sea.notes[after : after + 2]
        more = after + len(page) < len(sea.notes)
        return jsonify(items=page, next=after + len(page), more=more, gaps=sea.gaps)

    @app.get("/threads/<name>")
    def thread(name: str) -> Any:
        after = int(request.args.get("after") or 0)
        sea.asked.append((f"/threads/{name}", str(after)))
        if name in sea.gone:
            return "", 404
        said = sea.threads.get(name, [])
        page = said[after : after + 2]
        return jsonify(
            items=page,
            next=after + len(page),
            more=after + len(page) < len(said),
            again=sea.again.get(name),
        )

    @app.post("/subscriptions")
    def subscriptions() -> Any:
        sea.subscribed.append(request.get_json())
        return jsonify(ok=True)

    return app


def records(item: Payload, account: Account) -> Any:
    """A note as records; pushed and listed notes have the same form."""
    if item.flag("broken"):
        raise RuntimeError("a fault of the connector")
    key = Key(network=KEY, native_id=item.text("id"))
    if item.flag("deleted"):
        yield DeletionRecord(key=key, kind=DeletedKind.INTERACTION)
        return
    author = Key(network=KEY, native_id=item.text("author"))
    yield ProfileRecord(key=author, handle=item.text("author"))
    yield InteractionRecord(
        key=key,
        kind=InteractionKind.MENTION,
        author=author,
        occurred_at=item.time("at"),
        edited_at=item.optional_time("edited_at"),
        text=item.text("text"),
    )


class Notes(Stream):
    name = "notes"
    label = "Mentions"
    every_seconds = 300

    def read(self, api: Any, cursor: str | None) -> Page:
        answer = LighthouseClient().json(api, "/notes", {"after": cursor or ""})
        gaps = tuple(
            Gap(
                since=datetime.fromisoformat(since) if since else None,
                until=datetime.fromisoformat(until),
                reason=reason,
            )
            for since, until, reason in answer["gaps"]
        )
        return Page(items=tuple(answer["items"]), cursor=str(answer["next"]), has_more=answer["more"], gaps=gaps)

    def translate(self, item: Payload, account: Account) -> Any:
        return records(item, account)

    def watch(self, item: Payload, account: Account) -> Any:
        del account
        if item.has("thread"):
            yield WatchOrder(stream="threads", native_id=item.text("thread"), fetch_ref=None, after_seconds=0)


class Threads(ObjectStream):
    name = "threads"
    label = "Threads"
    batch = 2

    def read(self, api: Any, refs: Any) -> ObjectPage:
        items: list[dict[str, Any]] = []
        gone: list[str] = []
        again: dict[str, Again] = {}
        for ref in refs:
            answer = LighthouseClient().get(api, f"/threads/{ref.native_id}", {"after": ref.cursor or ""}, gone=True)
            if answer.status == 404:
                gone.append(ref.native_id)
                continue
            body = parse_json(answer.body)
            items += body["items"]
            if body["more"]:
                again[ref.native_id] = Again(after_seconds=0, cursor=str(body["next"]))
            elif body["again"] is not None:
                again[ref.native_id] = Again(after_seconds=body["again"], cursor=str(body["next"]))
        return ObjectPage(items=tuple(items), gone=tuple(gone), again=again)

    def translate(self, item: Payload, account: Account) -> Any:
        return records(item, account)


class LighthouseClient(Client):
    def headers(self, api: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['token']}"}

    def check(self, api: Any, answer: Any) -> None:
        if answer.status != 404:
            raise_for_status(api, answer)

    def get(self, api: Any, path: str, params: Any = None, *, gone: bool = False) -> Any:
        answer = self.call(api, "GET", path, params=params)
        if not gone:
            raise_for_status(api, answer)
        return answer

    def most_cost(self, api: Any, method: str, path: str, params: Any) -> int:
        del api, method, params
        return 10 if path == "/notes" else 0

    def cost(self, api: Any, answer: Any) -> int:
        if "/notes" not in answer.url or answer.status != 200:
            return 0
        items = parse_json(answer.body)["items"]
        return 5 * api.meter.unpaid("note", [item["id"] for item in items])


class LighthousePush(Push):
    keep_every_seconds = 3600

    def handshake(self, app: Any, query: Any, accounts: Any) -> Handshake | None:
        if query.get("token") != app["secret"] or query.get("account") not in accounts:
            return None
        return Handshake(body=query.get("challenge", ""))

    def verify(self, app: Any, headers: Any, body: bytes) -> None:
        check_signature(headers.get("x-lamp"), hex_hmac(app["secret"], body))

    def events(self, body: bytes) -> Any:
        said = Payload(parse_json(body))
        for event in said.children("events"):
            item = event.child("note").raw()
            yield Pushed(account_id=event.text("account"), id=event.text("id"), item=item)

    def subscribe(self, api: Any, callback: str) -> None:
        answer = LighthouseClient().call(
            api, "POST", "/subscriptions", json={"callback": callback, "account": api.account.key.native_id}
        )
        raise_for_status(api, answer)

    def translate(self, item: Payload, account: Account) -> Any:
        return records(item, account)

    def watch(self, item: Payload, account: Account) -> Any:
        del account
        if item.has("thread"):
            yield WatchOrder(stream="threads", native_id=item.text("thread"), fetch_ref=None, after_seconds=0)

    def wakes(self, item: Payload) -> tuple[str, ...]:
        return ("notes",) if item.flag("wakes") else ()


class Lighthouse(Connector):
    """The connector, over whatever address the admin fills in."""

    streams = (Notes(),)
    object_streams = (Threads(),)
    client = LighthouseClient()
    push = LighthousePush()
    manifest = Manifest(
        key=KEY,
        label="Lighthouse",
        mark="Lh",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://lighthouse.example/terms",
            read_on=date(2026, 1, 5),
        ),
        rate_limit=RateLimit(calls=100, seconds=60),
        credential_fields=(
            CredentialField(name="base_url", label="Address"),
            CredentialField(name="token", label="Access token", is_secret=True),
        ),
        app_fields=(
            CredentialField(name="secret", label="Secret", is_secret=True),
            CredentialField(name="version", label="Version", default="v2"),
        ),
        versions=(ApiVersion(name="v1", ends_on=date(2026, 3, 31)), ApiVersion(name="v2", ends_on=None)),
        budget=Budget(
            unit=Unit.UNITS, period=Period.DAY, cap=100, zone=ZONE, source="https://lighthouse.example/quota"
        ),
    )

    def sign_in(self, api: Any) -> tuple[Account, ProfileRecord]:
        me = LighthouseClient().json(api, "/me")
        key = Key(network=KEY, native_id=me["id"])
        account = Account(key=key, handle=me["handle"], base_url=api.base_url)
        return account, ProfileRecord(key=key, handle=me["handle"])


def serve(sea: Sea) -> Server:
    return Server(app_over(sea))


def register(connector: Connector | None = None) -> None:
    connectors()[KEY] = connector or Lighthouse()


def unregister() -> None:
    connectors().pop(KEY, None)


def note(number: int, **values: Any) -> dict[str, Any]:
    at = datetime(2026, 1, 20, 12, number % 60, tzinfo=UTC).isoformat()
    return {"id": f"n{number}", "author": f"sailor{number}", "at": at, "text": f"Ahoy {number}", **values}


def delivery(*notes: dict[str, Any], account: str = US) -> bytes:
    """A body that tells of these notes."""
    events = [{"account": account, "id": f"e{time.monotonic_ns()}", "note": item} for item in notes]
    return json.dumps({"events": events}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Lamp": hex_hmac(secret, body)}
