"""Write records as an account's client and its server do, and hand them on to the AppView.

Client clocks are not to be trusted: one account in sixteen runs seven minutes fast, and one in eight uses a
client that writes local times with microseconds; which ones follows from the did.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from scrm.sandbox.bluesky.appview import record_class
from scrm.sandbox.bluesky.ids import make_did, wire_time
from scrm.sandbox.bluesky.repository import Repository
from scrm.sandbox.bluesky.state import PROFILE, Account, Post, Record, did_of
from scrm.sandbox.cast import bluesky_address

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.truth import Truth
    from scrm.sandbox.network import Person

FAST_CLOCK = timedelta(minutes=7)
ODD_ZONE = timezone(timedelta(hours=2))


class Writer:
    """Creates, replaces and removes records."""

    def __init__(self, appview: AppView, truth: Truth) -> None:
        self._appview = appview
        self._truth = truth
        self._writes = 0

    def open_account(self, person: Person, at: datetime) -> Account:
        did = make_did(person.key)
        habits = hashlib.sha256(did.encode()).digest()
        account = Account(
            person=person,
            did=did,
            handle=bluesky_address(person).lower(),
            repository=Repository(did),
            created_at=at,
            indexed_at=at,
            skew=FAST_CLOCK if habits[0] % 16 == 0 else timedelta(0),
            writes_local_time=habits[1] % 8 == 0,
            display_name=person.full_name,
            bio=person.bio,
            website=person.website,
        )
        self._appview.accounts[did] = account
        self._appview.by_handle[account.handle] = account
        self.write_profile(account, at)
        return account

    def write_profile(self, account: Account, at: datetime) -> None:
        """Write the profile record anew and list the account under its present names."""
        value: dict[str, Any] = {"$type": PROFILE, "createdAt": wire_time(account.created_at)}
        fields = {"displayName": account.display_name, "description": account.bio, "website": account.website}
        value |= {name: text for name, text in fields.items() if text}
        cid = account.repository.put(PROFILE, "self", value, at)
        account.indexed_at = at
        self._appview.records[f"at://{account.did}/{PROFILE}/self"] = Record(
            uri=f"at://{account.did}/{PROFILE}/self",
            cid=cid,
            author=account,
            collection=PROFILE,
            rkey="self",
            value=value,
            indexed_at=at,
            key=self._appview.new_key(at, at),
        )
        self._appview.search.add_person(account)

    def create(self, account: Account, collection: str, fields: dict[str, Any], at: datetime) -> Record:
        """Write a new record, which the AppView indexes within a second."""
        created_at = at + account.skew
        stamp = created_at.astimezone(ODD_ZONE).isoformat(timespec="microseconds")
        value = {
            "$type": collection,
            **fields,
            "createdAt": stamp if account.writes_local_time else wire_time(created_at),
        }
        self._writes += 1
        indexed_at = at + timedelta(milliseconds=self._writes * 137 % 1000)
        rkey = account.repository.next_rkey(at)
        record = record_class(collection)(
            uri=f"at://{account.did}/{collection}/{rkey}",
            cid=account.repository.put(collection, rkey, value, at),
            author=account,
            collection=collection,
            rkey=rkey,
            value=value,
            indexed_at=indexed_at,
            key=self._appview.new_key(created_at, indexed_at),
        )
        self._appview.index(record)
        self._truth.happened(record, at)
        return record

    def replace(self, post: Post, fields: dict[str, Any], at: datetime) -> None:
        """Write a new version of a post under its old key: the uri stays, the cid does not."""
        kept = {name: part for name, part in post.value.items() if name not in {"text", "facets"}}
        value = {**kept, **fields}
        cid = post.author.repository.put(post.collection, post.rkey, value, at)
        self._appview.reindex_post(post, value, cid, at)
        self._truth.edited(post.uri, at)

    def remove(self, uri: str, at: datetime) -> None:
        record = self._appview.unindex(uri)
        self._appview.accounts[did_of(uri)].repository.remove(record.collection, record.rkey, at)
        self._truth.deleted(uri, at)
