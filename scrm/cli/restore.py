"""Puts a backup in the place of an installation: everything is checked first, then the change is one step.

SQLite: a complete new state folder is made beside the old one and the two change places in one system call
(renameat2 with RENAME_EXCHANGE, man 2 rename, read 2026-11-24), so a power cut leaves either the old or the new.
PostgreSQL: pg_restore in a single transaction, then the keys.
"""

import ctypes
import dataclasses
import json
import os
import shutil
import tarfile
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from scrm import migrations
from scrm.cli import state_folder
from scrm.cli.backup import (
    FORMAT,
    KEYS,
    MANIFEST,
    POSTGRES,
    SQLITE,
    BackupError,
    Manifest,
    checksum,
    is_sqlite,
    run_tool,
    sqlite,
)
from scrm.config import Settings
from scrm.db import Database
from scrm.i18n import _
from scrm.privacy.restored import Kept, apply_again, tombstones_of
from scrm.runtime import Core
from scrm.sync import resend
from scrm.vault import Vault

AT_FDCWD = -100
RENAME_EXCHANGE = 2
ALLOWED = {MANIFEST, SQLITE, POSTGRES, KEYS}
_libc = ctypes.CDLL(None, use_errno=True)


@click.command(help=_("Put a backup in the place of this installation. The old state is kept beside it."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help=_("Even while processes of scrm run on it."))
def restore(file: Path, force: bool) -> None:
    settings = Settings.from_env()
    kept = restore_backup(settings, file, force=force)
    click.echo(_("Done. Run `scrm migrate` if the backup is older than this version."))
    if kept is not None:
        click.echo(_("The state before is kept in %(folder)s; delete it when all is well.", folder=kept))


def restore_backup(settings: Settings, file: Path, *, force: bool = False) -> Path | None:
    """Check the backup, then put it in place; returns where the old state is. Raises BackupError and ConfigError."""
    state = state_folder.make(settings.state_dir.resolve())
    with ExitStack() as stack:
        if not force:
            for lock in (state_folder.supervise(state), state_folder.take_over(state)):
                stack.callback(lock.release)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=state.parent, prefix=".scrm-restore-")))
        new = folder / "state"
        new.mkdir(mode=0o700)
        _unpack(file, new)
        _check(new, settings)
        (new / MANIFEST).unlink()
        kept = tombstones_of(settings)
        if is_sqlite(settings):
            _bring_up_to_date(settings, f"sqlite:///{new / SQLITE}", new, kept)
            return _exchange(new, state)
        _into_postgresql(new, settings)
        _bring_up_to_date(settings, settings.database, settings.state_dir, kept)
        return None


def _bring_up_to_date(settings: Settings, url: str, state: Path, kept: Kept) -> None:
    """What the CRM was told since the backup is unknown to us now; who was forgotten since is forgotten again."""
    if kept.digests:
        migrations.upgrade(url)  # an older backup knows no tombstones
    db = Database(url)
    resend.order(db, db.clock.now())
    keys = state if (state / KEYS).exists() else settings.state_dir
    if kept.digests:
        apply_again(Core(settings=settings, db=db, vault=Vault.load(settings.keys, keys)), kept, state)
    db.close()


def _unpack(file: Path, target: Path) -> None:
    try:
        with tarfile.open(file, "r:gz") as tar:
            for member in tar:
                if member.name not in ALLOWED or not member.isfile():
                    raise BackupError(_("This is not a backup of scrm: it holds something else."))
                tar.extract(member, target, filter="data")
                (target / member.name).chmod(0o600)
    except (tarfile.TarError, EOFError, OSError) as why:
        raise BackupError(_("This is not a backup of scrm, or it is damaged.")) from why


def _check(folder: Path, settings: Settings) -> None:
    """Everything that can be known before anything is changed."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as why:
        raise BackupError(_("This is not a backup of scrm: its list of files is missing or damaged.")) from why
    found = {path.name: checksum(path) for path in folder.iterdir() if path.name != MANIFEST}
    if found != manifest.files:
        raise BackupError(_("The backup is damaged: a checksum is wrong. Nothing was changed."))
    if manifest.format != FORMAT or not migrations.knows(manifest.revisions):
        raise BackupError(
            _("The backup was made by a newer scrm (%(version)s); install that first.", version=manifest.version)
        )
    wanted = SQLITE if is_sqlite(settings) else POSTGRES
    if wanted not in found:
        raise BackupError(_("The backup holds another kind of database; set DATABASE_URL to match."))
    if KEYS in found:
        Vault.load("", folder)
    if wanted == SQLITE and settings.database != dataclasses.replace(settings, database_url="").database:
        raise BackupError(_("DATABASE_URL: a backup is put back only into the state folder's own database."))
    if wanted == SQLITE:
        _check_sqlite(folder / SQLITE)


def _check_sqlite(file: Path) -> None:
    database = sqlite.connect(file)
    try:
        verdict = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite.DatabaseError as why:
        raise BackupError(_("The database in the backup is damaged. Nothing was changed.")) from why
    finally:
        database.close()
    if verdict != "ok":
        raise BackupError(_("The database in the backup is damaged. Nothing was changed."))


def _exchange(new: Path, state: Path) -> Path:
    if not (new / KEYS).exists() and (state / KEYS).exists():
        shutil.copy2(state / KEYS, new / KEYS)  # SCRM_KEYS was set when the backup was made
    for path in (*new.iterdir(), new):
        _sync(path)
    # the place where the old state will be found is taken first: after the exchange nothing may fail any more
    before = state.with_name(f"{state.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    new.rename(before)
    if _libc.renameat2(AT_FDCWD, os.fsencode(before), AT_FDCWD, os.fsencode(state), RENAME_EXCHANGE) != 0:
        why = os.strerror(ctypes.get_errno())
        shutil.rmtree(before)
        raise BackupError(
            _("The state folder cannot be exchanged (%(why)s). It must not be a mount point itself.", why=why)
        )
    _sync(state.parent)
    return before


def _into_postgresql(new: Path, settings: Settings) -> None:
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    run_tool("pg_restore", settings, *options, str(new / POSTGRES))
    if (new / KEYS).exists() and not settings.keys:
        _sync(new / KEYS)
        (new / KEYS).replace(settings.state_dir / KEYS)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
