"""The Mastodon fake: a server of version 4.7 whose life is played through the verbs of `FakeNetwork`.

Accounts of our own staff and many others live on it; the rest are remote accounts it has heard of. Handles
cannot change on Mastodon. What is deleted is gone from the API; `truth()` remembers it.
"""

from __future__ import annotations

import re
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Flask

from scrm.sandbox.cast import COMPANY_KEY, mastodon_domain
from scrm.sandbox.ledger import Ledger
from scrm.sandbox.mastodon.access import RATE_LIMIT, Access, error_body
from scrm.sandbox.mastodon.api import add_api
from scrm.sandbox.mastodon.archive import account_archive
from scrm.sandbox.mastodon.content import tags_in
from scrm.sandbox.mastodon.oauth import add_oauth
from scrm.sandbox.mastodon.routes import ROUTES
from scrm.sandbox.mastodon.state import Account, State, Status
from scrm.sandbox.mastodon.truth import Truth
from scrm.sandbox.network import COMMON_VERBS
from scrm.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.network import Person


class Mastodon(Served):
    """One Mastodon server on loopback."""

    key = "mastodon"
    verbs = COMMON_VERBS | {"notify"}

    def __init__(
        self, *, port: int = 0, rate_limit: int = RATE_LIMIT, clock: Callable[[], datetime] | None = None
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._state = State()
        self._truth = Truth()
        self._access = Access(rate_limit=rate_limit, clock=now)
        self._ledger = Ledger(ROUTES, array_suffix="[]", error_body=error_body, clock=now)
        self.web = Flask("scrm.sandbox.mastodon", static_folder=None)
        self._ledger.attach(self.web, self)
        self._access.attach(self.web)
        add_oauth(self.web, self._state, self._access, self._lock)
        add_api(self.web, self._state, self._access, self._lock)
        self._port = port

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            account = Account(
                id=self._state.snowflake(at),
                person=person,
                username=person.handle,
                domain=mastodon_domain(person),
                display_name=person.full_name,
                bio=person.bio,
                created_at=at,
                is_bot=person.key.endswith("_bot"),
            )
            if person.key in self._state.by_key or account.acct.lower() in self._state.by_acct:
                raise ValueError("this key or handle has an account already")
            if account.is_local and not re.fullmatch(r"\w+", account.username, re.ASCII):
                raise ValueError("a local handle has letters, digits and _ only")
            self._state.add_account(account)
            return account.uri

    def app(self) -> dict[str, str]:
        """Nothing is registered here beforehand."""
        return {}

    def credentials(self, person_key: str) -> dict[str, str]:
        with self._lock:
            account = self._local(person_key)
            return {"access_token": self._access.issue(account, "read profile")}

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",
        quote: str | None = None,
    ) -> str:
        with self._lock:
            author = self._state.by_key[person_key]
            parent = self._state.by_uri[reply_to] if reply_to else None
            mentioned = self._mentioned(author, parent, mentions)
            status = Status(
                id=self._state.snowflake(at),
                account=author,
                text=_with_mentions(text, mentioned),
                created_at=at,
                visibility=visibility,
                in_reply_to=parent,
                in_reply_to_account=parent.account if parent else None,
                quote_of=self._state.by_uri[quote] if quote else None,
                is_quoting=quote is not None,
                mentions=mentioned,
                tags=tags_in(text),
            )
            self._state.add_status(status)
            for account in mentioned:
                self._state.notify("mention", account, author, status, at)
            if status.quote_of:
                self._state.notify("quote", status.quote_of.account, author, status, at)
            self._truth.wrote(status)
            return status.uri

    def _mentioned(self, author: Account, parent: Status | None, keys: Sequence[str]) -> tuple[Account, ...]:
        mentioned = [self._state.by_key[key] for key in keys]
        if parent and parent.account is not author and parent.account not in mentioned:
            # every client writes the mention of whom one answers; without it nobody is notified
            mentioned.insert(0, parent.account)
        return tuple(mentioned)

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            account, status = self._state.by_key[person_key], self._state.by_uri[post_id]
            if status.id not in account.favourites:
                row = account.favourites[status.id] = self._state.row_id()
                status.favourites[row] = account
                self._state.notify("favourite", status.account, account, status, at)
                self._truth.liked(account, status, row, at)
            return f"{account.uri}#likes/{account.favourites[status.id]}"

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            account, status = self._state.by_key[person_key], self._state.by_uri[post_id]
            row = account.favourites.pop(status.id)
            del status.favourites[row]
            self._state.take_back("favourite", account, status)
            self._truth.deleted(f"{account.uri}#likes/{row}", at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            account, status = self._state.by_key[person_key], self._state.by_uri[post_id]
            if status.visibility not in {"public", "unlisted"} and status.account is not account:
                raise ValueError("only public and unlisted posts can be boosted by others")
            if known := status.reblogs.get(account.id):
                return known.uri
            boost = Status(
                id=self._state.snowflake(at),
                account=account,
                text="",
                created_at=at,
                visibility=status.visibility,
                reblog_of=status,
            )
            self._state.add_status(boost)
            self._state.notify("reblog", status.account, account, status, at)
            self._truth.shared(boost)
            return boost.uri

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            account, target = self._state.by_key[person_key], self._state.by_key[target_key]
            row = account.following.get(target.id)
            if row is None:
                row = account.following[target.id] = self._state.row_id()
                target.followers[row] = account
                self._state.notify("follow", target, account, None, at)
                self._truth.followed(account, target, row, at)
            return f"https://{account.domain}/{uuid.uuid5(uuid.NAMESPACE_URL, f'{account.uri}{row}')}"

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            status = self._state.by_uri[post_id]
            self._state.unindex_tags(status)
            status.text = _with_mentions(text, status.mentions)
            status.tags = tags_in(text)
            status.edited_at = at
            self._state.index_tags(status)
            for boost in status.reblogs.values():
                self._state.notify("update", boost.account, status.account, status, at)
            for quoting in status.quotes:
                self._state.notify("quoted_update", quoting.account, status.account, quoting, at)
            self._truth.edited(status)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            status = self._state.by_uri[post_id]
            gone = [status, *status.reblogs.values()]
            likes = [f"{account.uri}#likes/{row}" for row, account in status.favourites.items()]
            self._state.remove_status(status)
            for one in gone:
                del self._state.by_uri[one.uri]
            for native_id in [one.uri for one in gone] + likes:
                self._truth.deleted(native_id, at)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - Mastodon shows no time of a profile's change
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        if handle is not None:
            raise ValueError("a Mastodon handle cannot change")
        with self._lock:
            account = self._state.by_key[person_key]
            account.display_name = account.display_name if display_name is None else display_name
            account.bio = account.bio if bio is None else bio

    def notify(self, kind: str, person_key: str, *, at: datetime) -> None:
        """Send a notification of a type of the server's own, with no status: types unknown today too."""
        with self._lock:
            account = self._local(person_key)
            self._state.notify(kind, account, account, None, at)

    def revoke(self, person_key: str) -> None:
        with self._lock:
            self._access.revoke_account(self._state.by_key[person_key])

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()

    def export_archive(self, person_key: str = COMPANY_KEY) -> bytes:
        """Return the archive a person may download of their account."""
        with self._lock:
            return account_archive(self._local(person_key), self._state)

    def _local(self, person_key: str) -> Account:
        account = self._state.by_key[person_key]
        if not account.is_local:
            raise ValueError("this account lives on another server")
        return account


def _with_mentions(text: str, mentioned: Sequence[Account]) -> str:
    missing = [f"@{one.acct}" for one in mentioned if f"@{one.acct}" not in text]
    return " ".join([*missing, text])
