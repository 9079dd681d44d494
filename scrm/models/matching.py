"""Match keys, models, candidates, judgments and the links that follow from judgments."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import BigId, Row, WithId


class Side(StrEnum):
    """Whose key it is."""

    CONTACT = "c"
    PROFILE = "p"


class Verdict(StrEnum):
    """A decision on a pair, or on a profile when no contact is named."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNSURE = "unsure"
    NOBODY = "nobody"  # none of our contacts; contact_id is empty


class Judge(StrEnum):
    """Who decided."""

    STEWARD = "steward"
    ENGINE = "engine"
    CRM = "crm"


class MatchKey(Row):
    """One blocking key of one contact or profile; a hash of family and value."""

    __tablename__ = "match_key"
    __table_args__ = (Index("ix_match_key_owner", "side", "owner_id"), {"sqlite_with_rowid": False})

    side: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger(), primary_key=True)
    owner_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class KeyCount(Row):
    """How many contacts hold a key, for keys of many; kept by the transaction that makes the keys."""

    __tablename__ = "key_count"

    key: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    count: Mapped[int]


class ValueCount(Row):
    """How many live contacts share a value, for term frequency; kept by the transaction that makes the keys."""

    __tablename__ = "value_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    value: Mapped[str] = mapped_column(primary_key=True)  # kind:value; "total:" counts the contacts
    count: Mapped[int]


class MatchModelRow(WithId, Row):
    """An immutable set of weights, thresholds and calibration; the newest active one is used."""

    __tablename__ = "match_model"

    name: Mapped[str]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    activated_at: Mapped[datetime | None]


class Candidate(WithId, Row):
    """A (profile, contact) pair with its evidence, as scored by one model."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("profile_id", "contact_id"),
        Index("ix_candidate_contact_id", "contact_id"),
    )

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    bits: Mapped[float]
    probability: Mapped[float]
    evidence: Mapped[list[Any]]
    for_review: Mapped[bool] = mapped_column(default=True)  # worth a steward's look
    model_id: Mapped[int] = mapped_column(ForeignKey("match_model.id"))
    computed_at: Mapped[datetime]


class Judgment(WithId, Row):
    """Append-only; undone by a later row that names it."""

    __tablename__ = "judgment"
    __table_args__ = (
        Index("ix_judgment_profile_id", "profile_id", "id"),
        Index("ix_judgment_contact_id", "contact_id"),
        Index("ix_judgment_judge", "judge", "id"),
        Index("ix_judgment_batch_id", "batch_id", "id"),
        Index("ix_judgment_user_id", "user_id", "id"),
        UniqueConstraint("undoes_id"),
    )

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    verdict: Mapped[str | None]  # empty for a row that only undoes
    judge: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_token.id"))  # through which it came
    model_id: Mapped[int | None] = mapped_column(ForeignKey("match_model.id"))
    probability: Mapped[float | None]
    basis: Mapped[str | None]  # the engine's alone: what it rests on
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("judgment.id"))
    pattern_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_pattern.id"))  # of the best candidate, then
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("review_batch.id"))
    is_best: Mapped[bool | None]  # whether it is about the best candidate


class Link(Row):
    """What follows from the judgments: this profile is this contact, now."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_contact_id", "contact_id"), Index("ix_link_basis", "basis"))

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    judgment_id: Mapped[int] = mapped_column(ForeignKey("judgment.id"))
    model_id: Mapped[int | None] = mapped_column(ForeignKey("match_model.id"))
    basis: Mapped[str | None]  # what the engine's link rests on: a verified key, or a name; empty for a person's
    linked_at: Mapped[datetime]


class Consent(Row):
    """The person behind a profile agreed that it may be linked to what we know of them."""

    __tablename__ = "consent"

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    given_at: Mapped[datetime]
    source: Mapped[str]  # how they said so, in the words of who recorded it
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
