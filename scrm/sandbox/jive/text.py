"""What people write, as Jive renders it: HTML in a marked body, mentions as links to a profile.

The form is that of recorded answers in jivesoftware/jive-ios-sdk (content_messages.json, contents.json), read
2026-11-24.
"""

from __future__ import annotations

import re
import uuid
from html import escape, unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrm.sandbox.jive.state import Account, Content, Reply

SUBJECT = 80
SUMMARY = 250
ABRIDGED = 500
PERSON_TYPE = 3  # the object type by which mentions name a person


def subject_of(text: str) -> str:
    """The first sentence, cut where Jive's own titles are cut."""
    first = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0]
    return first if len(first) <= SUBJECT else f"{first[: SUBJECT - 3]}..."


def rendered(said: Content | Reply, base_url: str) -> str:
    mark = uuid.uuid5(uuid.NAMESPACE_URL, said.uri)
    inner = "".join(f"<p>{_with_links(line, said.mentions, base_url)}</p>" for line in _lines(said))
    return (
        f"<body><!-- [DocumentBodyStart:{mark}] -->"
        f'<div class="jive-rendered-content">{inner}</div>'
        f"<!-- [DocumentBodyEnd:{mark}] --></body>"
    )


def _lines(said: Content | Reply) -> list[str]:
    missing = [f"@{one.display_name}" for one in said.mentions if f"@{one.display_name}" not in said.text]
    return " ".join([*missing, said.text]).split("\n")


def _with_links(line: str, mentions: tuple[Account, ...], base_url: str) -> str:
    html = escape(line, quote=False)
    for one in mentions:
        link = (
            f'<a class="jiveTT-hover-user jive-link-profile-small" data-containerId="-1" data-containerType="-1" '
            f'data-objectId="{one.id}" data-objectType="{PERSON_TYPE}" '
            f'href="{base_url}/people/{escape(one.username)}">{escape(one.display_name)}</a>'
        )
        html = html.replace(f"@{escape(one.display_name, quote=False)}", link)
    return html


def plain(html: str, most: int) -> str:
    """The text without tags, shortened."""
    text = unescape(re.sub(r"<[^>]+>", "", html.replace("</p><p>", " "))).strip()
    return text[:most]
