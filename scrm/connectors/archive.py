"""Safe reading of the archives people download from networks: zip, tar.gz, or a folder they were unpacked to.

Nothing is written to disk and nothing is trusted: entries, bytes and compression ratio are counted while reading, and
names that climb, links, doubled names, encrypted and overlapping entries are refused, all with an InputError.
"""

import gzip
import stat
import struct
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from scrm.connectors.archive_reader import BROKEN, DAMAGED, Reader, Tally
from scrm.errors import InputError
from scrm.i18n import N_, gettext

MOST_ENTRIES = 100_000
LARGEST_INDEX = 32 * 1024**2  # a zip's list of files, which is held in memory
LONGEST_END = 66 * 1024  # what may stand after a zip's list of files
ELSEWHERE = 0xFFFFFFFF  # in place of a number that the long form gives
MISREAD = (ValueError, IndexError, KeyError, OverflowError, struct.error)  # what zipfile makes of numbers that lie
ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
NAMED_DAMAGE = N_("%(name)s: the archive is damaged (%(error)s)")


@dataclass(frozen=True, kw_only=True)
class OpenArchive:
    """An archive whose list of files has been checked."""

    path: Path
    names: tuple[str, ...]

    def find(self, name: str) -> str | None:
        """The entry of this name at the top or in one folder that holds everything."""
        at = [entry for entry in self.names if entry == name or entry.split("/", 1)[1:] == [name]]
        return min(at, key=len, default=None)

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        """One file of it, to be read once from its beginning; InputError when it is not there or broken."""
        entry = self.find(name)
        if entry is None:
            raise InputError(gettext("the archive has no %(name)s", name=name))
        try:
            with _source(self.path, entry) as reader:
                yield reader
        except BROKEN as why:
            raise InputError(gettext(NAMED_DAMAGE, name=name, error=type(why).__name__)) from None

    def each(self, entries: Collection[str]) -> Iterator[tuple[str, Reader]]:
        """These entries in the archive's own order and in one pass; read one before asking for the next."""
        try:
            yield from _sources(self.path, [name for name in self.names if name in entries])
        except BROKEN as why:
            raise InputError(gettext(DAMAGED, error=type(why).__name__)) from None


def is_packed(path: Path) -> bool:
    """Whether it claims to be an archive, sound or not, of a kind that `open_archive` knows."""
    try:
        return path.is_dir() or zipfile.is_zipfile(path) or _begins_with(path, ZIP) or _begins_with(path, GZIP)
    except OSError:
        return False


def open_archive(path: Path) -> OpenArchive:
    """Check what kind of archive this is and which files it has. Raises InputError."""
    try:
        if path.is_dir():
            return OpenArchive(path=path, names=tuple(_folder_names(path)))
        found = path.stat()
        return OpenArchive(path=path, names=_file_names(path, found.st_size, found.st_mtime_ns))
    except (*BROKEN, *MISREAD) as why:
        raise InputError(gettext(DAMAGED, error=type(why).__name__)) from None


