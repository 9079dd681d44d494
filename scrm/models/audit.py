"""Who did what when: a chain of entries that is only ever added to, and in which any alteration shows.

Each entry bears a keyed hash (HMAC-SHA256) over its content and the hash before it. The key is sealed by the vault:
whoever can write to the database alone can alter entries, but not make the chain fit again. Entries of a transaction
are held until it commits and then numbered without a gap, one transaction after the other, so that nobody waits for
this lock while holding it. Triggers on both engines refuse UPDATE and DELETE.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, ForeignKey, Index, LargeBinary, Table, event, insert, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from scrm.db import METADATA, Database, take_turns, to_json
from scrm.i18n import N_
from scrm.models.base import Row, WithId
from scrm.vault import VAULT, Vault

KEY: Final = "audit_chain/-/sealed_key"  # what the chain's key is sealed for
ONLY: Final = 1  # the id of the one row of AuditChain
TURN: Final = 0x5C12A0D1  # lock of whoever adds to the chain
HELD: Final = "audit_entries"  # under this name in `Session.info`: what waits for the commit
START: Final = bytes(32)  # what stands before the first entry
PORTION: Final = 1_000
TRIGGER: Final = "audit_entry_is_fixed"
REFUSAL: Final = "the audit trail is only added to"

ALTERED = N_("It was altered, or something before it was.")
MISSING = N_("It is missing.")
CUT = N_("The end of the trail is missing.")
NO_START = N_("The trail's own record is missing or was altered.")


class AuditEntry(WithId, Row):
    """One act: actor, action, object, and what changed; ids and settings, never personal texts."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_user_id", "user_id", "id"),
        Index("ix_audit_entry_action", "action", "id"),
        Index("ix_audit_entry_object", "object", "id"),
    )

    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    action: Mapped[str]  # e.g. connection.paused
    object: Mapped[str]  # e.g. connection/0190…
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    seal: Mapped[bytes] = mapped_column(LargeBinary())  # over all of the above, the number, and the seal before


