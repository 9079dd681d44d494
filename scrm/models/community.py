"""Community: where people say things together, who belongs to it, and whom that lets read an interaction."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, case
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Leased, Row, WithId, WithPublicId, due_index
from scrm.models.interaction import Interaction
from scrm.records import Audience, Visibility

OPEN = {
    Visibility.PUBLIC.value: Audience.PUBLIC.value,
    Visibility.ORGANIZATION.value: Audience.ORGANIZATION.value,
}


class Community(WithPublicId, Row):
    """Identity (network, scope, native_id). Closed until the network says otherwise."""

    __tablename__ = "community"
    __table_args__ = (UniqueConstraint("native_id", "network", "scope"),)

    network: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    native_id: Mapped[str]
    connection_id: Mapped[int | None] = mapped_column(ForeignKey("connection.id"))  # whose rules say who may see it
    name: Mapped[str | None]
    url: Mapped[str | None]
    description: Mapped[str | None]
    visibility: Mapped[str] = mapped_column(default=Visibility.CLOSED)
    first_seen_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Membership(WithId, Row):
    """A profile belongs to a community; gone as soon as a whole list of its members is without it."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("community_id", "profile_id"),
        Index("ix_membership_profile_id", "profile_id"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    role: Mapped[str]
    first_seen_at: Mapped[datetime]
    listed_at: Mapped[datetime]  # when a reading of the members last found it


class AudienceChange(Leased, Row):
    """Who may read something of a network has changed: its linked profiles are to be looked at, in portions."""

    __tablename__ = "audience_change"
    __table_args__ = (due_index("audience_change"),)

    network: Mapped[str] = mapped_column(primary_key=True)
    after_id: Mapped[int] = mapped_column(default=0)  # profiles up to this one are marked
    changes: Mapped[int] = mapped_column(default=1)  # counted up by whoever changes something


def audience_of(interaction: Interaction, community: Community | None) -> str:
    """Who may read an interaction now: what is said to a community goes by the community as it is today."""
    if interaction.audience != Audience.COMMUNITY or community is None:
        return interaction.audience
    return OPEN.get(community.visibility, Audience.COMMUNITY.value)


def audience_now() -> ColumnElement[str]:
    """The same as SQL; the query joins `Community` from the outside."""
    of_community = case(OPEN, value=Community.visibility, else_=Audience.COMMUNITY.value)
    return case((Interaction.audience == Audience.COMMUNITY.value, of_community), else_=Interaction.audience)
