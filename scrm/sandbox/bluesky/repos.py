"""Answer the calls about repositories: com.atproto.repo and com.atproto.sync, which need no token.

Answers as packages/pds of bluesky-social/atproto gives them (read 2026-11-23).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.accounts import did_document
from scrm.sandbox.bluesky.ids import cid_text
from scrm.sandbox.bluesky.state import INVALID_HANDLE, Account
from scrm.sandbox.bluesky.xrpc import Call, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.views import View


class RepoCalls:
    """com.atproto.repo and com.atproto.sync."""

    def __init__(self, appview: AppView, base_url: Callable[[], str]) -> None:
        self._appview = appview
        self._base_url = base_url

    def list_records(self, call: Call) -> View:
        account = self._repo(call)
        collection = call.text("collection")
        page = account.repository.page(
            collection, call.number("limit"), call.maybe("cursor"), reverse=call.flag("reverse")
        )
        view: View = {
            "records": [
                {
                    "uri": f"at://{account.did}/{collection}/{stored.rkey}",
                    "cid": cid_text(stored.cid),
                    "value": stored.value,
                }
                for stored in page
            ]
        }
        if page:
            view["cursor"] = page[-1].rkey
        return view

    def get_record(self, call: Call) -> View:
        account = self._repo(call)
        collection, rkey = call.text("collection"), call.text("rkey")
        uri = f"at://{account.did}/{collection}/{rkey}"
        stored = account.repository.get(collection, rkey)
        wanted = call.maybe("cid")
        if stored is None or wanted not in (None, cid_text(stored.cid)):
            raise invalid(f"Could not locate record: {uri}", "RecordNotFound")
        return {"uri": uri, "cid": cid_text(stored.cid), "value": stored.value}

    def describe_repo(self, call: Call) -> View:
        account = self._repo(call)
        return {
            "handle": account.handle,
            "did": account.did,
            "didDoc": did_document(account, self._base_url()),
            "collections": account.repository.collections(),
            "handleIsCorrect": account.handle != INVALID_HANDLE,
        }

    def get_repo(self, call: Call) -> bytes:
        return self._hosted(call).repository.car(call.maybe("since"))

    def get_latest_commit(self, call: Call) -> View:
        cid, rev = self._hosted(call).repository.head()
        return {"cid": cid, "rev": rev}

    def _repo(self, call: Call) -> Account:
        account = self._appview.account(call.text("repo"))
        if account is None:
            raise invalid(f"Could not find repo: {call.text('repo')}")
        return account

    def _hosted(self, call: Call) -> Account:
        account = self._appview.accounts.get(call.text("did"))
        if account is None:
            raise invalid(f"Could not find root for DID: {call.text('did')}", "RepoNotFound")
        return account
