"""Texts cut to what a field of the CRM takes."""

import unicodedata


def cut(text: str, limit: int) -> str:
    """The text within a limit of characters, never cut inside an emoji, a flag or a letter with its marks."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _belong_together(text, end):
        end -= 1
    return text[:end] + "…"


JOINER = "\u200d"  # makes one picture of two
SKIN_TONES = range(0x1F3FB, 0x1F400)
TAGS = range(0xE0020, 0xE0080)  # spell the flag of a region
FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_ALL_FLAG_LETTERS = "".join(map(chr, FLAG_LETTERS))


def _belong_together(text: str, at: int) -> bool:
    """Whether a reader sees the characters on both sides of a place as one (after Unicode's UAX 29, simplified)."""
    before, after = text[at - 1], text[at]
    if ord(after) in FLAG_LETTERS:  # in twos from where the letters begin
        return (at - len(text[:at].rstrip(_ALL_FLAG_LETTERS))) % 2 == 1
    return (
        JOINER in {before, after}
        or (before, after) == ("\r", "\n")
        or unicodedata.category(after).startswith("M")
        or ord(after) in SKIN_TONES
        or ord(after) in TAGS
    )
