"""Plain text from the HTML that networks send; paragraphs and line breaks stay, links stay as text.

nh3 parses first, so that no markup however broken reaches Python's own parser, which some of it makes fail.
"""

import re
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

import nh3

BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
TAGS = set(BLOCKS | {"a", "br", "li"})
ATTRIBUTES = {"a": {"href"}, "p": {"class"}}
FALLBACK = "quote-inline"  # "RE: <link>" for clients without quotes; the quote itself is a field of its own
SPACES, LINE_ENDS, MANY_LINES = re.compile(r"\s+"), re.compile(r" *\n *"), re.compile(r"\n{3,}")
SAME_AS_HREF = re.compile(r"^(https?://)?(www\.)?")


@lru_cache(maxsize=2048)
def html_to_text(html: str) -> str:
    """The text a reader sees; empty when there is none. One author's biography comes with every post: remembered."""
    if "<" not in html:
        return SPACES.sub(" ", unescape(html)).strip()
    reader = _Reader()
    reader.feed(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None))
    reader.close()
    return MANY_LINES.sub("\n\n", LINE_ENDS.sub("\n", "".join(reader.parts))).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._href = ""
        self._link_begins = 0
        self._is_fallback = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "br":
            self._add("\n")
        elif tag == "li":
            self._add("\n- ")
        elif tag == "a":
            self._href, self._link_begins = found.get("href") or "", len(self.parts)
        elif tag in BLOCKS:
            self._is_fallback = FALLBACK in (found.get("class") or "").split()
            self._add("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in BLOCKS:
            self._add("\n\n")
            self._is_fallback = False

    def handle_data(self, data: str) -> None:
        self._add(SPACES.sub(" ", data))

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
