"""The app that an installation registered with a network, and sign-ins at a network that are under way."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scrm.models.base import Row, WithId


class NetworkApp(Row):
    """What the network gave when the app was registered: one app per network and installation."""

    __tablename__ = "network_app"

    network: Mapped[str] = mapped_column(primary_key=True)
    values: Mapped[str]  # sealed for `network_app/<network>/values`; texts by the names of the manifest's app_fields
    updated_at: Mapped[datetime]
    refused: Mapped[int] = mapped_column(default=0)  # deliveries with a wrong signature
    heard_at: Mapped[datetime | None]  # the last delivery that was taken


class SignInFlow(WithId, Row):
    """An admin went to a network to sign in; good for one return of the same person, within minutes."""

    __tablename__ = "sign_in_flow"
    __table_args__ = (Index("ix_sign_in_flow_state", "state", unique=True),)

    state: Mapped[str]  # SHA-256 of what travels through the browser
    network: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    connection_id: Mapped[int | None] = mapped_column(ForeignKey("connection.id"))  # signing in again on this one
    secrets: Mapped[str]  # sealed for `sign_in_flow/<state>/secrets`: the verifier, later what can be chosen
    is_redeemed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
