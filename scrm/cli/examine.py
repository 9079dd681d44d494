"""Examines what lies on this machine: Python, SQLite, the state folder and its keys, the disk, the addresses."""

import ipaddress
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pysqlite3.dbapi2

from scrm.cli.backup import is_sqlite
from scrm.cli.findings import Finding, good, mend, warn
from scrm.config import Settings
from scrm.db import sqlite_has_wal_race
from scrm.errors import ConfigError
from scrm.i18n import _
from scrm.vault import Vault

# shared memory and locks of SQLite's WAL do not work over these (sqlite.org/wal.html, read 2026-11-24)
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "lustre")
LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000


def python(_settings: Settings) -> Iterator[Finding]:
    found = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield good(_("Python %(version)s", version=found))
    else:
        yield mend(_("Python %(version)s: scrm needs 3.11, 3.12 or 3.13", version=found))


def sqlite(settings: Settings) -> Iterator[Finding]:
    if not is_sqlite(settings):
        return
    numbers = pysqlite3.dbapi2.sqlite_version_info
    found = ".".join(map(str, numbers))
    if sqlite_has_wal_race(numbers):
        yield mend(_("SQLite %(version)s may corrupt a database; install pysqlite3 0.6.1", version=found))
    else:
        yield good(_("SQLite %(version)s, without the WAL race", version=found))


def state_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    if not folder.is_dir():
        yield mend(_("The state folder %(folder)s does not exist yet; `scrm up` makes it", folder=folder))
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield mend(_("The state folder %(folder)s cannot be written by this user", folder=folder))
    elif folder.stat().st_mode & 0o077:
        yield warn(_("Other users may look into the state folder; chmod 700 %(folder)s", folder=folder))
    else:
        yield good(_("The state folder is %(folder)s", folder=folder))


def file_system(settings: Settings) -> Iterator[Finding]:
    if not is_sqlite(settings):
        return
    kind = file_system_of(settings.state_dir.resolve(), Path("/proc/self/mounts"))
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        yield mend(
            _("The database lies on a network file system (%(kind)s), where SQLite may lose data; move it", kind=kind)
        )
    elif kind:
        yield good(_("The database lies on a local file system (%(kind)s)", kind=kind))


def file_system_of(folder: Path, mounts: Path) -> str:
    """Kind of the file system that holds this folder; empty when nobody says."""
    try:
        rows = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    holding = [(len(row[1]), row[2]) for row in rows if len(row) > 2 and folder.is_relative_to(row[1])]
    return max(holding, default=(0, ""))[1]


def key_ring(settings: Settings) -> Iterator[Finding]:
    file = settings.state_dir / "keys"
    if not settings.keys and not file.exists():
        yield warn(_("There is no key file yet; the first start makes it"))
        return
    try:
        Vault.load(settings.keys, settings.state_dir)
    except ConfigError as why:
        for fault in why.faults:
            yield mend(fault)
    else:
        yield good(_("The keys can be read, and only by this user"))


def disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir if settings.state_dir.exists() else Path()
    free = shutil.disk_usage(folder).free
    amount = f"{free / 1e9:.1f} GB"
    if free < TOO_LITTLE:
        yield mend(_("Only %(amount)s of disk space is left", amount=amount))
    elif free < LITTLE:
        yield warn(_("Only %(amount)s of disk space is left", amount=amount))
    else:
        yield good(_("%(amount)s of disk space is free", amount=amount))


def addresses(settings: Settings) -> Iterator[Finding]:
    if not settings.public_url:
        yield warn(_("SCRM_PUBLIC_URL is not set: links work on this machine only, and no webhook can arrive"))
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        yield mend(_("SCRM_PUBLIC_URL begins with http: passwords would travel readably; put it behind https"))
    else:
        yield good(_("People reach scrm at %(address)s", address=settings.base_url))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
