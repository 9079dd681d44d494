"""A connector's set-up page: Markdown of our own as HTML; raw HTML in it is text, and links leave without a trace."""

from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from scrm.connectors.registry import guide

TAGS: Final = {
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "a",
    "em",
    "strong",
    "code",
    "pre",
    "blockquote",
    "hr",
    "br",
} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
SCHEMES: Final = {"https", "http", "mailto"}


@cache
def set_up_page(network: str, language: str) -> Markup:
    """The page in the language, or in English; empty when the connector has none."""
    try:
        return render(guide(network, language))
    except FileNotFoundError:
        return Markup()


def render(text: str) -> Markup:
    """Markdown as HTML, its headings one level lower because the page has a title of its own."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.tag in {"h1", "h2", "h3"}:
            token.tag = f"h{int(token.tag[1]) + 1}"
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel="noreferrer noopener"
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it
