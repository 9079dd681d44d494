"""What stands in one file of an archive: bytes that are counted, JSON and tables read piece by piece.

However long a list is, no more of it is held than one item; a file that is not as expected ends with an InputError.
"""

import codecs
import csv
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from scrm.connectors.payload import parse_json
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_, gettext

MOST_BYTES = 4 * 1024**3  # of all that is read through
FREE_BYTES = 16 * 1024**2  # below this a high ratio harms nobody
HIGHEST_RATIO = 200
LARGEST_ITEM = 2 * 1024**2
LONGEST_OPENING = 1024  # of a list: its label and its field
CHUNK = 64 * 1024
DAMAGED = N_("the archive is damaged (%(error)s)")
NOT_AS_EXPECTED = N_("a file of the archive is not as expected: %(fault)s")
BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError)


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Tally:
    """What was read of an archive, against what that takes up in it."""

    def __init__(self, compressed: int = 0) -> None:
        self.compressed = compressed
        self._read = 0

    def count(self, size: int) -> None:
        self._read += size
        is_bomb = self._read > FREE_BYTES and self._read > HIGHEST_RATIO * max(self.compressed, 1)
        if is_bomb or self._read > MOST_BYTES:
            raise InputError(N_("the archive unpacks to far more than it should"))


class Reader:
    """Bytes of one entry, counted."""

    def __init__(self, source: _Bytes, tally: Tally) -> None:
        self._source = source
        self._tally = tally
        self._peeked = b""

    def read(self, size: int = CHUNK) -> bytes:
        if self._peeked:
            data, self._peeked = self._peeked, b""
            return data
        try:
            data = self._source.read(size)
        except BROKEN as why:
            raise InputError(gettext(DAMAGED, error=type(why).__name__)) from None
        self._tally.count(len(data))
        return data

    def peek(self) -> bytes:
        """The beginning, which the next `read` gives again; for an entry that nothing was read of."""
        self._peeked = self.read()
        return self._peeked

    def whole(self, limit: int = LARGEST_ITEM) -> bytes:
        """All of the entry; for small files."""
        body = bytearray()
        while chunk := self.read():
            body += chunk
            if len(body) > limit:
                raise InputError(N_("a file of the archive is larger than expected"))
        return bytes(body)

    def json(self) -> Any:
        """The whole entry as JSON; for small files."""
        try:
            return parse_json(self.whole())
        except PayloadError as why:
            raise InputError(gettext(NOT_AS_EXPECTED, fault=why)) from None

    def array(self, field: str) -> Iterator[Any]:
        """The items of the list that stands under a field, one at a time, however long the list is.

        An item that is no sound JSON for us (a doubled key, NaN) comes as None, so that its neighbors go on.
        """
        yield from self.listed(re.compile(rf'"{re.escape(field)}"\s*:\s*\['), field)

    def listed(self, opening: re.Pattern[str], name: str) -> Iterator[Any]:
        """The same for the list that begins where a pattern ends; the name is for what may be wrong."""
        text = _Text(self)
        while (found := opening.search(text.window)) is None:
            text.more()
        text.skip(found.end())
        yield from _items(text, name)

    def arrays(self, label: str, field: str) -> Iterator[tuple[str, Any]]:
        """The items of every list under a field, each with the text that stands under a label right before it."""
        opening = re.compile(rf'"{re.escape(label)}"\s*:\s*"([^"\\]{{0,200}})"\s*,\s*"{re.escape(field)}"\s*:\s*\[')
        text = _Text(self)
        while True:
            if found := opening.search(text.window):
                text.skip(found.end())
                for item in _items(text, field):
                    yield found[1], item
            elif text.has_ended:
                return
            else:
                text.window = text.window[-LONGEST_OPENING:]
                text.more()

    def rows(self) -> Iterator[list[str]]:
        """The rows of a CSV file."""
        try:
            yield from csv.reader(_Text(self).lines(), strict=True)
        except csv.Error:
            raise InputError(N_("a table of the archive is not as expected")) from None


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

    def lines(self) -> Iterator[str]:
        """Line by line, with the line's end."""
        while not self.has_ended:
            self.more()
            *whole, self.window = self.window.split("\n")
            yield from (line + "\n" for line in whole)
        if self.window:
            yield self.window


def _items(text: _Text, field: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    while True:
        text.window = text.window.lstrip(" \t\r\n,")
        if not text.window:
            text.more()
            continue
        if text.window[0] == "]":
            text.skip(1)
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
