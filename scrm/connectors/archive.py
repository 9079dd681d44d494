"""Safe reading of the archives people download from networks: zip, tar.gz, or a folder they were unpacked to.

Nothing is written to disk and nothing is trusted: entries, bytes and compression ratio are counted while reading, and
names that climb, links, doubled names, encrypted and overlapping entries are refused, all with an InputError.
"""

import codecs
import gzip
import json
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from scrm.connectors.payload import parse_json
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_, gettext

MOST_ENTRIES = 100_000
MOST_BYTES = 4 * 1024**3  # of all that is read through
FREE_BYTES = 16 * 1024**2  # below this a high ratio harms nobody
HIGHEST_RATIO = 200
LARGEST_ITEM = 2 * 1024**2
CHUNK = 64 * 1024
DAMAGED = N_("the archive is damaged (%(error)s)")
NAMED_DAMAGE = N_("%(name)s: the archive is damaged (%(error)s)")
NOT_AS_EXPECTED = N_("a file of the archive is not as expected: %(fault)s")
BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError)


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
    def open(self, name: str) -> Iterator["Reader"]:
        """One file of it, to be read once from its beginning; InputError when it is not there or broken."""
        entry = self.find(name)
        if entry is None:
            raise InputError(gettext("the archive has no %(name)s", name=name))
        try:
            with _source(self.path, entry) as reader:
                yield reader
        except BROKEN as why:
            raise InputError(gettext(NAMED_DAMAGE, name=name, error=type(why).__name__)) from None


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Reader:
    """Bytes of one entry, counted against what was read of the compressed file."""

    def __init__(self, source: _Bytes, compressed: int) -> None:
        self._source = source
        self._compressed = max(compressed, 1)
        self._read = 0

    def read(self, size: int = CHUNK) -> bytes:
        data = self._source.read(size)
        self._read += len(data)
        is_bomb = self._read > FREE_BYTES and self._read > HIGHEST_RATIO * self._compressed
        if is_bomb or self._read > MOST_BYTES:
            raise InputError(N_("the archive unpacks to far more than it should"))
        return data

    def json(self) -> Any:
        """The whole entry as JSON; for small files."""
        body = bytearray()
        while chunk := self.read():
            body += chunk
            if len(body) > LARGEST_ITEM:
                raise InputError(N_("a file of the archive is larger than expected"))
        try:
            return parse_json(bytes(body))
        except PayloadError as why:
            raise InputError(gettext(NOT_AS_EXPECTED, fault=why)) from None

    def array(self, field: str) -> Iterator[Any]:
        """The items of the list that stands under a field, one at a time, however long the list is.

        An item that is no sound JSON for us (a doubled key, NaN) comes as None, so that its neighbors go on.
        """
        yield from _items(_Text(self), field)


class _Text:
    """A window of decoded text over a reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.window = ""
        self.has_ended = False

    def more(self) -> None:
        """Make the window longer, within bounds."""
        if self.has_ended:
            raise InputError(N_("a file of the archive ends too early"))
        if len(self.window) > LARGEST_ITEM:
            raise InputError(N_("an item of the archive is larger than expected"))
        data = self._reader.read()
        self.has_ended = not data
        try:
            self.window += self._decoder.decode(data, final=self.has_ended)
        except UnicodeDecodeError:
            raise InputError(N_("a file of the archive is not UTF-8")) from None

    def skip(self, end: int) -> None:
        self.window = self.window[end:]


def _items(text: _Text, field: str) -> Iterator[Any]:
    opening = re.compile(rf'"{re.escape(field)}"\s*:\s*\[')
    while (found := opening.search(text.window)) is None:
        text.more()
    text.skip(found.end())
    decoder = json.JSONDecoder()
    while True:
        text.window = text.window.lstrip(" \t\r\n,")
        if not text.window:
            text.more()
            continue
        if text.window[0] == "]":
            return
        if text.window[0] not in '{"':
            raise InputError(gettext("%(field)s: expected a list of objects or texts", field=field))
        try:
            _, end = decoder.raw_decode(text.window)
        except ValueError:
            text.more()
            continue
        except RecursionError:
            raise InputError(gettext("%(field)s: an item is nested too deeply", field=field)) from None
        yield _sound(text.window[:end])
        text.skip(end)


def _sound(item: str) -> Any:
    try:
        return parse_json(item)
    except PayloadError:
        return None


def open_archive(path: Path) -> OpenArchive:
    """Check what kind of archive this is and which files it has. Raises InputError."""
    try:
        if path.is_dir():
            names = _folder_names(path)
        elif zipfile.is_zipfile(path):
            names = _zip_names(path)
        elif _begins_with(path, b"\x1f\x8b"):
            names = _tar_names(path)
        else:
            raise InputError(N_("expected a zip file, a tar.gz file or a folder"))
    except BROKEN as why:
        raise InputError(gettext(DAMAGED, error=type(why).__name__)) from None
    return OpenArchive(path=path, names=tuple(names))


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
        for file in folder.rglob("*"):
            if file.is_symlink():
                raise InputError(N_("the folder has a symbolic link"))
            if file.is_file():
                yield file.relative_to(folder).as_posix()

    return _checked(files())


def _zip_names(path: Path) -> list[str]:
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
        return _checked(entry.filename for entry in entries if not entry.is_dir())


def _tar_names(path: Path) -> list[str]:
    def files() -> Iterator[str]:
        with _tar(path) as archive:
            for entry in archive:
                if entry.issym() or entry.islnk():
                    raise InputError(N_("the archive has a symbolic link"))
                if entry.isfile():
                    yield entry.name.removeprefix("./")

    return _checked(files())


@contextmanager
def _tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar.gz read from front to back, counted all the way: going on to the next entry unpacks the one before."""
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as unpacked:
        counted = Reader(unpacked, path.stat().st_size)
        # the stream mode only ever calls `read`
        with tarfile.open(fileobj=counted, mode="r|") as archive:  # type: ignore[call-overload]
            yield archive


@contextmanager
def _source(path: Path, entry: str) -> Iterator[Reader]:
    if path.is_dir():
        file = path / entry
        with file.open("rb") as source:
            yield Reader(source, file.stat().st_size)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped, zipped.open(entry) as source:
            yield Reader(source, zipped.getinfo(entry).compress_size)
    else:
        with _tar(path) as tarred:
            for member in tarred:
                if member.name.removeprefix("./") == entry and (inside := tarred.extractfile(member)):
                    yield Reader(inside, path.stat().st_size)
                    return
            raise InputError(N_("the archive changed while it was read"))
