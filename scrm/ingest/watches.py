"""Watched objects after a reading: due again later, from where this reading ended, or watched no longer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.orm import Session

from scrm.connectors.base import Again, ObjectPage
from scrm.models import Connection, Interaction, Watch

UNMOVED_SECONDS = 60.0  # an object that wants to be read on at once, but whose cursor stands still, waits this long


def settle_watches(
    session: Session, connection: Connection, due: Sequence[Watch], page: ObjectPage, now: datetime, rhythm: timedelta
) -> None:
    """Plan the next reading of what was just read, and note what was confirmed.

    What the page does not speak of is read again after `rhythm`; what would be too old by then is watched no longer.
    """
    gone = set(page.gone)
    over = gone | set(page.ends)
    ends = [watch for watch in due if watch.native_id in over or _is_too_old(watch, page.again, until=now + rhythm)]
    for watch in ends:
        session.execute(delete(Watch).where(_is(watch)))
    ended = {watch.native_id for watch in ends}
    for watch in due:
        if watch.native_id not in ended:
            session.execute(update(Watch).where(_is(watch)).values(_plan(watch, page.again, now, rhythm)))
    confirmed = [watch.native_id for watch in due if watch.native_id not in gone]
    session.execute(
        update(Interaction)
        .where(Interaction.network == connection.network, Interaction.native_id.in_(confirmed))
        .values(checked_at=now)
    )


def wants_more(due: Sequence[Watch], page: ObjectPage) -> bool:
    """Whether one of these objects is to be read on at once."""
    over = {*page.gone, *page.ends}
    named = [(watch, page.again[watch.native_id]) for watch in due if watch.native_id in page.again]
    return any(_seconds(watch, again) <= 0 for watch, again in named if watch.native_id not in over)


def _plan(watch: Watch, again: Mapping[str, Again], now: datetime, rhythm: timedelta) -> dict[str, object]:
    wish = again.get(watch.native_id)
    if wish is None:
        return {"due_at": now + rhythm}
    due_at = now + timedelta(seconds=_seconds(watch, wish))
    return {"due_at": due_at, "until_at": max(watch.until_at, due_at), "cursor": wish.cursor}


def _seconds(watch: Watch, again: Again) -> float:
    """How long to wait; nothing turns in a circle without getting on."""
    if again.after_seconds <= 0 and again.cursor == watch.cursor:
        return UNMOVED_SECONDS
    return max(again.after_seconds, 0.0)


def _is_too_old(watch: Watch, again: Mapping[str, Again], *, until: datetime) -> bool:
    return watch.native_id not in again and watch.until_at < until


def _is(watch: Watch) -> ColumnElement[bool]:
    return (
        (Watch.connection_id == watch.connection_id)
        & (Watch.stream == watch.stream)
        & (Watch.native_id == watch.native_id)
    )
