"""Cursors as JSON text, Link headers, and the state of a list that a network gives newest first.

Link headers are RFC 8288. A page is never trusted to move: what comes back in place must be an error, not a loop.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from requests.utils import parse_header_links

from scrm.connectors.payload import Payload, parse_json
from scrm.errors import RetryLaterError
from scrm.http import Answer


def pack(fields: Mapping[str, str | None]) -> str:
    """A cursor as text; the same fields give the same text."""
    return json.dumps({name: value for name, value in fields.items() if value is not None}, sort_keys=True)


def unpack(cursor: str | None) -> Payload:
    """The fields of a cursor; an empty one before the first reading. Raises PayloadError."""
    return Payload(parse_json(cursor) if cursor else {}, "cursor")


def link(answer: Answer, rel: str) -> str | None:
    """The address that the Link header names for this relation."""
    for entry in parse_header_links(answer.headers.get("Link", "")):
        if entry.get("rel") == rel:
            return str(entry["url"])
    return None


@dataclass(frozen=True, kw_only=True)
class NewestFirst:
    """How far a list has been read that comes newest first and knows no "after this one".

    A run reads down from the newest item (`head`) to the newest item of the last complete run (`mark`). Only when it
    has arrived there does the mark move up to the head, so a run that dies half-way leaves no gap.
    """

    mark: str | None = None
    head: str | None = None
    next: str | None = None  # where the run goes on; None between runs

    @classmethod
    def parse(cls, cursor: str | None) -> "NewestFirst":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            mark=fields.optional_text("mark"),
            head=fields.optional_text("head"),
            next=fields.optional_text("next"),
        )

    def text(self) -> str:
        return pack({"mark": self.mark, "head": self.head, "next": self.next})

    def after_page(self, *, newest: str | None, next_: str | None, has_reached_mark: bool) -> "NewestFirst":
        """The state after a page whose first item is `newest`; `next_` is None where the list ends."""
        if next_ is not None and next_ == self.next:
            raise RetryLaterError("the next page leads to itself")
        head = self.head if self.next is not None else newest
        if next_ is None or has_reached_mark:
            return NewestFirst(mark=head or self.mark)
        return NewestFirst(mark=self.mark, head=head, next=next_)
