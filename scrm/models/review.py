"""What stewards work through: cases that wait, patterns of evidence, audits of links made by the engine."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


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
