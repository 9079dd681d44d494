"""Import a network's own account archive: the same translation, the same keys, so nothing is doubled.

Streams the file; each portion and the place reached are one transaction, so a killed import goes on where it was.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scrm.connectors.base import Archive, Connector, RefusedArchive
from scrm.connectors.registry import connectors
from scrm.errors import InputError
from scrm.i18n import N_
from scrm.ingest.internal import internal_check
from scrm.ingest.run import RAW_HOURS
from scrm.ingest.store import Context, Stored, store
from scrm.ingest.translate import Batch, translate
from scrm.models import Preference
from scrm.policy import Use, permit
from scrm.runtime import Core

PORTION = 200


@dataclass(kw_only=True)
class ArchiveReport:
    """What an archive brought."""

    kind: str
    items: int = 0
    new: int = 0
    quarantined: int = 0


def import_archive(core: Core, file: Path, progress: Callable[[int], None] | None = None) -> ArchiveReport:
    """Read an archive to its end; raises InputError when its kind is not known or its terms forbid storing."""
    connector, archive = recognize(file)
    network = connector.manifest.key
    if not permit(network, Use.STORE).allowed:
        raise InputError(N_("The network's terms do not allow storing this."))
    account = archive.owner(file)
    place = "archive/" + _fingerprint(file)
    with core.db.read() as session:
        reached = session.get(Preference, place)
        cursor = reached.value.get("cursor") if reached else None
    report = ArchiveReport(kind=archive.kind)
    items = archive.items(file, cursor)
    while portion := list(islice(items, PORTION)):
        batch = translate((item for item, _ in portion), account, archive.translate)
        with core.db.write("archive.store") as session:
            now = core.db.clock.now()
            context = Context(
                connection_id=None,
                network=network,
                stream=archive.kind,
                now=now,
                raw_hours=RAW_HOURS,
                keep_hours=connector.manifest.terms.keep_hours,
                is_internal=internal_check(session, [account.key]),
                is_archive=True,
            )
            stored = store(session, context, batch)
            session.merge(Preference(name=place, value={"cursor": portion[-1][1]}, updated_at=now))
        _add(report, batch, stored)
        if progress is not None:
            progress(report.items)
    core.wake("match", None)
    core.wake("expand", None)
    return report


def recognize(file: Path) -> tuple[Connector, Archive]:
    """The connector whose archive this is, by content."""
    for connector in connectors().values():
        for archive in connector.archives:
            if archive.recognizes(file):
                if isinstance(archive, RefusedArchive):
                    why = archive.why
                    raise InputError(why)
                return connector, archive
    raise InputError(N_("This is not an archive of a network that scrm knows."))


def _add(report: ArchiveReport, batch: Batch, stored: Stored) -> None:
    report.items += len(batch.raw)
    report.new += stored.new
    report.quarantined += batch.quarantined


def _fingerprint(file: Path) -> str:
    """The content, so that the same file under another name goes on and a changed one begins anew."""
    if file.is_dir():
        listing = sorted(
            f"{path.relative_to(file)}:{path.stat().st_size}" for path in file.rglob("*") if path.is_file()
        )
        return hashlib.sha256("\n".join(listing).encode()).hexdigest()[:32]
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:32]
