"""CSV as exports and spreadsheets write it: any common delimiter, quotes and line ends inside fields, broken rows.

Python's csv module parses each record; what belongs to a record is found here, so that a record may be refused for
its size before it fills the memory, and so that a quote nobody closed costs its own line and not its neighbors: a
record over several lines that does not fit the header is taken line by line.
"""

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TextIO

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import ContactKind
from scrm.sync.imports.columns import FIELDS, Draft, Reject, is_about_accounts, meaning_of

DELIMITERS = ",;\t|"
LONGEST_RECORD = 131_072  # characters; also the csv module's own limit for a field
MOST_LINES = 1_000  # of one record
MOST_COLUMNS = 2_000
NAMING = frozenset({"full_name", "last_name", "company", "email"})

TOO_LONG = N_("longer than %(limit)s characters")
NOT_CLOSED = N_("a quote is not closed")
NOT_THE_COLUMNS = N_("expected %(expected)s columns, found %(found)s")


class _Place(Enum):
    """Where the end of a piece of text leaves us."""

    START = 1  # of a field
    PLAIN = 2
    QUOTED = 3
    QUOTE_SEEN = 4  # it closes the field or is the first of a pair


class CsvFile:
    """A CSV file whose header is understood; iterating gives a draft or a reject per row."""

    def __init__(self, text: TextIO, mapping: Mapping[str, str] | None = None) -> None:
        self._lines = _Lines(text)
        self._delimiter = self._find_delimiter(mapping)
        header = next(self._records(None), None)
        if header is None or isinstance(header, Reject) or len(header[1]) > MOST_COLUMNS:
            raise InputError(gettext("The first line does not hold the names of columns."))
        self._headers = [name.strip() for name in header[1]]
        _check_mapping(self._headers, mapping)
        self._meanings = meaning_of(self._headers, mapping)
        known = {meaning for meaning in self._meanings if meaning}
        if not NAMING & known:
            raise InputError(gettext("No column was recognized as a name, a company or an e-mail address."))
        is_account = is_about_accounts(self._headers) and not {"first_name", "last_name"} & known
        self.kind = ContactKind.ACCOUNT if is_account else _kind_of(self._headers)

    def __iter__(self) -> Iterator[Draft | Reject]:
        for record in self._records(len(self._headers)):
            if isinstance(record, Reject):
                yield record
                continue
            line, values = record
            draft = Draft(line=line)
            for header, meaning, value in zip(self._headers, self._meanings, values, strict=False):
                if meaning and value:
                    draft.add(meaning, value, header)
            yield draft

    def _find_delimiter(self, mapping: Mapping[str, str] | None) -> str:
        """The delimiter under which the first line holds most names that we know, then most names at all."""
        line = self._lines.skip_blank()
        if line.lower().startswith("sep=") and line[4:5] in DELIMITERS:
            return line[4:5]
        self._lines.push_back([line])

        def known(delimiter: str) -> tuple[int, int]:
            names = line.rstrip("\r\n").replace('"', "").split(delimiter)
            return sum(meaning is not None for meaning in meaning_of(names, mapping)), len(names)

        return max(DELIMITERS, key=known)

    def _records(self, width: int | None) -> Iterator[tuple[int, list[str]] | Reject]:
        """Every record with the line it begins in; empty ones are nobody's."""
        while True:
            line = self._lines.number
            pieces, fault = self._record()
            if not pieces and fault is None:
                return
            values = [] if fault else _parse(pieces, self._delimiter)
            if not any(value.strip() for value in values) and fault is None:
                continue
            if width is not None and values:
                while len(values) > width and not values[-1].strip():
                    values.pop()
                if len(values) != width:
                    fault = gettext(NOT_THE_COLUMNS, expected=width, found=len(values))
            if fault:
                self._lines.push_back(pieces[1:])
                yield Reject(line=line, column="", reason=fault)
            else:
                yield line, values

    def _record(self) -> tuple[list[str], str | None]:
        """The lines of one record, and why it cannot be one."""
        pieces: list[str] = []
        place, length = _Place.START, 0
        while True:
            piece = self._lines.next()
            if not piece:
                return pieces, gettext(NOT_CLOSED) if place is _Place.QUOTED else None
            pieces.append(piece)
            length += len(piece)
            if len(piece) >= LONGEST_RECORD:
                self._lines.skip_line(piece)
                return pieces, gettext(TOO_LONG, limit=LONGEST_RECORD)
            place = _walk(piece, place, self._delimiter)
            if place is not _Place.QUOTED:
                return pieces, None
            if length > LONGEST_RECORD or len(pieces) > MOST_LINES:
                return pieces, gettext(NOT_CLOSED)


class _Lines:
    """The lines of a text, the longest in pieces; lines can be put back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self.number = 1  # of the line that comes next

    def next(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._text.readline(LONGEST_RECORD)
        self.number += 1 if line else 0
        return line

    def push_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def skip_line(self, piece: str) -> None:
        """Pass over what is left of a line that was too long."""
        while piece and not piece.endswith(("\n", "\r")):
            piece = self._text.readline(LONGEST_RECORD)

    def skip_blank(self) -> str:
        while (line := self.next()) and not line.strip():
            pass
        return line


def _walk(piece: str, place: _Place, delimiter: str) -> _Place:
    """Where a piece of text ends, as the csv module sees it: a quote opens a field only at its start."""
    at, end = 0, len(piece)
    while at < end:
        match place:
            case _Place.START | _Place.QUOTE_SEEN:
                is_quote = piece[at] == '"'
                at += is_quote
                place = _Place.QUOTED if is_quote else _Place.PLAIN
            case _Place.QUOTED:
                at = piece.find('"', at) + 1
                if at == 0:
                    return place
                place = _Place.QUOTE_SEEN
            case _Place.PLAIN:
                at = piece.find(delimiter, at) + 1
                if at == 0:
                    return place
                place = _Place.START
    return place


def _parse(pieces: list[str], delimiter: str) -> list[str]:
    return next(csv.reader(pieces, delimiter=delimiter), [])


def _check_mapping(headers: list[str], mapping: Mapping[str, str] | None) -> None:
    for header, name in (mapping or {}).items():
        if header.strip() not in headers:
            raise InputError(gettext("The mapping names the column “%(column)s”, which is not there.", column=header))
        if name and name not in FIELDS:
            known = ", ".join(FIELDS)
            raise InputError(
                gettext("The mapping names the field “%(field)s”; known: %(known)s", field=name, known=known)
            )


def _kind_of(headers: list[str]) -> ContactKind:
    is_lead = any(header.replace(" ", "").lower() == "leadid" for header in headers)
    return ContactKind.LEAD if is_lead else ContactKind.CONTACT
