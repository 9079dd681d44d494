"""What an examination of an installation finds."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is."""

    GOOD = "good"
    WARN = "warn"  # works, but somebody should look
    MEND = "mend"  # does not work, or may lose data


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing seen, in plain words."""

    grade: Grade
    text: str


def good(text: str) -> Finding:
    return Finding(grade=Grade.GOOD, text=text)


def warn(text: str) -> Finding:
    return Finding(grade=Grade.WARN, text=text)


def mend(text: str) -> Finding:
    return Finding(grade=Grade.MEND, text=text)
