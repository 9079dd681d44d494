"""One request that has passed the gate: who asks what, and on which host the answer's links stand."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.parameters import after_epoch, when
from scrm.sandbox.connections.xml import tag, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scrm.sandbox.connections.state import Account, Community, Post, State


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a view needs to know besides the state."""

    state: State
    viewer: Account
    application: str
    path: str
    query: Mapping[str, str]
    places: Mapping[str, str]
    now: datetime
    origin: str  # of links to pages for people and to single objects
    feed_origin: str  # of a feed's links to itself, which real servers get wrong
    hides_emails: bool

    def address(self, *, with_query: bool = True) -> str:
        query = f"?{urlencode(self.query)}" if with_query and self.query else ""
        return f"{self.feed_origin}{self.path}{query}"

    def email_of(self, account: Account) -> str | None:
        return None if self.hides_emails or account.hides_email else account.email

    def since(self) -> datetime | None:
        """Read `since`, which the gate has held against the dialect of the call."""
        value = self.query.get("since")
        if value is None:
            return None
        return after_epoch(value) if value.isdecimal() else when(value)

    def whose(self) -> Account | None:
        """Find the one person whom `email`, `userid` or `key` names; nobody if none of them is given."""
        named = [name for name in ("email", "userid", "key") if name in self.query]
        if not named:
            return None
        found = self.people(named[0], self.query[named[0]])
        if not found:
            raise RefusedError(404, "The requested profile does not exist.")
        return found[0]

    def people(self, name: str, words: str) -> list[Account]:
        """Find people by one of the three keys; hidden addresses find nobody."""
        wanted = {word.strip().lower() for word in words.split(",")}
        return [one for one in self.state.accounts.values() if self._named_by(name, one) in wanted]

    def _named_by(self, name: str, account: Account) -> str:
        if name == "email":
            return (self.email_of(account) or "").lower()
        return account.userid if name == "userid" else account.key

    def community(self, uuid: str) -> Community:
        found = self.state.communities.get(uuid.lower())
        if found is None:
            raise RefusedError(404)
        if not found.shows(self.viewer):
            raise RefusedError(403)
        return found

    def post(self, uuid: str, *kinds: str) -> Post:
        found = self.state.posts.get(uuid.lower())
        if found is None or found.kind not in kinds:
            raise RefusedError(404)
        if not found.shows(self.viewer):
            raise RefusedError(403)
        return found

    def person(self, name: str, account: Account, order: tuple[str, ...]) -> str:
        """Write somebody, with the children in the order of the application."""
        email = self.email_of(account)
        written = {
            "name": text("name", account.name),
            "email": text("email", email) if email else "",
            "userid": text("snx:userid", account.userid),
            "state": text("snx:userState", account.state),
            "external": text("snx:isExternal", str(account.is_external).lower()),
        }
        return tag(name, "".join(written[child] for child in order))

    def markup(self, post: Post) -> str:
        """Return the text as HTML, with the people it names as cards before it."""
        return html_of(post, self.origin)


def html_of(post: Post, origin: str) -> str:
    """Write a text as the editor stores it: paragraphs, and a card for everybody it names."""
    cards = "".join(
        f'<span class="vcard"><a class="fn url" href="{origin}/profiles/html/profileView.do?userid={one.userid}">'
        f"@{escape(one.name, quote=False)}</a>"
        f'<span class="x-lconn-userid" style="display : none">{one.userid}</span></span> '
        for one in post.mentions
    )
    return f'<p dir="ltr">{cards}{escape(post.text, quote=False)}</p>'
