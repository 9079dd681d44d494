"""The Pub/Sub API of Salesforce: change events by gRPC, each in Avro with a schema that is asked for once.

Needs the packages of requirements-cdc.txt. Messages are declared by the names and numbers that Salesforce publishes
in pubsub_api.proto (forcedotcom/pub-sub-api, package eventbus.v1, read 2026-11-24), as far as they are used here;
what is not declared is skipped when it arrives.
"""

import io
import queue
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fastavro
import grpc
import orjson
from fastavro.schema import SchemaParseException
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.failpoints import outside

HOST = "api.pubsub.salesforce.com:7443"
SERVICE = "/eventbus.v1.PubSub/"
MOST = 50  # events asked for at a time
LATEST, CUSTOM = 0, 2
HEADER = "ChangeEventHeader"
UNREADABLE = "UNREADABLE"  # not as its schema says
LOST_PLACE = (".replayid.corrupted", ".replayid.validation.failed")  # ends of the error codes
LARGEST_SCHEMA_CACHE = 500
ANSWER_SECONDS = 30.0
KEEPALIVE = (("grpc.keepalive_time_ms", 60_000), ("grpc.keepalive_timeout_ms", 20_000))

_KINDS = {"string": 9, "bytes": 12, "int32": 5}
_MESSAGES: Mapping[str, Sequence[tuple[str, int, str]]] = {
    "EventHeader": [("key", 1, "string"), ("value", 2, "bytes")],
    "ProducerEvent": [("id", 1, "string"), ("schema_id", 2, "string"), ("payload", 3, "bytes")],
    "ConsumerEvent": [("event", 1, "ProducerEvent"), ("replay_id", 2, "bytes")],
    "FetchRequest": [
        ("topic_name", 1, "string"),
        ("replay_preset", 2, "int32"),  # an enumeration there: the same on the wire
        ("replay_id", 3, "bytes"),
        ("num_requested", 4, "int32"),
    ],
    "FetchResponse": [
        ("events", 1, "*ConsumerEvent"),
        ("latest_replay_id", 2, "bytes"),
        ("pending_num_requested", 4, "int32"),
    ],
    "SchemaRequest": [("schema_id", 1, "string")],
    "SchemaInfo": [("schema_json", 1, "string"), ("schema_id", 2, "string")],
}


class PlaceLostError(CrmRetryLaterError):
    """Salesforce no longer knows the place where we stopped: it is older than three days, or the org moved."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change event, as far as it matters: which records, what happened, and what it is known by."""

    key: str
    entity: str
    kind: str  # CREATE, UPDATE, DELETE, UNDELETE, one of these with GAP_ before it, GAP_OVERFLOW, or UNREADABLE
    record_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came at once, and the place after it."""

    changes: tuple[Change, ...]
    place: bytes


def _declared() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="scrm/pubsub.proto", package="scrm.pubsub", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            bare = kind.removeprefix("*")
            made = message.field.add(name=field, number=number, label=3 if kind != bare else 1)
            if bare in _KINDS:
                made.type = _KINDS[bare]
            else:
                made.type, made.type_name = 11, f".scrm.pubsub.{bare}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"scrm.pubsub.{name}")) for name in _MESSAGES
    }


MESSAGES = _declared()


class Bus:
    """One connection to the event bus of an org. `sandbox`: host and port of a fake one, without TLS."""

    def __init__(self, metadata: Mapping[str, str], *, sandbox: str = "") -> None:
        if sandbox:
            self._channel = grpc.insecure_channel(sandbox, options=KEEPALIVE)
        else:
            self._channel = grpc.secure_channel(HOST, grpc.ssl_channel_credentials(), options=KEEPALIVE)
        self._metadata = tuple(metadata.items())
        self._schemas: dict[str, Any] = {}

    def close(self) -> None:
        """End the connection; whoever waits for events gets none any more."""
        self._channel.close()

    def pages(self, topic: str, place: bytes | None) -> Iterator[Page]:
        """What happens from a place on, or from now on; an empty page now and then only moves the place.

        Raises PlaceLostError, CrmAuthError when the token is worn out or the topic is not open to us,
        CrmRetryLaterError for everything else that ends the stream.
        """
        wanted: queue.SimpleQueue[Any] = queue.SimpleQueue()
        request = MESSAGES["FetchRequest"]
        first = {"replay_preset": LATEST} if place is None else {"replay_preset": CUSTOM, "replay_id": place}
        wanted.put(request(topic_name=topic, num_requested=MOST, **first))
        stream = self._channel.stream_stream(
            f"{SERVICE}Subscribe", request.SerializeToString, MESSAGES["FetchResponse"].FromString
        )
        call = None
        try:
            with outside("change_events.listen"):
                call = stream(iter(wanted.get, None), metadata=self._metadata)
            for answer in call:
                yield Page(
                    changes=tuple(self._change(one.event) for one in answer.events),
                    place=answer.events[-1].replay_id if answer.events else answer.latest_replay_id,
                )
                if answer.events:  # only now: it is stored
                    wanted.put(request(topic_name=topic, num_requested=len(answer.events)))
        except grpc.RpcError as why:
            raise _said(why) from None
        except ValueError:
            raise CrmRetryLaterError("Salesforce: the connection was closed") from None
        finally:
            wanted.put(None)
            if call is not None:
                call.cancel()

    def _change(self, event: Any) -> Change:
        try:
            payload = io.BytesIO(event.payload)
            told: Any = fastavro.schemaless_reader(payload, self._schema(event.schema_id), None)
            header: Mapping[str, Any] = told[HEADER]
            return Change(
                key=f"{header['transactionKey']}/{header['sequenceNumber']}",
                entity=str(header["entityName"]),
                kind=str(header["changeType"]),
                record_ids=tuple(map(str, header["recordIds"])),
            )
        except (LookupError, TypeError, ValueError, EOFError, SchemaParseException):
            return Change(key="", entity="", kind=UNREADABLE, record_ids=())  # its neighbors go on

    def _schema(self, schema_id: str) -> Any:
        if schema_id not in self._schemas:
            ask = self._channel.unary_unary(
                f"{SERVICE}GetSchema", MESSAGES["SchemaRequest"].SerializeToString, MESSAGES["SchemaInfo"].FromString
            )
            request = MESSAGES["SchemaRequest"](schema_id=schema_id)
            with outside("change_events.schema"):
                found = ask(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
            if len(self._schemas) >= LARGEST_SCHEMA_CACHE:
                self._schemas.clear()
            self._schemas[schema_id] = fastavro.parse_schema(orjson.loads(found.schema_json))
        return self._schemas[schema_id]


def _said(why: Any) -> CrmAuthError | CrmRetryLaterError:
    """What an end of the stream means; its text may hold names and is not passed on."""
    code = why.code().name if hasattr(why, "code") else "UNKNOWN"
    about = dict(why.trailing_metadata() or ()) if hasattr(why, "trailing_metadata") else {}
    if str(about.get("error-code", "")).endswith(LOST_PLACE):
        return PlaceLostError("Salesforce: the place where reading stopped is no longer known")
    if code in {"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"}:
        return CrmAuthError(f"Salesforce: the event bus refuses us ({code})")
    return CrmRetryLaterError(f"Salesforce: the event bus ended the stream ({code})")
