"""The Jive fake's own account of what the company may see, kept apart from what the API answers.

Kinds: post (a content), mention (words that name the company), reply, like, follow, message (private, with the
company). `to_us` tells what touches the company's account itself: its own words, words that name it, everything
below what it wrote, in threads it joined from then on, likes on its words. The rest is said in its communities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.jive.state import Content

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.jive.state import Account, Reply

NETWORK = "jive"


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_company(account: Account) -> bool:
    return account.person.key == COMPANY_KEY


class Truth:
    """Every interaction that exists or existed where the company may read."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}
        self._entered: set[str] = set()  # closed groups that the company is or was in
        self._joined: set[str] = set()  # contents in whose thread the company spoke or was named

    def entries(self, api: str) -> list[dict[str, object]]:
        return [
            {**entry, "uri": f"{api}{entry['native_id']}"}
            for entry in self._entries.values()
            if entry["audience"] != "community" or entry["community"] in self._entered
        ]

    def entered(self, group: str) -> None:
        """Let everything said in a closed group concern the company from now on."""
        self._entered.add(group)

    def wrote(self, said: Content | Reply) -> None:
        root = said.root
        if root.kind == "dm" and not any(is_company(one) for one in (root.author, *root.participants)):
            return
        is_ours, is_named = is_company(said.author), any(map(is_company, said.mentions))
        is_joined = root.uri in self._joined
        if is_ours or is_named:
            self._joined.add(root.uri)
        parent = None if isinstance(said, Content) else said.parent.uri
        kind = (
            "message"
            if root.kind == "dm"
            else "mention"
            if is_named and not is_ours
            else "reply"
            if parent
            else "post"
        )
        self._add(said.uri, kind, said.author, root, parent, said.created_at)
        self._entries[said.uri] |= {
            "type": said.kind,
            "api_id": said.uri.rsplit("/", 1)[1],
            "to_us": is_ours or is_named or is_joined or root.kind == "dm",
        }

    def liked(self, account: Account, said: Content | Reply, at: datetime) -> None:
        native_id = like_id(said, account)
        self._add(native_id, "like", account, said.root, said.uri, at)
        self._entries[native_id]["to_us"] = is_company(account) or is_company(said.author)

    def followed(self, account: Account, target: Account, at: datetime) -> None:
        if is_company(target) or is_company(account):
            native_id = f"{target.uri}/@followers/{account.id}"
            self._add(native_id, "follow", account, None, target.uri, at)
            self._entries[native_id]["to_us"] = True

    def edited(self, said: Content | Reply, at: datetime) -> None:
        if said.uri in self._entries:
            self._entries[said.uri]["edited_at"] = iso(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": iso(at)}

    def _add(
        self, native_id: str, kind: str, author: Account, root: Content | None, on: str | None, at: datetime
    ) -> None:
        place = root.place if root else None
        is_private = root is not None and root.kind == "dm"
        self._entries[native_id] = {
            "network": NETWORK,
            "native_id": native_id,
            "kind": kind,
            "author": author.uri,
            "person": author.person.key,
            "object": on,
            "at": iso(at),
            "edited_at": None,
            "deleted": False,
            "audience": "private" if is_private else "community" if place and place.is_closed else "public",
            "community": place.group.uri if place else None,
        }


def like_id(said: Content | Reply, account: Account) -> str:
    return f"{said.uri}/likes/{account.id}"
