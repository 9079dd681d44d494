"""One file that holds an installation: database, keys and a list of checksums. Works while scrm runs.

SQLite is copied through its backup interface, which sees one moment of the database without stopping writers;
PostgreSQL through pg_dump. What Valkey holds may be lost and is left out. The file opens every sealed token, so it is
readable only for its owner; keep it as you keep a password.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import click
import pysqlite3.dbapi2
from sqlalchemy import make_url

from scrm import migrations
from scrm.config import Settings, as_environment
from scrm.errors import ScrmError
from scrm.i18n import _

MANIFEST = "manifest.json"
SQLITE, POSTGRES, KEYS = "scrm.db", "postgresql.dump", "keys"
FORMAT = 1
sqlite: Any = pysqlite3.dbapi2  # it has no types


class BackupError(ScrmError):
    """A backup could not be made or put back; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup says about itself; `files` holds the SHA-256 of each."""

    format: int = FORMAT
    version: str
    revisions: list[str]
    files: dict[str, str] = field(default_factory=dict)


@click.command(help=_("Write database and keys to one FILE; works while scrm runs."))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    settings = Settings.from_env()
    make_backup(settings, file)
    click.echo(_("Written: %(file)s. It opens every stored access; keep it safe.", file=file))
    if settings.keys:
        click.echo(_("SCRM_KEYS is set, so the keys are not in it; keep them too."))


def make_backup(settings: Settings, file: Path) -> None:
    """Write the backup, whole or not at all; raises BackupError."""
    if file.exists():
        raise BackupError(_("%(file)s exists already; it was left as it is.", file=file))
    if not migrations.is_current(settings.database):
        raise BackupError(_("The database is not up to date; run `scrm migrate` first."))
    with tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".scrm-backup-") as made:
        folder = Path(made)
        if is_sqlite(settings):
            _copy_sqlite(Path(make_url(settings.database).database or ""), folder / SQLITE)
        else:
            run_tool("pg_dump", settings, "--format=custom", f"--file={folder / POSTGRES}")
        keys = settings.state_dir / "keys"
        if not settings.keys and keys.exists():
            shutil.copyfile(keys, folder / KEYS)
        files = {path.name: checksum(path) for path in sorted(folder.iterdir())}
        manifest = Manifest(version=own_version(), revisions=migrations.heads(), files=files)
        (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        _pack(folder, [MANIFEST, *files], file)


def is_sqlite(settings: Settings) -> bool:
    return make_url(settings.database).get_backend_name() == "sqlite"


def own_version() -> str:
    try:
        return version("scrm")
    except PackageNotFoundError:
        return ""


def checksum(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def run_tool(tool: str, settings: Settings, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on our database; the password goes through the environment, not the list."""
    if shutil.which(tool) is None:
        raise BackupError(_("%(tool)s is needed and not on this machine (Debian: postgresql-client).", tool=tool))
    url = make_url(settings.database)
    environment = as_environment(settings)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    target = url.set(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603 - a fixed program, our own address
        [tool, *arguments, "--no-password", f"--dbname={target}"], env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{tool}: {done.stderr.decode(errors='replace').strip()[-500:]}")


def _copy_sqlite(source: Path, target: Path) -> None:
    copied_from = sqlite.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    copied_to = sqlite.connect(target)
    try:
        copied_from.backup(copied_to)
    finally:
        copied_to.close()
        copied_from.close()


def _pack(folder: Path, names: list[str], file: Path) -> None:
    packed = folder / "packed"
    with os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        _write_tar(folder, names, out)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(packed, file)  # unlike a rename it never replaces what somebody else wrote meanwhile
    except FileExistsError:
        raise BackupError(_("%(file)s exists already; it was left as it is.", file=file)) from None
    except OSError:  # a file system without links
        packed.rename(file)


def _write_tar(folder: Path, names: list[str], out: IO[bytes]) -> None:
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            tar.add(folder / name, arcname=name, filter=_without_owner)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
