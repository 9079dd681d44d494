"""Where an import comes from: a path or a stream, its size, and the encoding it is written in."""

import codecs
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from scrm.errors import InputError
from scrm.i18n import gettext

LARGEST_FILE = 1_000_000_000
KEPT_IN_MEMORY = 8_000_000
BLOCK = 1 << 20
SAMPLE = 1 << 16
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
RARER_ENCODINGS = ["cp1251", "cp1253", "cp1254"]  # cp1250 is too like cp1252 to be told apart


@contextmanager
def opened(source: Path | str | BinaryIO) -> Iterator[BinaryIO]:
    """The source as a file that can be read twice; raises InputError when it is too large or cannot be read."""
    if isinstance(source, Path | str):
        try:
            file = Path(source).open("rb")  # noqa: SIM115 - closed below
        except OSError as why:
            raise InputError(gettext("The file cannot be read (%(error)s).", error=type(why).__name__)) from None
        with file:
            _check_size(file)
            yield file
    elif source.seekable():
        _check_size(source)
        yield source
    else:
        with tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as copy:
            shutil.copyfileobj(_Capped(source), copy, BLOCK)
            _check_size(copy)  # type: ignore[arg-type]
            yield copy  # type: ignore[misc]


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a text file, by its mark, by being valid UTF-8, else by what its letters look like."""
    file.seek(0)
    start = file.read(SAMPLE)
    if start.startswith(b"PK\x03\x04"):
        raise InputError(gettext("This is a spreadsheet or an archive; save the sheet as CSV first."))
    for mark, name in BOMS:
        if start.startswith(mark):
            return name
    if b"\x00" in start:
        return _without_mark(start)
    bad = _first_not_utf8(file)
    if bad is None:
        return "utf-8"
    file.seek(max(0, bad - SAMPLE // 2))
    return old_encoding(file.read(SAMPLE))


def old_encoding(sample: bytes) -> str:
    """The encoding of a text that is not Unicode: Windows-1252 if that makes sense, else what makes most."""
    if from_bytes(sample, cp_isolation=["cp1252"]).best() is not None:
        return "cp1252"
    best = from_bytes(sample, cp_isolation=RARER_ENCODINGS).best()
    return best.encoding if best is not None else "cp1252"


def _without_mark(start: bytes) -> str:
    """UTF-16 without a mark: in western text every other byte is zero."""
    half = len(start) // 2
    if start[1::2].count(0) > half * 0.4:
        return "utf-16-le"
    if start[0::2].count(0) > half * 0.4:
        return "utf-16-be"
    raise InputError(gettext("This is not a text file."))


def _first_not_utf8(file: BinaryIO) -> int | None:
    """Position of the first byte that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    file.seek(0)
    while True:
        block = file.read(BLOCK)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as why:
            return max(0, position + why.start)
        if not block:
            return None
        position += len(block)


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, SEEK_END)
    if size > LARGEST_FILE:
        raise InputError(gettext("The file is larger than %(limit)s megabytes.", limit=LARGEST_FILE // 1_000_000))
    file.seek(0)


class _Capped:
    """A stream that ends one byte after the largest size we take."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = LARGEST_FILE + 1

    def read(self, size: int = BLOCK, /) -> bytes:
        block = self._stream.read(min(size, self._left))
        self._left -= len(block)
        return block
