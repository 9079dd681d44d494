"""The event bus of the fake org: change events over real gRPC, in Avro, as the Pub/Sub API is described in public.

Names and numbers of the messages as in pubsub_api.proto (forcedotcom/pub-sub-api), the header of change events and
error codes as in Salesforce's guides, both read 2026-11-24. Messages are put together here by hand, so that a client
that numbers a field wrongly is not understood. Needs grpcio and fastavro.
"""

from __future__ import annotations

import io
import json
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import fastavro
import grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ERRORS = "sfdc.platform.eventbus.grpc."
KINDS = ("CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE")
KEEPALIVE_SECONDS = 0.3  # 270 at Salesforce
CUSTOM, EARLIEST = 2, 1


def schema_of(entity: str) -> dict[str, Any]:
    """The Avro schema of an entity's change events."""
    header = {
        "type": "record",
        "name": "ChangeEventHeader",
        "fields": [
            {"name": "entityName", "type": "string"},
            {"name": "recordIds", "type": {"type": "array", "items": "string"}},
            {
                "name": "changeType",
                "type": {"type": "enum", "name": "ChangeType", "symbols": [*KINDS, "GAP_OVERFLOW", "SNAPSHOT"]},
            },
            {"name": "changeOrigin", "type": "string"},
            {"name": "transactionKey", "type": "string"},
            {"name": "sequenceNumber", "type": "int"},
            {"name": "commitTimestamp", "type": "long"},
            {"name": "commitNumber", "type": "long"},
            {"name": "commitUser", "type": "string"},
            *({"name": f"{name}Fields", "type": {"type": "array", "items": "string"}} for name in FIELD_LISTS),
        ],
    }
    fields = [{"name": "ChangeEventHeader", "type": header}, {"name": "LastName", "type": ["null", "string"]}]
    return {"type": "record", "name": f"{entity}ChangeEvent", "namespace": "com.sforce.eventbus", "fields": fields}


