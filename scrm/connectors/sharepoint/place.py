"""Where something stands: a page or an item of a list, which SharePoint's own REST knows by its number there."""

from dataclasses import dataclass
from datetime import datetime

from scrm.connectors.base import WatchOrder
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint.client import Item
from scrm.errors import PayloadError

COMMENTS = "comments"  # the object stream that reads what is said below
PAGE, ITEM, COMMENT, LIKE = "page", "item", "comment", "like"  # kinds of things that are read again


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page or an item: its lasting id, its list and number there, who wrote it, and when."""

    unique_id: str
    list_id: str
    number: str
    author: str
    at: datetime

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read what `text` gave. Raises PayloadError."""
        parts = text.split(" ")
        if len(parts) != 5:
            raise PayloadError("expected a reference of ours")
        unique_id, list_id, number, author, at = parts
        return cls(
            unique_id=unique_id,
            list_id=list_id,
            number=number,
            author=author,
            at=Payload({"at": at}, "reference").time("at"),
        )

    @classmethod
    def of(cls, holder: Payload) -> "Place":
        """The place that stands in an item of ours."""
        return cls(
            unique_id=holder.text("unique_id"),
            list_id=holder.text("list_id"),
            number=holder.text("number"),
            author=holder.text("author"),
            at=holder.time("at"),
        )

    def text(self) -> str:
        return f"{self.unique_id} {self.list_id} {self.number} {self.author} {self.at.isoformat()}"

    def item(self) -> Item:
        return {
            "unique_id": self.unique_id,
            "list_id": self.list_id,
            "number": self.number,
            "author": self.author,
            "at": self.at.isoformat(),
        }

    def ref(self, kind: str) -> str:
        return f"{kind} {self.text()}"

    def order(self) -> WatchOrder:
        return WatchOrder(stream=COMMENTS, native_id=self.unique_id, fetch_ref=self.text(), after_seconds=0)