class AuditChain(WithId, Row):
    """Where the trail ends, and when it was last gone through. One row, made with the first entry."""

    __tablename__ = "audit_chain"

    sealed_key: Mapped[str]  # sealed for `audit_chain/-/sealed_key`
    number: Mapped[int] = mapped_column(default=0)  # of the last entry
    seal: Mapped[bytes] = mapped_column(LargeBinary())  # of the last entry
    proof: Mapped[bytes] = mapped_column(LargeBinary())  # keyed hash over number and seal, so that no end is cut off
    checked_at: Mapped[datetime | None]
    broken_at: Mapped[int | None]  # number of the first entry that did not fit when last gone through


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What going through the trail found. `broken`: number of the first entry that does not fit."""

    entries: int
    seal: str = ""  # of the last entry, in hex: kept elsewhere, it proves later that nothing was cut off since
    broken: int | None = None
    reason: str = ""  # a message for the catalogue


def verify(db: Database, vault: Vault, *, expected: tuple[int, str] | None = None) -> Verdict:
    """Go through the whole trail in portions. `expected`: number and seal (hex) that somebody kept of an earlier day.

    Entries that are added meanwhile are left to the next time. Raises SealError when the vault is another one.
    """
    with db.read() as session:
        chain = session.get(AuditChain, ONLY)
        is_empty = chain is None and not expected and session.scalar(select(AuditEntry.id).limit(1)) is None
    if is_empty:
        return Verdict(entries=0)
    key = _open(vault, chain.sealed_key) if chain is not None else b""
    if chain is None or not hmac.compare_digest(chain.proof, _proof(key, chain.number, chain.seal)):
        return Verdict(entries=0, broken=1, reason=NO_START)
    number, seal = 0, START
    for entry in _until(db, chain.number):
        number += 1
        seal = _seal(key, seal, number, entry.at, _content(entry))
        is_altered = not hmac.compare_digest(seal, entry.seal) or (expected and _differs(expected, number, seal))
        if entry.id != number or is_altered:
            reason = MISSING if entry.id != number else ALTERED
            return Verdict(entries=number - 1, broken=number, reason=reason)
    if number < max(chain.number, expected[0] if expected else 0):
        return Verdict(entries=number, broken=number + 1, reason=CUT)
    return Verdict(entries=number, seal=seal.hex())


def _differs(expected: tuple[int, str], number: int, seal: bytes) -> bool:
    return number == expected[0] and not hmac.compare_digest(seal.hex(), expected[1].lower())


def _until(db: Database, last: int) -> Iterator[AuditEntry]:
    after, rows = 0, True
    while rows:
        with db.read() as session:
            query = select(AuditEntry).where(AuditEntry.id > after, AuditEntry.id <= last).order_by(AuditEntry.id)
            found = session.scalars(query.limit(PORTION)).all()
        yield from found
        rows = bool(found)
        after = found[-1].id if found else after


@event.listens_for(Session, "before_flush")
def _hold(session: Session, _context: Any, _instances: Any) -> None:
    """Keep new entries back until the commit; only then is it known what comes before them."""
    for row in [row for row in session.new if isinstance(row, AuditEntry)]:
        session.expunge(row)
        session.info.setdefault(HELD, []).append(row)


@event.listens_for(Session, "after_rollback")
def _drop(session: Session) -> None:
    session.info.pop(HELD, None)


@event.listens_for(Session, "before_commit")
def _add(session: Session) -> None:
    """Number and seal what was held, as the last thing of the transaction."""
    session.flush()
    held: Sequence[AuditEntry] = session.info.pop(HELD, ())
    if not held:
        return
    vault: Vault | None = session.info.get(VAULT)
    if vault is None:
        raise RuntimeError("a session without a vault cannot add to the audit trail")
    take_turns(session, TURN)
    chain = session.get(AuditChain, ONLY, populate_existing=True) or _begin(session, vault)
    key = _open(vault, chain.sealed_key)
    rows = []
    for entry in held:
        content = orjson.loads(to_json(_content(entry)))
        chain.number += 1
        chain.seal = _seal(key, chain.seal, chain.number, entry.at, content)
        names = ("user_id", "action", "object", "before", "after")
        rows.append(
            {"id": chain.number, "at": entry.at, "seal": chain.seal, **dict(zip(names, content, strict=True))}
        )
    chain.proof = _proof(key, chain.number, chain.seal)
    session.flush()
    session.execute(insert(AuditEntry), rows)


def _begin(session: Session, vault: Vault) -> AuditChain:
    key = secrets.token_bytes(32)
    sealed = vault.seal({"key": base64.b64encode(key).decode()}, KEY)
    chain = AuditChain(id=ONLY, sealed_key=sealed, number=0, seal=START, proof=_proof(key, 0, START))
    session.add(chain)
    return chain


def _open(vault: Vault, sealed: str) -> bytes:
    return base64.b64decode(vault.open(sealed, KEY)["key"])


def _content(entry: AuditEntry) -> list[Any]:
    return [entry.user_id, entry.action, entry.object, entry.before, entry.after]


def _seal(key: bytes, previous: bytes, number: int, at: datetime, content: list[Any]) -> bytes:
    told = to_json([number, at.astimezone(UTC).isoformat(timespec="microseconds"), *content])
    return hmac.digest(key, previous + told.encode("utf-8", "surrogatepass"), hashlib.sha256)


def _proof(key: bytes, number: int, seal: bytes) -> bytes:
    return hmac.digest(key, b"end" + str(number).encode() + b"\x00" + seal, hashlib.sha256)


def install(connection: Connection) -> None:
    """Refuse changes of entries; harmless to repeat. On SQLite also after a migration that copied the table."""
    table: Table = AuditEntry.__table__  # type: ignore[assignment]
    if not inspect(connection).has_table(table.name):
        return
    if connection.dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS {TRIGGER}_{act.lower()} BEFORE {act} ON {table.name}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    known = "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = CAST(%s AS regclass)"
    if connection.exec_driver_sql(known, (TRIGGER, table.name)).first() is not None:
        return
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for name, acts in ((TRIGGER, "UPDATE OR DELETE"), (f"{TRIGGER}_whole", "TRUNCATE")):
        each = "STATEMENT" if acts == "TRUNCATE" else "ROW"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {acts} ON {table.name} FOR EACH {each} EXECUTE FUNCTION {TRIGGER}()"
        )


@event.listens_for(METADATA, "after_create")
def _with_the_tables(_metadata: Any, connection: Connection, **_others: Any) -> None:
    install(connection)