FIELD_LISTS = ("nulled", "diff", "changed")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event on the bus."""

    place: bytes
    schema_id: str
    payload: bytes


@dataclass(kw_only=True)
class PubSub:
    """The bus of one org: `publish` what happened; `is_known` says whether a token is good."""

    is_known: Callable[[str], bool]
    tenant: str
    events: list[Event] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # method, topic or schema
    forgotten: int = 0  # events older than the bus keeps
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _server: Any = None
    port: int = 0

    def start(self) -> Self:
        self._server = grpc.server(ThreadPoolExecutor(8))
        behave = {
            "Subscribe": grpc.stream_stream_rpc_method_handler(self._subscribe),
            "GetSchema": grpc.unary_unary_rpc_method_handler(self._schema),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("eventbus.v1.PubSub", behave),))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop(0).wait()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def publish(self, entity: str, kind: str, record_ids: Sequence[str], *, payload: bytes | None = None) -> None:
        """Put an event on the bus; `payload`: something else than Avro."""
        with self._changed:
            number = self.forgotten + len(self.events) + 1
            event = Event(
                place=_place(number),
                schema_id=f"schema-{entity}",
                payload=payload or _avro(entity, kind, record_ids, number),
            )
            self.events.append(event)
            self._changed.notify_all()

    def forget(self) -> None:
        """Three days go by."""
        with self._changed:
            self.forgotten += len(self.events)
            self.events.clear()

    def _admit(self, context: Any) -> None:
        told = dict(context.invocation_metadata())
        if told.get("tenantid") != self.tenant or not self.is_known(str(told.get("accesstoken", ""))):
            _refuse(context, grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")
        if not str(told.get("instanceurl", "")).startswith("https://"):
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "service.auth.headers.invalid")

    def _schema(self, request: bytes, context: Any) -> bytes:
        self._admit(context)
        schema_id = _fields(request).get(1, b"").decode()
        self.asked.append(("GetSchema", schema_id))
        if not schema_id.startswith("schema-"):
            _refuse(context, grpc.StatusCode.NOT_FOUND, "schema.not.found")
        schema = json.dumps(schema_of(schema_id.removeprefix("schema-")))
        return _text(1, schema.encode()) + _text(2, schema_id.encode())

    def _subscribe(self, requests: Iterable[bytes], context: Any) -> Iterator[bytes]:
        self._admit(context)
        asking = iter(requests)
        first = _fields(next(asking))
        topic = first.get(1, b"").decode()
        self.asked.append(("Subscribe", topic))
        if not topic.startswith("/data/"):
            _refuse(context, grpc.StatusCode.NOT_FOUND, "topic.not.found")
        at = self._begin(first, context)
        credit = [_positive(first, context)]
        threading.Thread(target=self._count, args=(asking, credit), daemon=True).start()
        while context.is_active():
            ready = self._wait(at, credit)
            at += len(ready)
            told = b"".join(_text(1, _consumer(one)) for one in ready)
            yield told + _text(2, ready[-1].place if ready else _place(at)) + _number(4, credit[0])

    def _wait(self, at: int, credit: list[int]) -> list[Event]:
        """What may be sent now; nothing when nothing comes for a while."""
        with self._changed:
            self._changed.wait_for(lambda: credit[0] > 0 and self._after(at), KEEPALIVE_SECONDS)
            ready = self._after(at)[: credit[0]]
            credit[0] -= len(ready)
        return ready

    def _begin(self, first: dict[int, Any], context: Any) -> int:
        preset = first.get(2, 0)
        if preset == EARLIEST:
            return self.forgotten
        if preset != CUSTOM:
            return self.forgotten + len(self.events)
        place = first.get(3, b"")
        if not place:
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed")
        at = int(struct.unpack(">Q", place)[0]) if len(place) == 8 else -1
        if not self.forgotten <= at <= self.forgotten + len(self.events):
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")
        return at

    def _after(self, at: int) -> list[Event]:
        return self.events[at - self.forgotten :] if at >= self.forgotten else self.events

    def _count(self, asking: Iterator[bytes], credit: list[int]) -> None:
        try:
            for more in asking:
                with self._changed:
                    credit[0] += _fields(more).get(4, 0)
                    self._changed.notify_all()
        except grpc.RpcError:
            return  # the client went away


def _refuse(context: Any, code: Any, error: str) -> None:
    context.set_trailing_metadata((("error-code", ERRORS + error),))
    context.abort(code, error)


def _positive(first: dict[int, Any], context: Any) -> int:
    wanted = int(first.get(4, 0))
    if wanted <= 0:
        _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid")
    return wanted


def _avro(entity: str, kind: str, record_ids: Sequence[str], number: int) -> bytes:
    out = io.BytesIO()
    header = {
        "entityName": entity,
        "recordIds": list(record_ids),
        "changeType": kind,
        "changeOrigin": "",
        "transactionKey": f"0000-{number:04d}",
        "sequenceNumber": 1,
        "commitTimestamp": 1_700_000_000_000 + number,
        "commitNumber": number,
        "commitUser": "005000000000001AAA",
        **{f"{name}Fields": [] for name in FIELD_LISTS},
    }
    schema = fastavro.parse_schema(schema_of(entity))
    fastavro.schemaless_writer(out, schema, {"ChangeEventHeader": header, "LastName": None})
    return out.getvalue()


def _place(number: int) -> bytes:
    return struct.pack(">Q", number)


def _consumer(event: Event) -> bytes:
    inner = _text(1, b"id") + _text(2, event.schema_id.encode()) + _text(3, event.payload)
    return _text(1, inner) + _text(2, event.place)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field_number: int, value: int) -> bytes:
    return _varint(field_number << 3) + _varint(value)


def _text(field_number: int, value: bytes) -> bytes:
    return _varint(field_number << 3 | 2) + _varint(len(value)) + value


def _fields(message: bytes) -> dict[int, Any]:
    """The fields of a message: numbers, and texts as bytes."""
    found: dict[int, Any] = {}
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if tag & 7 == 2:
            value, at = message[at : at + value], at + value  # type: ignore[assignment]
        found[tag >> 3] = value
    return found


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