@lru_cache(maxsize=2)
def _file_names(path: Path, _size: int, _changed: int) -> tuple[str, ...]:
    """Remembered, because every kind of archive asks, and a tar.gz has to be unpacked to the end for its list."""
    if zipfile.is_zipfile(path):
        return tuple(_zip_names(path))
    if _begins_with(path, GZIP):
        return tuple(_tar_names(path))
    if _begins_with(path, ZIP):
        raise InputError(N_("the archive ends too early; download it again"))
    raise InputError(N_("expected a zip file, a tar.gz file or a folder"))


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _checked(names: Iterator[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith(("/", "\\")) or ".." in parts or "\\" in name or ":" in parts[0]:
            raise InputError(N_("the archive has a file name that leads outside of it"))
        if name in found:
            raise InputError(N_("the archive has two files of the same name"))
        found[name] = None
        if len(found) > MOST_ENTRIES:
            raise InputError(N_("the archive has too many files"))
    return list(found)


def _folder_names(folder: Path) -> list[str]:
    def files() -> Iterator[str]:
        for file in sorted(folder.rglob("*")):
            if file.is_symlink():
                raise InputError(N_("the folder has a symbolic link"))
            if file.is_file():
                yield file.relative_to(folder).as_posix()

    return _checked(files())


def _zip_names(path: Path) -> list[str]:
    if _index_size(path) > LARGEST_INDEX:
        raise InputError(N_("the archive has too many files"))
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        end_of_last = 0
        for entry in sorted(entries, key=lambda one: one.header_offset):
            if entry.flag_bits & 0x1:
                raise InputError(N_("the archive is encrypted"))
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise InputError(N_("the archive has a symbolic link"))
            if entry.header_offset < end_of_last:
                raise InputError(N_("the archive has files that overlap"))
            end_of_last = entry.header_offset + entry.compress_size
        return _checked(entry.filename for entry in entries if not entry.filename.endswith("/"))


def _index_size(path: Path) -> int:
    """How long the list of files at the end of a zip is (PKWARE's APPNOTE 6.3.10, 4.3.14 and 4.3.16)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LONGEST_END))
        end = file.read()
    short, long = end.rfind(b"PK\x05\x06"), end.rfind(b"PK\x06\x06")
    claimed = [
        int(struct.unpack_from(form, end, at + offset)[0])
        for at, form, offset in ((short, "<I", 12), (long, "<Q", 40))
        if 0 <= at <= len(end) - offset - struct.calcsize(form)
    ]
    return max((one for one in claimed if one != ELSEWHERE), default=0)


def _tar_names(path: Path) -> list[str]:
    def files() -> Iterator[str]:
        with _tar(path, to_end=True) as archive:
            for entry in archive:
                if entry.issym() or entry.islnk():
                    raise InputError(N_("the archive has a symbolic link"))
                if entry.isfile():
                    yield entry.name.removeprefix("./")

    return _checked(files())


@contextmanager
def _tar(path: Path, *, to_end: bool = False) -> Iterator[tarfile.TarFile]:
    """A tar.gz read from front to back, counted all the way: going on to the next entry unpacks the one before.

    At the very end stands the checksum, which tarfile does not ask for.
    """
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as unpacked:
        counted = Reader(unpacked, Tally(path.stat().st_size))
        # the stream mode only ever calls `read`
        with tarfile.open(fileobj=counted, mode="r|") as archive:  # type: ignore[call-overload]
            yield archive
        while to_end and counted.read():
            pass


@contextmanager
def _source(path: Path, entry: str) -> Iterator[Reader]:
    for _, reader in _sources(path, [entry]):
        yield reader
        return


def _sources(path: Path, entries: list[str]) -> Iterator[tuple[str, Reader]]:
    if path.is_dir():
        yield from _in_folder(path, entries)
    elif zipfile.is_zipfile(path):
        yield from _in_zip(path, entries)
    else:
        yield from _in_tar(path, entries)


def _in_folder(path: Path, entries: list[str]) -> Iterator[tuple[str, Reader]]:
    tally = Tally()
    for name in entries:
        file = path / name
        if file.is_symlink():
            raise InputError(N_("the archive changed while it was read"))
        with file.open("rb") as source:
            tally.compressed += file.stat().st_size
            yield name, Reader(source, tally)


def _in_zip(path: Path, entries: list[str]) -> Iterator[tuple[str, Reader]]:
    tally = Tally()
    with zipfile.ZipFile(path) as zipped:
        for name in entries:
            with _entry(zipped, name) as source:
                tally.compressed += zipped.getinfo(name).compress_size
                yield name, Reader(source, tally)


def _entry(zipped: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return zipped.open(name)
    except MISREAD as why:
        raise InputError(gettext(DAMAGED, error=type(why).__name__)) from None


def _in_tar(path: Path, entries: list[str]) -> Iterator[tuple[str, Reader]]:
    waiting = set(entries)
    with _tar(path) as tarred:
        for member in tarred:
            name = member.name.removeprefix("./")
            if name in waiting and (inside := tarred.extractfile(member)):
                waiting.discard(name)
                yield name, Reader(inside, Tally(path.stat().st_size))
                if not waiting:
                    return
    if waiting:
        raise InputError(N_("the archive changed while it was read"))
