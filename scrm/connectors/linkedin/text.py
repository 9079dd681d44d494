r"""Plain text from "little", the way in which LinkedIn writes what posts say.

marketing/community-management/shares/little-text-format (learn.microsoft.com/linkedin, view li-lms-2026-05, read
2026-11-24): a mention is `@[name](urn)`, a hashtag `{hashtag|\#|word}`, and what is reserved has a backslash before
it. What is not written like that is left as it is.
"""

import re

RESERVED = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")
# a part ends where another element could begin, so that no text, however broken, is read more than twice
ELEMENT = re.compile(
    r"@\[(?P<name>(?:\\.|[^\[\]\\])*)\] ?\((?:\\.|[^()\\])*\)"
    r"|\{hashtag\|(?P<sign>(?:\\.|[^{}|\\])*)\|(?P<word>(?:\\.|[^{}|\\])*)\}"
    r"|\\(?P<escaped>[\\|{}@\[\]()<>#*_~])",
    re.DOTALL,
)


def plain(little: str) -> str:
    """The text as people read it."""
    return ELEMENT.sub(_shown, little).strip()


def _shown(match: re.Match[str]) -> str:
    if match["escaped"]:
        return match["escaped"]
    if match["name"] is not None:
        return _unescaped(match["name"])
    return _unescaped(match["sign"]) + _unescaped(match["word"])


def _unescaped(text: str) -> str:
    return RESERVED.sub(r"\1", text)
