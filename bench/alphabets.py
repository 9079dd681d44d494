"""Latin names in other alphabets, sound by sound: good enough to make keys and comparisons cross a script."""

import re
from functools import cache

CYRILLIC = dict(
    zip(
        ("shch", "sch", "zh", "kh", "ts", "ch", "sh", "yu", "ya", "th", "ph", "ck", *"abcdefghijklmnopqrstuvwxyz"),
        (
            "щ", "ш", "ж", "х", "ц", "ч", "ш", "ю", "я", "т", "ф", "к", "а", "б", "к", "д", "е", "ф", "г", "х", "и",
            "дж", "к", "л", "м", "н", "о", "п", "к", "р", "с", "т", "у", "в", "в", "кс", "и", "з",
        ),
        strict=True,
    )
)  # fmt: skip
GREEK = dict(
    zip(
        ("th", "ch", "ph", "ps", "ou", *"abcdefghijklmnopqrstuvwxyz"),
        (
            "θ", "χ", "φ", "ψ", "ου", "α", "μπ", "κ", "ντ", "ε", "φ", "γκ", "χ", "ι", "τζ", "κ", "λ", "μ", "ν", "ο",
            "π", "κ", "ρ", "σ", "τ", "ου", "β", "ου", "ξ", "υ", "ζ",
        ),
        strict=True,
    )
)  # fmt: skip
ARABIC = dict(
    zip(
        ("th", "kh", "sh", "ch", "ph", *"abcdefghijklmnopqrstuvwxyz"),
        (
            "ث", "خ", "ش", "تش", "ف", "ا", "ب", "ك", "د", "", "ف", "غ", "ه", "ي", "ج", "ك", "ل", "م", "ن", "و", "ب",
            "ق", "ر", "س", "ت", "و", "ف", "و", "كس", "ي", "ز",
        ),
        strict=True,
    )
)  # fmt: skip


def transcribe(word: str, table: dict[str, str]) -> str:
    """Write a folded word in another alphabet, longest sounds first."""
    pattern = _pattern(tuple(table))
    return pattern.sub(lambda found: table[found[0]], word).capitalize()


@cache
def _pattern(sounds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(sounds, key=len, reverse=True)))
