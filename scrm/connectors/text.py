"""Plain text from the HTML that networks send; paragraphs and line breaks stay, links stay as text.

nh3 parses it and writes it anew with the few tags that matter here, so that what remains to be read is regular: tags
in lower case, attributes in double quotes.
"""

import re
from functools import lru_cache
from html import unescape

import nh3

BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
TAGS = set(BLOCKS | {"a", "br", "li"})
ATTRIBUTES = {"a": {"href"}, "p": {"class"}}
FALLBACK = "quote-inline"  # "RE: <link>" for clients without quotes; the quote itself is a field of its own
SPACES, LINE_ENDS, MANY_LINES = re.compile(r"\s+"), re.compile(r" *\n *"), re.compile(r"\n{3,}")
TAG = re.compile(r"""<(/?)([a-z0-9]+)((?: [a-z]+="[^"]*")*)>""")
ATTRIBUTE = re.compile(r"""([a-z]+)="([^"]*)\"""")
LONGEST_REMEMBERED = 4000  # long posts come once, and would be held by the thousand
SAME_AS_HREF = re.compile(r"^(https?://)?(www\.)?")


def html_to_text(html: str) -> str:
    """The text a reader sees; empty when there is none. One author's biography comes with every post: remembered."""
    return _remembered(html) if len(html) <= LONGEST_REMEMBERED else _read(html)


def _read(html: str) -> str:
    if "<" not in html:
        return SPACES.sub(" ", unescape(html)).strip()
    reader = _Reader()
    reader.read(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None))
    return MANY_LINES.sub("\n\n", LINE_ENDS.sub("\n", "".join(reader.parts))).strip()


_remembered = lru_cache(maxsize=2048)(_read)


class _Reader:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._href = ""
        self._link_begins = 0
        self._is_fallback = False

    def read(self, html: str) -> None:
        end = 0
        for tag in TAG.finditer(html):
            self._add_text(html[end : tag.start()])
            closes, name, attributes = tag.groups()
            if closes:
                self._close(name)
            else:
                self._open(name, dict(ATTRIBUTE.findall(attributes)))
            end = tag.end()
        self._add_text(html[end:])

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self._add("\n")
        elif tag == "li":
            self._add("\n- ")
        elif tag == "a":
            self._href, self._link_begins = unescape(attributes.get("href", "")), len(self.parts)
        elif tag in BLOCKS:
            self._is_fallback = FALLBACK in unescape(attributes.get("class", "")).split()
            self._add("\n\n")

    def _close(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in BLOCKS:
            self._add("\n\n")
            self._is_fallback = False

    def _add_text(self, html: str) -> None:
        if html:
            self._add(SPACES.sub(" ", unescape(html) if "&" in html else html))

    def _end_link(self) -> None:
        """Name the address behind a link whose text does not say it; mentions and hashtags say enough."""
        shown = "".join(self.parts[self._link_begins :]).strip()
        address = SAME_AS_HREF.sub("", self._href).rstrip("/")
        says_it = shown[:1] in {"@", "#"} or SAME_AS_HREF.sub("", shown).rstrip("/") == address
        if self._href.startswith(("http://", "https://")) and not says_it:
            self._add(f" ({self._href})" if shown else self._href)

    def _add(self, text: str) -> None:
        if not self._is_fallback:
            self.parts.append(text)
