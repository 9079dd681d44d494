"""What a source may tell us about a contact by webhook, checked as strictly as we publish it.

An event says how the contact is now, not what changed: missing fields are empty. `data.version` counts the changes of
one contact at the source; a source sends it always or never. Unknown fields are refused (marshmallow's default), so
that a typing error is seen at once and not months later.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from scrm.connectors.payload import EARLIEST, LATEST, clean, parse_json
from scrm.errors import PayloadError
from scrm.models import ContactKind, Relation
from scrm.sync.crm.local_contacts import Statement

LONGEST_ID, LONGEST_TEXT, LONGEST_LIST = 255, 500, 50
LARGEST_VERSION = 2**63 - 1
AHEAD = timedelta(days=1)  # a source whose clock is further ahead would lock out every later event


class Text(fields.String):
    """Text that both databases take, without blanks around it."""

    def __init__(self, *, longest: int = LONGEST_TEXT, shortest: int = 0, **more: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> str:
        return clean(str(super()._deserialize(value, attr, data, **more))).strip()


def _texts() -> fields.List[str]:
    return fields.List(Text(shortest=1), load_default=list, validate=validate.Length(max=LONGEST_LIST))


def _optional() -> Text:
    return Text(load_default=None, allow_none=True)


class HandleSchema(Schema):
    """A name on a network."""

    network = Text(required=True, shortest=1)
    handle = Text(required=True, shortest=1)


class GoneSchema(Schema):
    """Which contact it is about."""

    id = Text(required=True, shortest=1, longest=LONGEST_ID)
    version = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, LARGEST_VERSION))


class DeletedSchema(GoneSchema):
    """`contact.deleted`; `erase`: the person asked to be forgotten, so everything about them goes."""

    erase = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class MergedSchema(GoneSchema):
    """`contact.merged`: `id` lives on as `merged_into`."""

    merged_into = Text(required=True, shortest=1, longest=LONGEST_ID)


class ContactSchema(GoneSchema):
    """`contact.created` and `contact.updated`: the whole contact."""

    kind = fields.String(load_default=ContactKind.CONTACT.value, validate=validate.OneOf(list(ContactKind)))
    relation = fields.String(load_default=Relation.OTHER.value, validate=validate.OneOf(list(Relation)))
    full_name = Text(required=True, shortest=1)
    first_name = _optional()
    last_name = _optional()
    company = _optional()
    title = _optional()
    city = _optional()
    country = _optional()
    language = _optional()
    owner = _optional()
    owner_email = _optional()
    emails = _texts()
    phones = _texts()
    urls = _texts()
    handles = fields.List(fields.Nested(HandleSchema), load_default=list, validate=validate.Length(max=LONGEST_LIST))


class EventSchema(Schema):
    """The envelope, as Standard Webhooks recommends it."""

    type = fields.String(required=True)
    timestamp = fields.AwareDateTime(required=True)
    data = fields.Dict(keys=fields.String(), required=True)


ABOUT: Mapping[str, Schema] = {
    "contact.created": ContactSchema(),
    "contact.updated": ContactSchema(),
    "contact.deleted": DeletedSchema(),
    "contact.merged": MergedSchema(),
}
ENVELOPE = EventSchema()


def read_event(body: bytes, received_at: datetime) -> Statement:
    """One event as a statement about a contact; raises PayloadError naming the field, never its value."""
    event = _load(ENVELOPE, parse_json(_text(body)), "")
    if event["type"] not in ABOUT:
        raise PayloadError("type: expected one of " + ", ".join(ABOUT))
    at: datetime = event["timestamp"]
    if not EARLIEST <= at.year < LATEST or at > received_at + AHEAD:
        raise PayloadError("timestamp: expected a time that has been")
    data = _load(ABOUT[event["type"]], event["data"], "data.")
    source_id, version, merged_into = data.pop("id"), data.pop("version"), data.pop("merged_into", None)
    is_erasure = data.pop("erase", False)
    if merged_into == source_id:
        raise PayloadError("data.merged_into: expected another contact than data.id")
    if "handles" in data:
        data["handles"] = [[handle["network"], handle["handle"]] for handle in data["handles"]]
    return Statement(
        source_id=source_id,
        fields=data or None,
        merged_into=merged_into,
        is_erasure=is_erasure,
        version=version,
        at=at,
    )


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PayloadError("expected JSON in UTF-8") from None


def _load(schema: Schema, data: Any, place: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise PayloadError(f"{place.rstrip('.') or 'body'}: expected an object")
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as why:
        raise PayloadError("; ".join(_reasons(why.messages, place))) from None
    return loaded


def _reasons(messages: Any, place: str) -> list[str]:
    if isinstance(messages, dict):
        return [
            reason
            for name, inner in messages.items()
            for reason in _reasons(inner, f"{place}{clean(str(name))[:40]}.")
        ]
    return [f"{place.rstrip('.')}: {message}" for message in messages]
