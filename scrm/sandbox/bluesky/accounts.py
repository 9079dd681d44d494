"""Answer the calls about sessions, handles and people: com.atproto.server, identity, app.bsky.actor, graph.

Answers as the lexicons and packages/pds and packages/bsky of bluesky-social/atproto give them (read 2026-11-23).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.state import INVALID_HANDLE, Account
from scrm.sandbox.bluesky.xrpc import Call, XrpcError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.sessions import Sessions
    from scrm.sandbox.bluesky.state import Record
    from scrm.sandbox.bluesky.timeline import Timeline
    from scrm.sandbox.bluesky.views import View


def did_document(account: Account, base_url: str) -> View:
    """Return the account's did document: its names, its key and its server."""
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://w3id.org/security/suites/secp256k1-2019/v1",
        ],
        "id": account.did,
        "alsoKnownAs": [f"at://{account.handle}"],
        "verificationMethod": [
            {
                "id": f"{account.did}#atproto",
                "type": "Multikey",
                "controller": account.did,
                "publicKeyMultibase": account.repository.public_key(),
            }
        ],
        "service": [
            {
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": base_url,
            }
        ],
    }


class ServerCalls:
    """com.atproto.server and com.atproto.identity."""

    def __init__(self, appview: AppView, sessions: Sessions, base_url: Callable[[], str]) -> None:
        self._appview = appview
        self._sessions = sessions
        self._base_url = base_url

    def create_session(self, call: Call) -> View:
        identifier = call.text("identifier").lower()
        account = self._appview.account(identifier) or self._by_email(identifier)
        if account is None or not self._sessions.is_password(account.did, call.text("password")):
            raise XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")
        access, refresh = self._sessions.issue(account.did)
        return {"accessJwt": access, "refreshJwt": refresh, **self._own(account)}

    def _by_email(self, identifier: str) -> Account | None:
        if "@" not in identifier:
            return None
        accounts = self._appview.accounts.values()
        return next((one for one in accounts if one.person.email.lower() == identifier), None)

    def _own(self, account: Account) -> View:
        return {
            "did": account.did,
            "didDoc": did_document(account, self._base_url()),
            "handle": account.handle,
            "email": account.person.email,
            "emailConfirmed": True,
            "emailAuthFactor": False,
            "active": True,
        }

    def refresh_session(self, call: Call) -> View:
        access, refresh = self._sessions.rotate(call.token)
        return {"accessJwt": access, "refreshJwt": refresh, **self._own(call.caller)}

    def get_session(self, call: Call) -> View:
        return self._own(call.caller)

    def delete_session(self, call: Call) -> None:
        self._sessions.end(call.token)

    def resolve_handle(self, call: Call) -> View:
        account = self._appview.by_handle.get(call.text("handle").lower())
        if account is None or account.handle == INVALID_HANDLE:
            raise invalid("Unable to resolve handle")
        return {"did": account.did}


class PeopleCalls:
    """app.bsky.actor and app.bsky.graph."""

    def __init__(self, appview: AppView) -> None:
        self._appview = appview

    def get_profile(self, call: Call) -> View:
        account = self._appview.account(call.text("actor"))
        if account is None:
            raise invalid("Profile not found")
        return call.views.detailed(account)

    def get_profiles(self, call: Call) -> View:
        found = [self._appview.account(actor) for actor in call.texts("actors")]
        return {"profiles": [call.views.detailed(account) for account in found if account is not None]}

    def search_actors(self, call: Call) -> View:
        people = self._appview.search.people(call.maybe("q") or call.maybe("term") or "")
        start, limit = offset(call), call.number("limit")
        view: View = {"actors": [call.views.profile(account) for account in people[start : start + limit]]}
        if start + limit < len(people):
            view["cursor"] = str(start + limit)
        return view

    def get_followers(self, call: Call) -> View:
        account = self._actor(call)
        follows, cursor = self._page(call, account.followers, by_author=True)
        return {"subject": call.views.profile(account), "followers": follows, **cursor}

    def get_follows(self, call: Call) -> View:
        account = self._actor(call)
        follows, cursor = self._page(call, account.follows, by_author=False)
        return {"subject": call.views.profile(account), "follows": follows, **cursor}

    def _actor(self, call: Call) -> Account:
        account = self._appview.account(call.text("actor"))
        if account is None:
            raise invalid(f"Actor not found: {call.text('actor')}")
        return account

    def _page(self, call: Call, follows: Timeline[Record], *, by_author: bool) -> tuple[list[View], dict[str, str]]:
        def shown(follow: Record) -> Account:
            return follow.author if by_author else self._appview.accounts[follow.subject]

        page, cursor = follows.page(
            call.number("limit"), call.maybe("cursor"), lambda follow: not call.views.is_hidden(shown(follow))
        )
        return [call.views.profile(shown(follow)) for follow in page], {"cursor": cursor} if cursor else {}


def offset(call: Call) -> int:
    """Read a cursor that counts what was shown; a ValueError says it does not."""
    return int(call.maybe("cursor") or 0)
