"""The Bluesky fake: a PDS and an AppView behind one base URL, played through the verbs of `FakeNetwork`.

Built from the lexicons of bluesky-social/atproto (@d6296a1c) and the conduct of its packages pds, bsky and
xrpc-server (read 2026-11-23). All posts are public. Deleted is gone from every answer; `truth()` remembers.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask

from scrm.sandbox.bluesky.api import Api, error_body
from scrm.sandbox.bluesky.appview import AppView
from scrm.sandbox.bluesky.calls import Terms, calls
from scrm.sandbox.bluesky.limits import PER_ADDRESS, Limit
from scrm.sandbox.bluesky.methods import METHODS
from scrm.sandbox.bluesky.richtext import facets, mentioning
from scrm.sandbox.bluesky.sessions import Sessions
from scrm.sandbox.bluesky.state import BLOCK, FOLLOW, INVALID_HANDLE, LIKE, POST, REPOST, Account, Post
from scrm.sandbox.bluesky.truth import Truth
from scrm.sandbox.bluesky.writing import Writer
from scrm.sandbox.cast import BLUESKY_DOMAIN
from scrm.sandbox.ledger import Ledger
from scrm.sandbox.network import COMMON_VERBS
from scrm.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from scrm.sandbox.bluesky.state import Record
    from scrm.sandbox.network import Person

LONGEST_POST = 300


class Bluesky(Served):
    """One Bluesky network on loopback."""

    key = "bluesky"
    verbs = COMMON_VERBS

    def __init__(
        self,
        *,
        port: int = 0,
        rate_limit: int = PER_ADDRESS.points,
        clock: Callable[[], datetime] | None = None,
        terms: Terms | None = None,
    ) -> None:
        terms = terms or Terms()
        now = clock or (lambda: datetime.now(UTC))
        self._port = port
        self._lock = threading.RLock()
        self._appview = AppView()
        self._truth = Truth(self._appview)
        self._writer = Writer(self._appview, self._truth)
        self._sessions = Sessions(terms.lifetimes, now)
        self._people: dict[str, Account] = {}
        self._ledger = Ledger([method.route() for method in METHODS], error_body=error_body, clock=now)
        self.web = Flask("scrm.sandbox.bluesky", static_folder=None)
        self._ledger.attach(self.web, self)
        api = Api(
            self._appview,
            self._sessions,
            calls(self._appview, self._sessions, lambda: self.base_url, terms),
            self._lock,
        )
        api.attach(self.web, per_address=Limit(points=rate_limit, seconds=PER_ADDRESS.seconds), clock=now)

    def add_account(self, person: Person, *, at: datetime) -> str:
        """Open the person's account and return its did."""
        with self._lock:
            if person.key in self._people:
                raise ValueError("this person has an account already")
            account = self._writer.open_account(person, at)
            self._people[person.key] = account
            return account.did

    def app(self) -> dict[str, str]:
        """Nothing is registered here beforehand."""
        return {}

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return handle and app password; after a revocation there is a new password."""
        with self._lock:
            account = self._people[person_key]
            return {
                "identifier": account.handle,
                "app_password": self._sessions.app_password(account.did),
            }

    def post(  # noqa: PLR0913 - as the protocol
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
        """Write a post and return its at-uri; whoever is mentioned but not named in the text stands before it."""
        if visibility != "public":
            raise ValueError("Bluesky has only public posts")
        with self._lock:
            account = self._people[person_key]
            fields = self._text_fields(text, [self._people[key] for key in mentions])
            fields["langs"] = [account.person.language]
            if reply_to is not None:
                parent = self._post(reply_to)
                root = parent.value["reply"]["root"] if parent.parent else _reference(parent)
                fields["reply"] = {"root": root, "parent": _reference(parent)}
            if quote is not None:
                fields["embed"] = {"$type": "app.bsky.embed.record", "record": _reference(self._post(quote))}
            return self._writer.create(account, POST, fields, at).uri

    def _text_fields(self, text: str, mentioned: Sequence[Account]) -> dict[str, Any]:
        names = [(account.handle, account.person.handle) for account in mentioned]
        text = mentioning(text, names)
        if len(text) > LONGEST_POST:
            raise ValueError(f"a post has at most {LONGEST_POST} characters, mentions included")
        dids = [account.did for account in mentioned]
        marks = facets(text, list(zip(names, dids, strict=True)))
        return {"text": text, "facets": marks} if marks else {"text": text}

    def _post(self, uri: str) -> Post:
        post = self._appview.post(uri)
        if post is None:
            raise ValueError("no post has this uri")
        return post

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        """Like a post and return the like's at-uri; given a repost, like the post by way of it."""
        with self._lock:
            account = self._people[person_key]
            via = self._appview.records.get(post_id)
            fields: dict[str, Any] = {}
            if via is not None and via.collection == REPOST:
                fields["via"] = _reference(via)
                post_id = via.subject
            if known := account.liked.get(post_id):
                return known
            fields["subject"] = _reference(self._post(post_id))
            return self._writer.create(account, LIKE, fields, at).uri

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._writer.remove(self._people[person_key].liked[post_id], at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:
        """Repost a post and return the repost's at-uri."""
        with self._lock:
            account = self._people[person_key]
            if known := account.reposted.get(post_id):
                return known
            fields = {"subject": _reference(self._post(post_id))}
            return self._writer.create(account, REPOST, fields, at).uri

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            account, target = self._people[person_key], self._people[target_key]
            if known := account.following.get(target.did):
                return known
            return self._writer.create(account, FOLLOW, {"subject": target.did}, at).uri

    def block(self, person_key: str, target_key: str, *, at: datetime) -> str:
        """Block an account: neither sees the other any more."""
        with self._lock:
            target = self._people[target_key]
            return self._writer.create(self._people[person_key], BLOCK, {"subject": target.did}, at).uri

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        """Write a post's new version; whoever it mentioned stays mentioned."""
        with self._lock:
            post = self._post(post_id)
            mentioned = [self._appview.accounts[did] for did in post.features("mention", "did")]
            self._writer.replace(post, self._text_fields(text, mentioned), at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        """Delete a post, or by its at-uri any other record: a repost, a follow, a block."""
        with self._lock:
            if post_id not in self._appview.records:
                raise ValueError("no record has this uri")
            self._writer.remove(post_id, at)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        """Change names or bio; a handle without a dot is one of this network's, the did stays in any case."""
        with self._lock:
            account = self._people[person_key]
            if handle is not None:
                self._rename(account, handle if "." in handle else f"{handle}.{BLUESKY_DOMAIN}")
            account.display_name = account.display_name if display_name is None else display_name
            account.bio = account.bio if bio is None else bio
            self._writer.write_profile(account, at)

    def _rename(self, account: Account, handle: str) -> None:
        holder = self._appview.by_handle.get(handle)
        if holder not in (None, account):
            raise ValueError("this handle belongs to somebody else")
        self._appview.by_handle.pop(account.handle, None)
        account.handle = handle.lower()
        # a handle whose domain no longer names the did is shown so, and resolves to nobody
        if account.handle != INVALID_HANDLE:
            self._appview.by_handle[account.handle] = account

    def set_clock(self, person_key: str, skew: timedelta) -> None:
        """Let the clock of the person's client run fast, or with a negative skew slow."""
        with self._lock:
            self._people[person_key].skew = skew

    def revoke(self, person_key: str) -> None:
        """Take back the account's app password, and with it every token."""
        with self._lock:
            self._sessions.revoke(self._people[person_key].did)

    def export_archive(self, person_key: str) -> bytes:
        """Return the account's repository as a CAR file, as its owner would download it."""
        with self._lock:
            return self._people[person_key].repository.car()

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()


def _reference(record: Record) -> dict[str, str]:
    return {"uri": record.uri, "cid": record.cid}
