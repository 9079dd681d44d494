"""What stewards work through: cases, patterns of evidence, audits of the engine's links, batches, trials, flaws."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, WithPublicId, due_index


class EvidencePattern(WithId, Row):
    """The levels that speak for or against the best candidate, and what people said of such candidates."""

    __tablename__ = "evidence_pattern"

    levels: Mapped[str] = mapped_column(unique=True)  # "email.verified surname.exact": sorted, the loud ones alone
    judged: Mapped[int] = mapped_column(default=0)
    agreed: Mapped[int] = mapped_column(default=0)  # of these, said to be right
    novelty: Mapped[int] = mapped_column(default=1000)  # thousandths; falls as more of the kind were judged


class ReviewCase(Row):
    """A profile that waits for a steward, with what the queue is ordered and narrowed by; derived from the rest."""

    __tablename__ = "review_case"
    __table_args__ = (
        Index("ix_review_case_state_pattern_id_worth", "state", "pattern_id", "worth", "profile_id"),
        Index("ix_review_case_claimed_by", "claimed_by"),
        Index("ix_review_case_asked_of", "asked_of"),
    )

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    state: Mapped[str]  # review or unsure; an audit waits as a review does
    network: Mapped[str]
    pattern_id: Mapped[int] = mapped_column(ForeignKey("evidence_pattern.id"))
    kind: Mapped[str]  # what is doubtful about it
    band: Mapped[int | None]  # tenths of the best probability; empty where it must not show
    community_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"))  # where they spoke last
    worth: Mapped[int]  # before novelty
    since: Mapped[datetime]
    is_blind: Mapped[bool] = mapped_column(default=False)  # score and evidence are hidden until it is decided
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))  # who is looking at it
    claimed_until: Mapped[datetime | None]
    asked_of: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))  # whose word it waits for
    notes: Mapped[list[Any]] = mapped_column(default=list)  # [{"by", "to", "text", "at"}]


class LinkAudit(Row):
    """A link of the engine that was drawn to be judged blindly, and what came out."""

    __tablename__ = "link_audit"
    __table_args__ = (Index("ix_link_audit_profile_id", "profile_id"), Index("ix_link_audit_basis", "basis"))

    judgment_id: Mapped[int] = mapped_column(ForeignKey("judgment.id"), primary_key=True)  # the engine's
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    basis: Mapped[str]
    probability: Mapped[float]
    drawn_at: Mapped[datetime]
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("judgment.id"))
    is_right: Mapped[bool | None]  # empty while it waits, and when a steward could not tell


class BatchState(StrEnum):
    """How far a batch is."""

    DOING = "doing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class ReviewBatch(WithPublicId, Leased, Row):
    """Cases of one pattern that a steward judged as one; worked off a few at a time."""

    __tablename__ = "review_batch"
    __table_args__ = (due_index("review_batch"),)

    pattern_id: Mapped[int] = mapped_column(ForeignKey("evidence_pattern.id"))
    verdict: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime]
    state: Mapped[str]
    total: Mapped[int]  # cases that waited when it was approved
    done: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    last_id: Mapped[int] = mapped_column(default=0)  # how far it got: a profile, while undoing a judgment


class ModelTrial(WithPublicId, Leased, Row):
    """What somebody wants to know before a threshold or a rule is changed, and what came out."""

    __tablename__ = "model_trial"
    __table_args__ = (due_index("model_trial"),)

    change: Mapped[dict[str, Any]]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("match_model.id"))  # in force when it was asked
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime]
    result: Mapped[dict[str, Any]]
    is_done: Mapped[bool] = mapped_column(default=False)


class QualityFinding(WithId, Row):
    """Something that looks wrong in the data; found again each day."""

    __tablename__ = "quality_finding"
    __table_args__ = (Index("ix_quality_finding_kind", "kind", "id"),)

    kind: Mapped[str]
    contacts: Mapped[list[Any]]
    profiles: Mapped[list[Any]]


class QualityCount(Row):
    """How much of a kind was found, and when it was looked for."""

    __tablename__ = "quality_count"

    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    looked_at: Mapped[datetime]
