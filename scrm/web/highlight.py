"""Marks in a text the words that were looked for, as the index folds them."""

import re
from typing import Final

from markupsafe import Markup, escape

from scrm.models.words import Words, split

TOKEN: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")


def highlight(text: str, words: Words | None) -> Markup | str:
    """The text with <mark> around what was found; as it is when nothing was looked for."""
    if not words:
        return text
    spots = sorted(_spots(text, words))
    done, made = 0, Markup()
    for start, end in spots:
        if start < done:
            continue
        made += escape(text[done:start]) + Markup("<mark>%s</mark>") % text[start:end]
        done = end
    return made + escape(text[done:])


def _spots(text: str, words: Words) -> list[tuple[int, int]]:
    whole = {word for phrase in words.phrases for word in phrase.words}
    beginnings = tuple(phrase.words[-1] for phrase in words.phrases if phrase.is_beginning)
    spots = []
    for token in TOKEN.finditer(text):
        parts = split(token[0])
        if any(part in whole or (beginnings and part.startswith(beginnings)) for part in parts):
            spots.append(token.span())
    for piece in words.pieces:
        spots += [found.span() for found in re.finditer(re.escape(piece), text)]
    return spots
