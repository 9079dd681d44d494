"""Who was forgotten must not come back: keyed hashes of whatever a person could be known by, asked on every entry.

A tombstone is HMAC-SHA256 under a key of its own, sealed by the vault: whoever has a copy of the database alone can
neither read nor guess whom it means. Every way in asks before it stores: connectors, pushes, archives, replays, the
CRM's contacts, webhooks and imports. A file beside the database holds them too, so that a restore puts them back.
"""

import base64
import hashlib
import hmac
import os
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.config import Settings
from scrm.connectors.registry import connectors
from scrm.db import among, take_turns, upsert
from scrm.models import InboxItem, Tombstone, TombstoneKey
from scrm.vault import VAULT, Vault

PLACE = "tombstone_key/-/key"
FILE = "tombstones"
MOST_ASKED = 500  # in one statement
LONGEST_LEAF = 320
MOST_LEAVES = 5_000
Mark = tuple[str, str]  # a kind and a value


class Kind(StrEnum):
    """What a value is: the same text as a handle and as an address has two hashes."""

    PROFILE = "profile"  # network, scope and native id
    ACCOUNT = "account"  # network and native id, in whichever scope
    EMAIL = "email"
    HANDLE = "handle"  # network and handle
    CONTACT = "contact"  # CRM and its record id
    SOURCE = "source"  # the id by which a source of contacts calls it


def profile_mark(network: str, scope: str, native_id: str) -> Mark:
    return Kind.PROFILE, f"{network}\x00{scope}\x00{native_id}"


def account_mark(network: str, native_id: str) -> Mark:
    return Kind.ACCOUNT, f"{network}\x00{native_id}"


def email_mark(email: str) -> Mark:
    return Kind.EMAIL, email.strip().casefold()


def handle_mark(network: str, handle: str) -> Mark:
    return Kind.HANDLE, f"{network}\x00{handle.strip().lstrip('@').casefold()}"


def contact_mark(crm_id: str, native_id: str) -> Mark:
    return Kind.CONTACT, f"{crm_id}\x00{native_id}"


def source_mark(source_id: str) -> Mark:
    return Kind.SOURCE, source_id.strip().casefold()


def contact_marks(emails: Iterable[str], handles: Iterable[Sequence[str]]) -> list[Mark]:
    """By what a contact is known in any CRM: its addresses; a handle, which may be somebody else's later, without."""
    addresses = list(emails)
    if addresses:
        return [email_mark(email) for email in addresses]
    return [handle_mark(network, handle) for network, handle in handles]


def forgotten(session: Session, marks: Iterable[Mark]) -> set[Mark]:
    """Those of the marks that somebody forgotten was known by."""
    wanted = set(marks)
    keys = _keys(session) if wanted else []
    if not keys:
        return set()
    by_digest = {_digest(key, mark): mark for mark in wanted for key in keys}
    found: set[Mark] = set()
    digests = list(by_digest)
    for start in range(0, len(digests), MOST_ASKED):
        column = Tombstone.__table__.c.digest
        held = session.scalars(select(column).where(among(session, column, digests[start : start + MOST_ASKED])))
        found.update(by_digest[bytes(digest)] for digest in held)
    return found


def names_forgotten(session: Session, network: str | None, body: bytes | str) -> bool:
    """Whether a text that nobody could understand names somebody forgotten: one of its values is theirs."""
    if not _keys(session):
        return False
    marks: set[Mark] = set()
    for value in _leaves(body):
        marks.update((email_mark(value), source_mark(value)))
        if network is not None:
            marks.update((account_mark(network, value), handle_mark(network, value)))
    return bool(forgotten(session, marks))


def spare_body(session: Session, item: InboxItem, network: str | None) -> None:
    """A delivery that was set aside is kept for a while; not if it names somebody forgotten."""
    if item.body is not None and names_forgotten(session, network, item.body):
        session.execute(update(InboxItem).where(InboxItem.id == item.id).values(body=None))


