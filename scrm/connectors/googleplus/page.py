"""A post saved as a web page, read into the shape of one saved as JSON.

Two sorts of pages are known: marked by classes (`a.author`, `div.main-content`, `div.comment`), as archived at
timhutton.github.io, and marked by `itemprop`, as a public importer of archives reads them (both seen 2026-11-24).
nh3 parses first, so that no markup however broken reaches Python's own parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

import nh3

TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[+-]\d\d:?\d\d|Z)")
ITEM_ID = re.compile(r"""<body\b[^>]*\bitemid=["']([^"']+)["']""")
TAGS = {"a", "b", "i", "div", "span", "p", "br", "ul", "ol", "li", "h2", "h3"}
KEPT = {"class", "href", "itemprop", "itemtype", "oid"}
COMMENT_TYPE = "schema.org/Comment"
DEEPEST = 200


@dataclass(kw_only=True)
class Node:
    """An element with what is inside it."""

    tag: str
    attributes: dict[str, str]
    below: list["Node"] = field(default_factory=list)
    begins: int = 0
    ends: int = 0
    text: str = ""  # of the whole page; the element's own is between `begins` and `ends`

    @property
    def html(self) -> str:
        return self.text[self.begins : self.ends]

    @property
    def words(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", "", self.html)).split())

    def all(self, *names: str) -> Iterator["Node"]:
        """Every element with one of these classes or itemprops, in the order of the page."""
        for node in self.below:
            if node.is_called(*names):
                yield node
            yield from node.all(*names)

    def first(self, *names: str) -> "Node | None":
        return next(self.all(*names), None)

    def is_called(self, *names: str) -> bool:
        called = {*self.attributes.get("class", "").split(), *self.attributes.get("itemprop", "").split()}
        return any(name in called or (name == "a" and self.tag == "a") for name in names)


def post_of(text: str) -> dict[str, Any] | None:
    """The post that a page shows; None when it shows none."""
    root = _parsed(text)
    comments = [node for node in root.all("comment") if node.tag == "div"] or _typed(root)
    head = _without(root, comments)
    content, address, created = head.first("main-content"), _address(head, text), _time(head)
    author = _author(head)
    if content is None or author is None or created is None or not address:
        return None
    said = content.first("text") or content
    updated = re.search(rf"Updated: ({TIME.pattern})", head.words)
    visibility = head.first("visibility")
    post: dict[str, Any] = {
        "url": address,
        "creationTime": created,
        "author": author,
        "content": said.html or None,
        "visibility": visibility.words.partition(":")[2] if visibility else "",
        "comments": [found for node in comments if (found := _comment(node))],
        "plusOnes": [{"plusOner": one} for one in _people(head.first("plus-oners"))],
        "reshares": [{"resharer": one} for one in _people(head.first("resharers"))],
    }
    if updated:
        post["updateTime"] = updated[1]
    if shared := head.first("reshare-attribution"):
        post["resharedPost"] = _shared(shared)
    return post


def _author(node: Node) -> dict[str, Any] | None:
    found = node.first("author")
    if found is None:
        return None
    link = found if found.tag == "a" else found.first("url", "a")
    name = found.first("name")
    return _person(link, (name or found).words) if link else None


def _person(link: Node, name: str) -> dict[str, Any]:
    return {"displayName": name, "profilePageUrl": link.attributes.get("href", "")}


def _people(node: Node | None) -> list[dict[str, Any]]:
    return [_person(link, link.words) for link in node.all("a")] if node else []


def _comment(node: Node) -> dict[str, Any] | None:
    author, at, said = _author(node), _time(node), node.first("comment-content", "text")
    if author is None or at is None:
        return None
    return {"author": author, "creationTime": at, "content": said.html if said else None}


def _shared(node: Node) -> dict[str, Any]:
    link = node if node.tag == "a" else node.first("a")
    href = link.attributes.get("href", "") if link else ""
    name = node.words.partition("shared by ")[2]
    return {"url": href, "author": {"displayName": name or None, "profilePageUrl": href}}


def _address(node: Node, text: str) -> str | None:
    """Where the post was: the link behind its time, else what the page says of itself."""
    for link in node.all("a"):
        if TIME.fullmatch(link.words):
            return link.attributes.get("href")
    found = ITEM_ID.search(text)
    return unescape(found[1]) if found else None


def _time(node: Node) -> str | None:
    marked = node.first("dateCreated")
    found = TIME.search(marked.words if marked else node.words)
    return found[0] if found else None


def _typed(root: Node) -> list[Node]:
    return [node for node in _every(root) if node.attributes.get("itemtype", "").endswith(COMMENT_TYPE)]


def _every(node: Node) -> Iterator[Node]:
    for one in node.below:
        yield one
        yield from _every(one)


def _without(root: Node, comments: list[Node]) -> Node:
    """The page up to its first comment, whose authors and times are not the post's."""
    end = min((node.begins for node in comments), default=root.ends)
    kept = [node for node in root.below if node.begins < end]
    return Node(tag="", attributes={}, below=[_cut(node, end) for node in kept], ends=end, text=root.text)


def _cut(node: Node, end: int) -> Node:
    below = [_cut(one, end) for one in node.below if one.begins < end]
    return Node(
        tag=node.tag,
        attributes=node.attributes,
        below=below,
        begins=node.begins,
        ends=min(node.ends, end),
        text=node.text,
    )


def _parsed(text: str) -> Node:
    attributes = {"*": KEPT}
    clean = nh3.clean(text, tags=TAGS, attributes=attributes, link_rel=None, url_schemes={"http", "https"})
    tree = _Tree(clean)
    tree.feed(clean)
    tree.close()
    return tree.root


class _Tree(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node(tag="", attributes={}, ends=len(text), text=text)
        self._text = text
        self._open = [self.root]
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or len(self._open) > DEEPEST:
            return
        begins = self._place() + len(self.get_starttag_text() or "")
        found = {name: value or "" for name, value in attrs}
        node = Node(tag=tag, attributes=found, begins=begins, ends=len(self._text), text=self._text)
        self._open[-1].below.append(node)
        self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop().ends = self._place()

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column
