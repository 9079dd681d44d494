"""Tables of comments as Google Takeout writes them, in each of the orders they came in."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

STAMP = "Comment Create Timestamp"
OLD = ("Comment ID", "Channel ID", STAMP, "Price", "Parent Comment ID", "Video ID", "Comment Text")
MIDDLE = ("Channel ID", STAMP, "Price", "Comment ID", "Parent Comment ID", "Video ID", "Comment Text")
NEW = (*OLD[:5], "Post ID", "Video ID", "Comment text", "Top-Level Comment ID")
NAME = "Takeout/YouTube and YouTube Music/comments/comments.csv"


def table(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(columns)
    writer.writerows([[row.get(name.casefold(), "") for name in columns] for row in rows])
    return made.getvalue() + "\r\n\r\n"


def saved(folder: Path, **files: str | bytes) -> Path:
    target = folder / "takeout.zip"
    with zipfile.ZipFile(target, "w") as made:
        for name, body in files.items():
            made.writestr(NAME if name == "comments" else name, body)
    return target
