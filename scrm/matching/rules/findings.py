"""The levels at which a name of the contact can be found in a profile."""

from enum import StrEnum
from typing import NamedTuple


class Found(StrEnum):
    """How a name was found; the words are the levels of the rules."""

    EXACT = "exact"
    PART = "part"
    REVERSED = "reversed"
    MIDDLE = "middle"
    NICKNAME = "nickname"
    NEAR = "near"
    SKELETON = "skeleton"
    INITIAL = "initial"
    OTHER_SCRIPT = "other_script"
    # in a handle
    WHOLE = "whole"
    SHORT = "short"  # a short form of a first name, or the long one of a short form
    INSIDE = "inside"
    PREFIX = "prefix"
    FIRST_LETTER = "first_letter"


class Finding(NamedTuple):
    """One name of the contact, found in one place of the profile."""

    level: Found
    theirs: str  # what the profile says
    ours: str  # what the contact says
