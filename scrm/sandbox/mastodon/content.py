"""The HTML Mastodon makes of what people type, with mentions, hashtags, links and line breaks.

Markup as in app/lib/text_formatter.rb and html_aware_formatter.rb, from memory, 2026-11-24.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrm.sandbox.mastodon.state import Account, Status

TOKEN = re.compile(r"(?P<url>https?://[^\s<>]+)|@(?P<acct>[\w.@-]*\w)|(?<![\w&/])#(?P<tag>\w*[^\W\d]\w*)")
SHOWN_OF_A_LINK = 30


def tags_in(text: str) -> tuple[str, ...]:
    """Return the hashtags of a text, each once, without the sign."""
    found = (match["tag"] for match in TOKEN.finditer(text) if match["tag"])
    return tuple(dict.fromkeys(found))


def status_html(status: Status) -> str:
    mentioned = {name: account for account in status.mentions for name in (account.acct, account.username)}
    body = _paragraphs(status.text, mentioned, status.account.domain)
    if status.quote_of:
        link = link_html(status.quote_of.url)
        return f'<p class="quote-inline">RE: {link}</p>{body}'
    return body


def bio_html(account: Account) -> str:
    return _paragraphs(account.bio, {}, account.domain) if account.bio else ""


def link_html(url: str, *, rel: str = "nofollow noopener") -> str:
    scheme, rest = url.split("://", 1)
    shown, hidden = rest[:SHOWN_OF_A_LINK], rest[SHOWN_OF_A_LINK:]
    css = "ellipsis" if hidden else ""
    return (
        f'<a href="{escape(url)}" rel="{rel}" translate="no" target="_blank">'
        f'<span class="invisible">{scheme}://</span><span class="{css}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(hidden)}</span></a>'
    )


def _paragraphs(text: str, mentioned: dict[str, Account], domain: str) -> str:
    parts = re.split(r"\n{2,}", text.strip())
    return "".join(
        "<p>" + "<br />".join(_line(line, mentioned, domain) for line in part.split("\n")) + "</p>" for part in parts
    )


def _line(line: str, mentioned: dict[str, Account], domain: str) -> str:
    html, end = [], 0
    for match in TOKEN.finditer(line):
        html.append(escape(line[end : match.start()]))
        html.append(_token(match, mentioned, domain))
        end = match.end()
    html.append(escape(line[end:]))
    return "".join(html)


def _token(match: re.Match[str], mentioned: dict[str, Account], domain: str) -> str:
    if match["url"]:
        return link_html(match["url"])
    if match["tag"]:
        tag = escape(match["tag"])
        return f'<a href="https://{domain}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    account = mentioned.get(match["acct"])
    if account is None:
        return escape(match[0])
    return (
        f'<span class="h-card" translate="no"><a href="{account.url}" class="u-url mention">'
        f"@<span>{account.username}</span></a></span>"
    )
