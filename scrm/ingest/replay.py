"""Translate stored raw rows again, after a connector was mended; what was deleted stays deleted."""

import json
from collections.abc import Callable, Iterator

from sqlalchemy import select, update

from scrm.connectors.base import ObjectStream, Stream
from scrm.connectors.push import STREAM as PUSH
from scrm.connectors.push import Push
from scrm.connectors.registry import connector_for
from scrm.ingest.access import account_of
from scrm.ingest.run import context_for
from scrm.ingest.store import store
from scrm.ingest.translate import translate
from scrm.models import Connection, RawRecord
from scrm.runtime import Core

PORTION = 100


def replay(core: Core, connection_id: int, progress: Callable[[int], None] | None = None) -> int:
    """Translate every kept raw row of a connection again, oldest first; returns how many are still quarantined."""
    with core.db.read() as session:
        connection = session.get_one(Connection, connection_id)
    connector = connector_for(connection.network)
    streams: dict[str, Stream | ObjectStream | Push] = {stream.name: stream for stream in connector.streams}
    streams |= {stream.name: stream for stream in connector.object_streams}
    streams |= {PUSH: connector.push} if connector.push is not None else {}
    account = account_of(connection)
    done = bad = 0
    for stream_name, rows in _portions(core, connection_id):
        stream = streams.get(stream_name)
        if stream is None:
            continue
        batch = translate((json.loads(row.body) for row in rows), account, stream.translate)
        with core.db.write("replay.store") as session:
            store(session, context_for(session, core, connection, stream_name), batch)
            for row, item in zip(rows, batch.raw, strict=True):
                if row.quarantine != item.quarantine:
                    mended = update(RawRecord).where(RawRecord.id == row.id)
                    session.execute(mended.values(quarantine=item.quarantine))
        done += len(rows)
        bad += batch.quarantined
        if progress is not None:
            progress(done)
    return bad


def _portions(core: Core, connection_id: int) -> Iterator[tuple[str, list[RawRecord]]]:
    """Raw rows in the order they came, in portions of one stream each."""
    last = 0
    while True:
        with core.db.read() as session:
            rows = session.scalars(
                select(RawRecord)
                .where(RawRecord.connection_id == connection_id, RawRecord.id > last)
                .order_by(RawRecord.id)
                .limit(PORTION)
            ).all()
        if not rows:
            return
        last = rows[-1].id
        by_stream: dict[str, list[RawRecord]] = {}
        for row in rows:
            by_stream.setdefault(row.stream, []).append(row)
        yield from by_stream.items()