def remember(session: Session, marks: Iterable[Mark], now: datetime) -> list[bytes]:
    """Set tombstones; returns the hashes. Nobody stores anything meanwhile that did not ask before."""
    for network in sorted(connectors()):
        take_turns(session, zlib.crc32(f"store/{network}".encode()))
    keys = _keys(session) or [_make_key(session, now)]
    digests = [_digest(keys[0], mark) for mark in sorted(set(marks))]
    keep(session, digests, now)
    return digests


def keep(session: Session, digests: Iterable[bytes], now: datetime) -> None:
    """Store hashes; those we have stay as they are."""
    rows = [{"digest": digest, "made_at": now} for digest in sorted(set(digests))]
    for start in range(0, len(rows), MOST_ASKED):
        statement = upsert(session, Tombstone).on_conflict_do_nothing(index_elements=["digest"])
        session.execute(statement, rows[start : start + MOST_ASKED])


def any_set(session: Session) -> bool:
    """Whether anybody was ever forgotten here."""
    return session.scalar(select(TombstoneKey.id).limit(1)) is not None


def _vault(session: Session) -> Vault:
    vault: Vault | None = session.info.get(VAULT)
    if vault is None:
        raise RuntimeError("a session without a vault cannot tell who was forgotten")
    return vault


def _keys(session: Session) -> list[bytes]:
    sealed = session.scalars(select(TombstoneKey.sealed).order_by(TombstoneKey.id)).all()
    return [base64.b64decode(_vault(session).open(one, PLACE)["key"]) for one in sealed]


def _make_key(session: Session, now: datetime) -> bytes:
    key = secrets.token_bytes(32)
    add_key(session, key, now)
    return key


def add_key(session: Session, key: bytes, now: datetime) -> None:
    """Keep a key of hashes."""
    sealed = _vault(session).seal({"key": base64.b64encode(key).decode()}, PLACE)
    session.add(TombstoneKey(sealed=sealed, made_at=now))
    session.flush()


def _digest(key: bytes, mark: Mark) -> bytes:
    kind, value = mark
    return hmac.digest(key, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def _leaves(body: bytes | str) -> set[str]:
    """The short values of a JSON text; of any other text its words."""
    try:
        return set(_values(orjson.loads(body), MOST_LEAVES))
    except ValueError:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        return {word for word in text.split()[:MOST_LEAVES] if len(word) <= LONGEST_LEAF}


def _values(top: Any, most: int) -> Iterable[str]:
    stack = [top]
    while stack and most:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, (str, int)) and not isinstance(value, bool):
            text = str(value)
            if text and len(text) <= LONGEST_LEAF:
                most -= 1
                yield text


def file_of(settings: Settings) -> Path:
    """The file beside the database."""
    return Path(settings.tombstone_file) if settings.tombstone_file else settings.state_dir / FILE


def write_down(session: Session, settings: Settings, file: Path | None = None) -> int:
    """Put all keys and hashes into the file, whole or not at all; returns how many hashes."""
    digests = session.scalars(select(Tombstone.digest).order_by(Tombstone.digest)).all()
    content = {
        "keys": list(session.scalars(select(TombstoneKey.sealed).order_by(TombstoneKey.id))),
        "tombstones": [base64.b64encode(digest).decode() for digest in digests],
    }
    file = file or file_of(settings)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(orjson.dumps(content))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return len(digests)


def read_down(content: Mapping[str, Any], vault: Vault) -> tuple[list[bytes], list[bytes]]:
    """Keys and hashes of a file's content; raises SealError when the vault is another one."""
    keys = [base64.b64decode(vault.open(one, PLACE)["key"]) for one in content["keys"]]
    return keys, [base64.b64decode(one) for one in content["tombstones"]]


def put_back(session: Session, keys: Iterable[bytes], digests: Iterable[bytes], now: datetime) -> None:
    """Bring keys and hashes into a database that may lack them."""
    known = set(_keys(session))
    for key in keys:
        if key not in known:
            add_key(session, key, now)
    keep(session, digests, now)
