"""Seal and open secrets at rest: AES-256-GCM, bound to the row and field they belong to.

A sealed value names the key it was made with, so keys rotate: the newest seals, all of the ring open. The ring comes
from SCRM_KEYS or from `var/keys` (0600), which is written once and never silently made anew.
"""

import base64
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from scrm.errors import ConfigError, SealError

VAULT = "vault"  # under this name in `Session.info`


class Vault:
    """A ring of keys; the first one seals."""

    def __init__(self, ring: dict[str, bytes], file: Path | None = None) -> None:
        self._ring = ring
        self._file = file  # read again when something was sealed with a key that came since

    def __repr__(self) -> str:
        return f"Vault({len(self._ring)} keys)"

    @classmethod
    def load(cls, configured: str, state_dir: Path, *, sealed_rows_exist: bool = False) -> "Vault":
        """The ring from settings, else from the state folder; makes the first key of an empty installation."""
        if configured:
            return cls(_parse_ring(configured.split(",")))
        file = state_dir / "keys"
        if not file.exists():
            if sealed_rows_exist:
                raise ConfigError(
                    [f"{file.name}: the key file is missing though sealed values exist; restore it from a backup"]
                )
            _make_first_key(file)
        if file.stat().st_mode & 0o077:
            raise ConfigError(["keys: other users may read the key file; chmod 600 it"])
        return cls(_parse_ring(file.read_text().split()), file)

    def seal(self, value: dict[str, str], place: str) -> str:
        """Encrypt `value` for `place` (`table/row/field`); it opens nowhere else."""
        key_id, key = next(iter(self._ring.items()))
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(key).encrypt(nonce, json.dumps(value).encode(), f"{place}|{key_id}".encode())
        return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> dict[str, str]:
        """Decrypt what was sealed for `place`; raises SealError."""
        key_id, _, body = sealed.partition(".")
        if key_id not in self._ring and self._file is not None:
            self._ring = _parse_ring(self._file.read_text().split())
        if key_id not in self._ring:
            raise SealError(f"{place}: sealed with a key that is not in the ring")
        try:
            data = base64.urlsafe_b64decode(body)
            plain = AESGCM(self._ring[key_id]).decrypt(data[:12], data[12:], f"{place}|{key_id}".encode())
        except (InvalidTag, ValueError) as why:
            raise SealError(f"{place}: the sealed value does not belong here or is damaged") from why
        opened: dict[str, str] = json.loads(plain)
        return opened

    @property
    def key_ids(self) -> list[str]:
        """Names of the keys, the one that seals first."""
        return list(self._ring)

    def reseal(self, sealed: str, place: str) -> str | None:
        """The same value sealed with the newest key; None when it is already. Raises SealError."""
        if sealed.partition(".")[0] == self.key_ids[0]:
            return None
        return self.seal(self.open(sealed, place), place)

    def derive(self, purpose: str) -> list[bytes]:
        """32-byte keys for another purpose (sessions, CSRF), newest first, one per key of the ring."""
        return [HKDFExpand(hashes.SHA256(), 32, purpose.encode()).derive(key) for key in self._ring.values()]


def add_key(file: Path) -> str:
    """Put a new key before those of the file, whole or not at all; returns its name."""
    lines = file.read_text().split()
    known = _parse_ring(lines)
    name = next(f"k{number}" for number in range(len(known) + 1, 10_000) if f"k{number}" not in known)
    _replace(file, [f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}", *lines])
    return name


def drop_keys(file: Path, keep: set[str]) -> None:
    """Leave only these keys in the file."""
    _replace(file, [line for line in file.read_text().split() if line.partition(":")[0] in keep])


def _replace(file: Path, lines: list[str]) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write("".join(f"{line}\n" for line in lines))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)  # else a power cut may take the name away though its key has sealed rows
    finally:
        os.close(opened)


def _make_first_key(file: Path) -> None:
    """Write the key file as a whole or not at all; when several processes try, the first one's stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        with suppress(FileExistsError):  # another process was first
            file.hardlink_to(draft)
    finally:
        draft.unlink()
    _sync_folder(file.parent)


def _parse_ring(lines: list[str]) -> dict[str, bytes]:
    ring = {}
    for line in lines:
        key_id, _, encoded = line.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if len(key) != 32 or not key_id.isalnum():
            raise ConfigError(["SCRM_KEYS or the key file: expected id:base64 of 32 bytes each"])
        if key_id in ring:
            raise ConfigError(["SCRM_KEYS or the key file: two keys have the same id"])
        ring[key_id] = key
    if not ring:
        raise ConfigError(["keys: the key file is empty; restore it from a backup"])
    return ring
