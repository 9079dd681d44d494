"""What was confirmed long ago is read again at the network before it is written into the CRM."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from scrm.connectors.base import RECHECK
from scrm.connectors.registry import connectors
from scrm.models import Connection, ConnectionState, Interaction, watch_again

FRESH_HOURS = 1


def must_be_checked(session: Session, interaction: Interaction, now: datetime) -> bool:
    """Whether it may have been edited or deleted since the network last showed it, and can be asked about."""
    if interaction.connection_id is None:
        return False  # from an archive: nobody can be asked
    if interaction.checked_at is not None and interaction.checked_at > now - timedelta(hours=FRESH_HOURS):
        return False
    connection = session.get_one(Connection, interaction.connection_id)
    connector = connectors().get(connection.network)
    can_ask = connector is not None and any(stream.name == RECHECK for stream in connector.object_streams)
    return can_ask and connection.state != ConnectionState.REMOVED


def is_suspended(session: Session, interaction: Interaction) -> bool:
    connection = session.get_one(Connection, interaction.connection_id)
    return connection.state != ConnectionState.ACTIVE


def read_again(session: Session, interactions: Iterable[Interaction], now: datetime) -> None:
    """Order these to be read at the network as soon as it can be."""
    watch_again(
        session,
        [
            {
                "connection_id": interaction.connection_id,
                "stream": RECHECK,
                "native_id": interaction.native_id,
                "fetch_ref": interaction.fetch_ref,
                "due_at": now,
                "until_at": now,
            }
            for interaction in interactions
        ],
    )
