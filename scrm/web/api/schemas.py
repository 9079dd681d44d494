"""What the API takes and gives."""

from marshmallow import Schema, fields, validate

from scrm.models import Verdict


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(metadata={"description": "what is wrong, by the name of the field, never by its value"})


class ContactOut(Schema):
    """A contact of the CRM."""

    id = fields.UUID(attribute="public_id")
    crm = fields.String(attribute="crm_id")
    crm_record = fields.String(attribute="native_id")
    kind = fields.String()
    relation = fields.String()
    full_name = fields.String()
    company = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    updated_at = fields.AwareDateTime()


class ProfileOut(Schema):
    """A profile as its network shows it."""

    id = fields.UUID(attribute="public_id")
    network = fields.String()
    handle = fields.String(allow_none=True)
    display_name = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    match_state = fields.String()
    updated_at = fields.AwareDateTime()


class ItemOut(Schema):
    """One interaction; of what the token's role may not see, only that it is there."""

    hidden = fields.Boolean()
    id = fields.UUID()
    network = fields.String()
    kind = fields.String()
    direction = fields.String()
    occurred_at = fields.AwareDateTime()
    author = fields.Nested(ProfileOut, allow_none=True)
    text = fields.String()
    text_held = fields.String(metadata={"description": "why the text is not given"})
    url = fields.String(allow_none=True)
    is_deleted = fields.Boolean()


class CandidateOut(Schema):
    """A contact the profile may be, with the evidence."""

    contact = fields.Nested(ContactOut)
    probability = fields.Float()
    evidence = fields.List(fields.Dict())


class JudgmentIn(Schema):
    """A decision, as a steward makes it."""

    verdict = fields.Enum(Verdict, by_value=True, required=True)
    contact = fields.UUID(load_default=None, allow_none=True)
    seen = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 2**62),
        metadata={"description": "newest judgment that was seen, 0 for none; 409 when there is a newer one"},
    )
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))


class JudgmentOut(Schema):
    """A decision that was made."""

    id = fields.Integer()
    verdict = fields.String(allow_none=True)
    judge = fields.String()
    undoes = fields.Integer(attribute="undoes_id", allow_none=True)
    created_at = fields.AwareDateTime()


class ConsentIn(Schema):
    """How the person agreed."""

    source = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=200), validate.Regexp(r"[^\s\x00-\x1f\x85]", error="blank")],
    )


class ConsentOut(Schema):
    """When and how the person agreed."""

    given_at = fields.AwareDateTime()
    source = fields.String()


class DeliveryOut(Schema):
    """A webhook that was received; never its content."""

    id = fields.Integer()
    address = fields.String(attribute="endpoint")
    state = fields.String()
    received_at = fields.AwareDateTime()
    done_at = fields.AwareDateTime(allow_none=True)
    attempts = fields.Integer()
    reason = fields.String(allow_none=True)


class HealthOut(Schema):
    """How the service is."""

    database = fields.Boolean()
    waiting = fields.Integer(metadata={"description": "deliveries received and not yet applied"})
    set_aside = fields.Integer()


class TimelineQuery(Schema):
    """Which part of a timeline."""

    before = fields.String(
        load_default="",
        validate=validate.Regexp(r"^([0-9]{1,17}\.[0-9]{1,18})?$"),
        metadata={"description": "`next` of the page before"},
    )
    network = fields.String(load_default="", validate=validate.Length(max=40))


class ContactQuery(Schema):
    """Which contacts."""

    after = fields.UUID(load_default=None)
    crm_record = fields.String(load_default=None, validate=validate.Length(max=255))


class DeliveryQuery(Schema):
    """Which deliveries."""

    before = fields.Integer(load_default=None, validate=validate.Range(1, 2**62))
    state = fields.String(load_default=None, validate=validate.OneOf(["todo", "done", "quarantined"]))


class GroundIn(Schema):
    """A purpose of a profile with its legal ground."""

    purpose = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(["support", "sales", "community"])
    )
    basis = fields.String(
        required=True,
        validate=validate.OneOf(["consent", "contract", "legitimate_interest", "legal_obligation"]),
    )
    source = fields.String(required=True, validate=validate.Length(min=1, max=200))
    given_at = fields.AwareDateTime(load_default=None, allow_none=True)
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class GroundOut(Schema):
    """An entry of the ledger."""

    public_id = fields.UUID(data_key="id")
    purpose = fields.String(allow_none=True)
    basis = fields.String()
    source = fields.String()
    given_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    recorded_by = fields.String()


class GroundsOut(Schema):
    """The ledger of a profile, the newest first."""

    items = fields.List(fields.Nested(GroundOut))


class ForgetIn(Schema):
    """A request to forget somebody."""

    reference = fields.String(
        load_default="", validate=validate.Length(max=80), metadata={"description": "your own number; no name"}
    )


class PlaceOut(Schema):
    """A place that was emptied."""

    place = fields.String()
    count = fields.Integer()
    at = fields.String()


class ForgettingOut(Schema):
    """How far a request to forget somebody is."""

    public_id = fields.UUID(data_key="id")
    state = fields.String()
    reference = fields.String()
    asked_at = fields.AwareDateTime()
    local_at = fields.AwareDateTime(allow_none=True)
    done_at = fields.AwareDateTime(allow_none=True)
    places = fields.List(fields.Nested(PlaceOut))


class TimelineOut(Schema):
    """A page of a timeline."""

    items = fields.List(fields.Nested(ItemOut))
    next = fields.String(allow_none=True)


class ContactsOut(Schema):
    """A page of contacts."""

    items = fields.List(fields.Nested(ContactOut))
    next = fields.UUID(allow_none=True)


class ProfilesOut(Schema):
    """Linked profiles."""

    items = fields.List(fields.Nested(ProfileOut))


class CandidatesOut(Schema):
    """Candidates and judgments."""

    items = fields.List(fields.Nested(CandidateOut))
    judgments = fields.List(fields.Nested(JudgmentOut), metadata={"description": "those that stand, newest first"})


class DeliveriesOut(Schema):
    """A page of deliveries."""

    items = fields.List(fields.Nested(DeliveryOut))
    next = fields.Integer(allow_none=True)
