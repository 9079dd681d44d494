"""The SharePoint fake: the company's sites, its directory and its application, played through `FakeNetwork`'s verbs.

The company's account is a service account; its staff are colleagues, everybody else is a guest. "Nordwerk Partner"
is open to all of them, "Nordwerk Vertrieb" to the staff and some contacts. What the company's own people say is
published as pages, what others say stands in the forum.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from flask import Flask, Response

from scrm.sandbox.ledger import Ledger
from scrm.sandbox.served import Sending
from scrm.sandbox.sharepoint import errors
from scrm.sandbox.sharepoint.access import ACCESS_LIFE, GRAPH, REFRESH_LIFE, SHAREPOINT, Access
from scrm.sandbox.sharepoint.accounts import Accounts
from scrm.sandbox.sharepoint.comments import CommentReader
from scrm.sandbox.sharepoint.delta import Delta
from scrm.sandbox.sharepoint.gate import Gate
from scrm.sandbox.sharepoint.graph import Reader
from scrm.sandbox.sharepoint.ids import CLIENT_ID, DIRECTORY_ID, HOST
from scrm.sandbox.sharepoint.life import Life
from scrm.sandbox.sharepoint.limits import IDENTITY_UNITS, SHAREPOINT_UNITS, SUBSCRIPTION_CALLS, Limits
from scrm.sandbox.sharepoint.notices import ANSWER_SECONDS, Notices
from scrm.sandbox.sharepoint.oauth import REGISTERED, App, AuthorizationServer
from scrm.sandbox.sharepoint.routes import CALLS, ROUTES
from scrm.sandbox.sharepoint.search import Search
from scrm.sandbox.sharepoint.state import State
from scrm.sandbox.sharepoint.subscriptions import Subscriptions
from scrm.sandbox.sharepoint.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import timedelta

    from scrm.sandbox.network import Person
    from scrm.sandbox.sharepoint.routes import Call
    from scrm.sandbox.sharepoint.state import Site, Target


class SharePoint(Sending):
    """SharePoint, Graph and Entra on loopback, with one registered application.

    `deliver_every` (seconds) sends what is due in a thread of its own; without it only `deliver()` sends.
    """

    key = "sharepoint"
    verbs: ClassVar[frozenset[str]] = frozenset(
        {"add_account", "post", "like", "unlike", "edit", "delete", "edit_profile", "revoke", "join", "leave"}
    )

    def __init__(  # noqa: PLR0913 - what a test may set
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        access_life: timedelta = ACCESS_LIFE,
        refresh_life: timedelta = REFRESH_LIFE,
        redirect_uris: Collection[str] | None = None,
        is_admin_consented: bool = True,
        sharepoint_units: int = SHAREPOINT_UNITS,
        identity_units: int = IDENTITY_UNITS,
        answer_seconds: float = ANSWER_SECONDS,
        deliver_every: float | None = None,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._app = App(
            name="Nordwerk Social CRM",
            client_id=CLIENT_ID,
            client_secret="sbx8Q~sandbox-client-secret",  # noqa: S106 - opens nothing but the sandbox
            redirect_uris=redirect_uris,
            is_admin_consented=is_admin_consented,
        )
        self._state = State()
        self._truth = Truth()
        self._accounts = Accounts(self._state)
        self._access = Access(access_life=access_life, refresh_life=refresh_life, clock=now)
        self._limits = Limits(
            budgets={
                "sharepoint": (sharepoint_units, 60),
                "identity": (identity_units, 10),
                "subscriptions": (SUBSCRIPTION_CALLS, 10),
            },
            clock=now,
        )
        self._notices = Notices(answer_seconds=answer_seconds, clock=now)
        reader = Reader(self._state)
        self._delta = Delta(self._state, reader, now)
        self._subscriptions = Subscriptions(self._access, reader, self._notices, self._lock)
        self._life = Life(self._state, self._truth, self._subscriptions.list_changed)
        self._ledger = Ledger(ROUTES, error_body=errors.body_of_status, clock=now)
        self.web = Flask("scrm.sandbox.sharepoint", static_folder=None)
        self._add_views(reader)
        self._port = port
        self._deliver_every = deliver_every

    def _add_views(self, reader: Reader) -> None:
        self._ledger.attach(self.web, self)
        gate = Gate(self._access, self._limits)
        gate.attach(self.web)
        AuthorizationServer(self._app, self._state, self._access, self._lock).attach(self.web)
        reading: dict[str, Callable[..., Response]] = {
            **reader.views(),
            **self._delta.views(),
            **CommentReader(self._state).views(),
            "search": Search(self._state).query,
        }
        subscribing = self._subscriptions.views()

        def served(call: Call) -> Callable[..., Response]:
            def view(**keys: str) -> Response:
                gate.check(call)
                if call.name in subscribing:
                    return subscribing[call.name](**keys)
                with self._lock:
                    return reading[call.name](**keys)

            return view

        for number, call in enumerate(CALLS):
            self.web.add_url_rule(call.rule(), f"{call.name}_{number}", served(call), methods=[call.method])

    def app(self) -> dict[str, str]:
        """Return the registered application's values, and the addresses to put in place of Microsoft's.

        `api_url` and `graph_url` stand for https://graph.microsoft.com, `login_url` for
        https://login.microsoftonline.com, `sharepoint_url` for https://nordwerk.sharepoint.com.
        """
        base = self.base_url
        return {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "tenant": DIRECTORY_ID,
            "host": HOST,
            "api_url": base,
            "graph_url": base,
            "sharepoint_url": base,
            "login_url": base,
            "authorize_url": f"{base}/{DIRECTORY_ID}/oauth2/v2.0/authorize",
            "token_url": f"{base}/{DIRECTORY_ID}/oauth2/v2.0/token",
        }

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            user = self._accounts.add(person, at)
            self._subscriptions.user_changed(user, "updated")
            return user.id

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return what a sign-in would have given: a token for Graph, one for SharePoint, and what renews both."""
        with self._lock:
            user = self._state.by_key[person_key]
        consent = self._access.consent(user, dict(REGISTERED), is_offline=True)
        return {
            "tenant": DIRECTORY_ID,
            "access_token": self._access.issue(consent, GRAPH, REGISTERED[GRAPH]).text,
            "sharepoint_access_token": self._access.issue(consent, SHAREPOINT, REGISTERED[SHAREPOINT]).text,
            "refresh_token": self._access.issue_refresh_token(consent),
        }

    def _target(self, native_id: str) -> Target:
        return self._state.targets[native_id]

    def site_id(self, visibility: str = "public") -> str:
        """Return the id of the open site, or of the closed one."""
        return self._site(visibility).id

    def _site(self, visibility: str) -> Site:
        name = {"public": "partner", "community": "vertrieb"}.get(visibility)
        if name is None:
            raise ValueError(f"SharePoint knows no visibility {visibility}")
        return self._state.sites[name]

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
        if quote:
            raise ValueError("nobody quotes in SharePoint")
        with self._lock:
            author = self._state.by_key[person_key]
            named = [self._state.by_key[key] for key in mentions]
            if reply_to:
                return self._life.comment(author, text, self._target(reply_to), at=at, mentions=named)
            return self._life.write(author, text, self._site(visibility), at=at, mentions=named)

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            return self._life.like(self._state.by_key[person_key], self._target(post_id), at=at)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.unlike(self._state.by_key[person_key], self._target(post_id), at=at)

    def share(self, *_args: object, **_named: object) -> str:
        """Refuse: a page is shared by e-mail, and nothing of that is seen."""
        raise ValueError("nobody shares in SharePoint")

    def follow(self, *_args: object, **_named: object) -> str:
        """Refuse: people follow sites, not each other."""
        raise ValueError("nobody follows people in SharePoint")

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            self._life.edit(self._target(post_id), text, at=at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.delete(self._target(post_id), at=at)

    def join(self, person_key: str, community: str, *, at: datetime) -> None:  # noqa: ARG002 - nothing shows when
        """Let somebody into a site, named by its id."""
        with self._lock:
            self._site_of(community).members.add(self._state.by_key[person_key].id)

    def leave(self, person_key: str, community: str, *, at: datetime) -> None:  # noqa: ARG002 - nothing shows when
        with self._lock:
            self._site_of(community).members.discard(self._state.by_key[person_key].id)

    def _site_of(self, site_id: str) -> Site:
        found = self._state.site(site_id)
        if found is None:
            raise KeyError(site_id)
        return found

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - the directory shows no time of a change
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            user = self._accounts.change(person_key, display_name=display_name, bio=bio, handle=handle)
            self._subscriptions.user_changed(user, "updated")

    def hide_email(self, person_key: str) -> None:
        """Let nobody see somebody's address any more."""
        with self._lock:
            self._subscriptions.user_changed(self._accounts.hide_email(person_key), "updated")

    def revoke(self, person_key: str) -> None:
        """Let every token of somebody die, and with them what was subscribed to."""
        with self._lock:
            self._access.revoke_user(self._state.by_key[person_key])

    def reset_delta(self, code: str = "resyncChangesApplyDifferences") -> None:
        """Let every mark of changes be worth nothing, as after a move of the server."""
        with self._lock:
            self._delta.reset_code = code
            self._state.generation += 1
            for site in self._state.sites.values():
                for of in site.lists.values():
                    of.generation += 1

    def deliver(self) -> int:
        """Send what is due to those who subscribed; return how many requests were made."""
        with self._lock:
            self._subscriptions.look_after()
        return self._notices.send()

    def tell(self, subscription_id: str, event: str) -> None:
        """Queue a lifecycle notice: reauthorizationRequired, subscriptionRemoved or missed."""
        with self._lock:
            self._subscriptions.tell(subscription_id, event)

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, all or those of these numbers."""
        return self._notices.redeliver(numbers)

    def deliveries(self) -> list[dict[str, object]]:
        return self._notices.deliveries()

    def usage(self) -> list[dict[str, object]]:
        """Every call served, and how often each budget was refused."""
        return self._limits.usage()

    error_body = staticmethod(errors.error_body)

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()
