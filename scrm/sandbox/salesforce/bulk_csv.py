"""The CSV of Bulk API 2.0: what a job uploads, and what its results look like."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


class CsvError(ValueError):
    """The job fails as a whole, with this message."""


def read_rows(text: str, settings: Mapping[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns and the rows of an upload; raises CsvError."""
    wanted = settings["lineEnding"]
    first = text.split("\n", 1)[0]
    if first.endswith("\r") != (wanted == "CRLF"):
        sentence = f"LineEnding is invalid on user data. Current LineEnding setting is {wanted}"
        raise CsvError(f"ClientInputError : {sentence}")
    try:
        lines = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[settings["columnDelimiter"]], strict=True)
        )
    except csv.Error as exc:
        raise CsvError(f"InvalidBatch : Failed to parse CSV: {exc}") from None
    if not lines or not any(lines[0]):
        raise CsvError("InvalidBatch : Field name not found : ")
    columns = lines[0]
    if len(set(columns)) < len(columns):
        raise CsvError("InvalidBatch : Duplicate column names")
    rows = []
    for line in lines[1:]:
        if line and len(line) != len(columns):
            raise CsvError("InvalidBatch : Number of columns of a row is not that of the header")
        if line:
            rows.append(dict(zip(columns, line, strict=True)))
    return columns, rows


def write_rows(rows: Sequence[Mapping[str, object]], columns: Sequence[str], settings: Mapping[str, str]) -> str:
    """Return rows as CSV, every cell in quotes; None is empty."""
    out = io.StringIO()
    ending, delimiter = LINE_ENDINGS[settings["lineEnding"]], DELIMITERS[settings["columnDelimiter"]]
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
