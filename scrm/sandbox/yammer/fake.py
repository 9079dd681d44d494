"""The Viva Engage fake: one company's network with two communities, played through the verbs of `FakeNetwork`.

One server stands for three hosts: `/api/v1/` for www.yammer.com, `/v1.0/` for graph.microsoft.com and
`/{directory}/oauth2/v2.0/` for login.microsoftonline.com. What is deleted is gone from the API; `truth()` remembers
it.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask, Response

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.ledger import Ledger
from scrm.sandbox.served import Served
from scrm.sandbox.yammer import errors
from scrm.sandbox.yammer.access import ACCESS_LIFE, REFRESH_LIFE, Access
from scrm.sandbox.yammer.accounts import CLOSED, HOME, OPEN, Accounts
from scrm.sandbox.yammer.api import Reader
from scrm.sandbox.yammer.entra import App, SignIn
from scrm.sandbox.yammer.feeds import Feeds
from scrm.sandbox.yammer.gate import Gate
from scrm.sandbox.yammer.graph_api import GraphReader
from scrm.sandbox.yammer.ids import guid
from scrm.sandbox.yammer.life import Life
from scrm.sandbox.yammer.limits import LIMITS, Limits
from scrm.sandbox.yammer.routes import ROUTES
from scrm.sandbox.yammer.scopes import GRAPH, REGISTERED, SIGN_IN, YAMMER
from scrm.sandbox.yammer.state import State
from scrm.sandbox.yammer.truth import Truth
from scrm.sandbox.yammer.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import timedelta

    from scrm.sandbox.network import Person
    from scrm.sandbox.yammer.state import Message

DIRECTORY = guid("directory")
DIRECTORY_NAMES = frozenset({DIRECTORY, HOME.domain, "common", "organizations"})
# as many as the network's own page names before "and others"; from memory, 2026-11-24
MOST_NAMES = 3


class Yammer(Served):
    """The whole of it on loopback, with one registered application."""

    key = "yammer"
    verbs: ClassVar[frozenset[str]] = frozenset(
        {
            "add_account",
            "post",
            "like",
            "unlike",
            "edit",
            "delete",
            "edit_profile",
            "revoke",
            "message",
            "join",
            "leave",
        }
    )

    def __init__(  # noqa: PLR0913 - what a test may set
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        limits: Mapping[str, tuple[int, timedelta]] = LIMITS,
        access_life: timedelta = ACCESS_LIFE,
        refresh_life: timedelta = REFRESH_LIFE,
        redirect_uris: Collection[str] | None = None,
        most_names: int = MOST_NAMES,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._app = App(
            name="Nordwerk Social CRM",
            client_id=guid("application"),
            client_secret="sbx8Q~sandbox.client-secret",  # noqa: S106 - opens nothing but the sandbox
            directory=DIRECTORY,
            directory_names=DIRECTORY_NAMES,
            redirect_uris=redirect_uris,
        )
        self._state = State(HOME)
        self._truth = Truth(HOME)
        self._life = Life(self._state, self._truth)
        self._accounts = Accounts(self._state, self._life)
        self._access = Access(access_life=access_life, refresh_life=refresh_life, clock=now)
        self._limits = Limits(limits, now)
        self._ledger = Ledger(ROUTES, error_body=errors.body_of_status, clock=now)
        self.web = Flask("scrm.sandbox.yammer", static_folder=None)
        self._add_views(Views(self._state, most_names=most_names))
        self._port = port

    def _add_views(self, views: Views) -> None:
        self._ledger.attach(self.web, self)
        Gate(self._access, self._limits, self._lock).attach(self.web)
        SignIn(self._app, self._state, self._access, self._lock).attach(self.web)
        reader = Reader(self._state, views, Feeds(self._state, views))
        graph = GraphReader(self._state, lambda: self.base_url)
        for rule, view in reader.views().items():
            self.web.add_url_rule(f"/api/v1/{rule}.json", f"yammer {rule}", self._locked(view))
        for rule, view in graph.views().items():
            self.web.add_url_rule(f"/v1.0/{rule}", f"graph {rule}", self._locked(view))

    def _locked(self, view: Callable[..., Response]) -> Callable[..., Response]:
        def serve(**given: Any) -> Response:
            with self._lock:
                return view(**given)

        return serve

    def app(self) -> dict[str, str]:
        """Return the registered application's values, and the addresses to put in place of Microsoft's hosts."""
        return {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "tenant": DIRECTORY,
            "api_url": self.base_url,
            "graph_url": self.base_url,
            "login_url": self.base_url,
            "authorize_url": f"{self.base_url}/{DIRECTORY}/oauth2/v2.0/authorize",
            "token_url": f"{self.base_url}/{DIRECTORY}/oauth2/v2.0/token",
        }

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            return str(self._accounts.add(person, at).id)

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return tokens as a sign-in gives them: one for each resource, and one to renew both."""
        with self._lock:
            grant = self._access.grant(self._state.by_key[person_key], SIGN_IN, REGISTERED)
        return {
            "access_token": self._access.issue(grant, YAMMER).text,
            "graph_access_token": self._access.issue(grant, GRAPH).text,
            "refresh_token": self._access.refresh_token(grant),
        }

    def communities(self) -> dict[str, str]:
        """Return the number of the open and of the closed community, by `partner` and `vertrieb`."""
        with self._lock:
            return {group.key: str(group.id) for group in self._state.groups.values()}

    def _message(self, native_id: str) -> Message:
        return self._state.messages[int(native_id)]

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
        """Begin a thread in the open community (public) or the closed one (community), or reply."""
        if quote is not None or visibility not in {"public", "community"}:
            raise ValueError("messages here quote nothing, and are public or for the closed community")
        with self._lock:
            sender = self._state.by_key[person_key]
            named = [self._state.by_key[key] for key in mentions]
            if reply_to is not None:
                return self._life.reply(sender, text, self._message(reply_to), at=at, mentions=named)
            group = self._state.group(OPEN if visibility == "public" else CLOSED)
            return self._life.start(sender, text, group, at=at, mentions=named)

    def message(
        self, person_key: str, text: str, *, at: datetime, reply_to: str | None = None, to: str = COMPANY_KEY
    ) -> str:
        """Write to the company in private, or from the company to somebody."""
        if (person_key == COMPANY_KEY) == (to == COMPANY_KEY):
            raise ValueError("a private message goes between the company and somebody else")
        with self._lock:
            sender, other = self._state.by_key[person_key], self._state.by_key[to]
            target = self._message(reply_to) if reply_to is not None else None
            return self._life.write_to(sender, other, text, at=at, target=target)

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            return self._life.like(self._state.by_key[person_key], self._message(post_id), at=at)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.unlike(self._state.by_key[person_key], self._message(post_id), at=at)

    def share(self, *_args: object, **_named: object) -> str:
        """Refuse: the API shows nothing of shares."""
        raise ValueError("Viva Engage's API shows no shares")

    def follow(self, *_args: object, **_named: object) -> str:
        """Refuse: the API counts followers and names none."""
        raise ValueError("Viva Engage's API shows no followers")

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            self._life.edit(self._message(post_id), text, at=at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.delete(self._message(post_id), at=at)

    def join(self, person_key: str, community: str, *, at: datetime) -> None:
        """Enter a community, named by key or number."""
        with self._lock:
            self._state.group(community).members.setdefault(self._state.by_key[person_key].id, at)

    def leave(self, person_key: str, community: str, *, at: datetime) -> None:  # noqa: ARG002 - no time is shown
        with self._lock:
            if person_key == COMPANY_KEY:
                raise ValueError("the company stays in its own communities")
            self._state.group(community).members.pop(self._state.by_key[person_key].id, None)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - no time of a profile's change is shown
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            user = self._state.by_key[person_key]
            self._accounts.change(user, display_name=display_name, bio=bio, handle=handle)

    def set_external(self, person_key: str, *, is_external: bool) -> None:
        """Let somebody come from a network of their own, or be of this one."""
        with self._lock:
            self._accounts.set_home(self._state.by_key[person_key], is_external=is_external)

    def set_fake_email(self, person_key: str, *, is_fake: bool) -> None:
        """Let the network make somebody's address up, or show the true one."""
        with self._lock:
            self._state.by_key[person_key].has_fake_email = is_fake

    def revoke(self, person_key: str) -> None:
        with self._lock:
            self._access.revoke(self._state.by_key[person_key])

    def usage(self) -> list[dict[str, object]]:
        """Return how many calls were served, by person and limit."""
        with self._lock:
            return self._limits.usage()

    error_body = staticmethod(errors.error_body)

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()
