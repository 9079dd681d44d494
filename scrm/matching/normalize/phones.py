"""A telephone number as digits that can be compared.

Without the phonenumbers package (48 MB): the last nine digits tell numbers apart well enough for a key, since
country code and trunk zero are what people write differently. Shorter numbers are extensions: never a key.
"""

import re

from scrm.matching.normalize.text import to_latin

COMPARED_DIGITS = 9
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|durchwahl|dw|#)\s*\d{1,6}$", re.IGNORECASE)


def canonical_phone(text: str | None) -> str | None:
    """Give the last nine digits, None for what is too short or one digit repeated."""
    digits = re.sub(r"\D", "", _EXTENSION.sub("", to_latin(text).replace("(0)", "")))
    if len(digits) < COMPARED_DIGITS or len(set(digits)) == 1:
        return None
    return digits[-COMPARED_DIGITS:]
