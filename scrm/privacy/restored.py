"""A backup may be older than a request to forget: what was forgotten since is forgotten again, before anybody works.

The tombstones come from the database that is being replaced, if it can be read, and from the file beside it
(SCRM_TOMBSTONE_FILE), which should lie on another disk for the day on which the first one is lost.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scrm import logs
from scrm.config import Settings
from scrm.db import Database
from scrm.errors import ConfigError, SealError
from scrm.models import Asked, Contact, Link, LocalContact, Origin, Profile, Tombstone, TombstoneKey, ask_to_forget
from scrm.runtime import Core
from scrm.sync.crm.local_contacts import erase
from scrm.tombstones import (
    FILE,
    Mark,
    contact_mark,
    contact_marks,
    file_of,
    forgotten,
    profile_mark,
    put_back,
    read_down,
    source_mark,
    write_down,
)
from scrm.vault import Vault

log = logs.get(__name__)
PORTION: Final = 1_000


@dataclass(kw_only=True)
class Kept:
    """Keys and hashes that a restore must not lose."""

    keys: list[bytes] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)

    def add(self, content: dict[str, Any], vault: Vault) -> None:
        keys, digests = read_down(content, vault)
        self.keys += [key for key in keys if key not in self.keys]
        self.digests += digests


def tombstones_of(settings: Settings) -> Kept:
    """All that this installation knows of whom it forgot."""
    kept = Kept()
    try:
        if not settings.keys and not (settings.state_dir / "keys").exists():
            return kept
        vault = Vault.load(settings.keys, settings.state_dir)
    except ConfigError:
        return kept
    for content in (_from_file(settings), _from_database(settings)):
        try:
            if content is not None:
                kept.add(content, vault)
        except SealError:
            log.warning("tombstones_of_another_vault")
    return kept


def _from_file(settings: Settings) -> dict[str, Any] | None:
    file = file_of(settings)
    try:
        found: dict[str, Any] = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _from_database(settings: Settings) -> dict[str, Any] | None:
    if settings.database.startswith("sqlite") and not (settings.state_dir / "scrm.db").exists():
        return None
    db = Database(settings.database)
    try:
        with db.read() as session:
            keys = session.scalars(select(TombstoneKey.sealed)).all()
            digests = session.scalars(select(Tombstone.digest)).all()
    except SQLAlchemyError:
        return None  # it has no such tables yet, or cannot be read: the file has to do
    finally:
        db.close()
    return {"keys": list(keys), "tombstones": [_encoded(digest) for digest in digests]}


def _encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def apply_again(core: Core, kept: Kept, state: Path) -> int:
    """Put tombstones into a restored database and ask to forget whoever came back; returns how many requests."""
    now = core.db.clock.now()
    with core.db.write("restored.keep") as session:
        put_back(session, kept.keys, kept.digests, now)
    asked = 0
    for contact_ids, profile_ids in _come_back(core):
        with core.db.write("restored.ask") as session:
            for contact_id in contact_ids:
                ask_to_forget(session, now, Asked(origin=Origin.RESTORE, contact_id=contact_id))
            for profile_id in profile_ids:
                ask_to_forget(session, now, Asked(origin=Origin.RESTORE, profile_id=profile_id))
        asked += len(contact_ids) + len(profile_ids)
    _erase_sources(core)
    with core.db.read() as session:
        write_down(session, core.settings, None if core.settings.tombstone_file else state / FILE)
    return asked


def _come_back(core: Core) -> Iterator[tuple[list[int], list[int]]]:
    contacts_back: set[int] = set()
    with core.db.read() as session:
        for contacts in _portions(session, Contact):
            marks = {
                row.id: {
                    contact_mark(row.crm_id, row.native_id),
                    *contact_marks(row.emails, [(one["network"], one["handle"]) for one in row.handles]),
                }
                for row in contacts
            }
            back = _gone(session, marks)
            contacts_back.update(back)
            yield back, []
        for profiles in _portions(session, Profile):
            mine = {row.id: {profile_mark(row.network, row.scope, row.native_id)} for row in profiles}
            gone = set(_gone(session, mine))
            linked = session.scalars(  # they go with their contact
                select(Link.profile_id).where(Link.profile_id.in_(gone), Link.contact_id.in_(contacts_back))
            )
            yield [], sorted(gone - set(linked))


def _erase_sources(core: Core) -> None:
    """Contacts of the built-in CRM that we may not have copied yet."""
    with core.db.read() as session:
        gone = [
            str(number)
            for rows in _portions(session, LocalContact)
            for number in _gone(
                session,
                {
                    row.id: {source_mark(row.source_id), *contact_marks(row.fields.get("emails", ()), ())}
                    for row in rows
                },
            )
        ]
    for start in range(0, len(gone), PORTION):
        with core.db.write("restored.erase") as session:
            erase(session, gone[start : start + PORTION], [])


def _gone(session: Session, marks: dict[int, set[Mark]]) -> list[int]:
    found = forgotten(session, (mark for some in marks.values() for mark in some))
    return sorted(row_id for row_id, some in marks.items() if found & some)


def _portions(session: Session, model: Any) -> Iterator[Iterable[Any]]:
    after = 0
    while rows := session.scalars(select(model).where(model.id > after).order_by(model.id).limit(PORTION)).all():
        after = rows[-1].id
        yield rows
        session.expunge_all()
