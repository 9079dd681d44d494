"""The LinkedIn fake: one page, its people and everybody else, played through the verbs of `FakeNetwork`.

The company's account is the page; its staff administer it, and so does one member made with it, for a page is
never without. What is deleted is gone from the API; `truth()` remembers it.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from flask import Flask, Response, g

from scrm.sandbox.ledger import Ledger
from scrm.sandbox.linkedin import errors
from scrm.sandbox.linkedin.access import ACCESS_LIFE, REFRESH_LIFE, Access
from scrm.sandbox.linkedin.accounts import Accounts
from scrm.sandbox.linkedin.api import Reader
from scrm.sandbox.linkedin.gate import Gate
from scrm.sandbox.linkedin.leads_api import LeadReader
from scrm.sandbox.linkedin.life import Life
from scrm.sandbox.linkedin.limits import APP_LIMIT, MEMBER_LIMIT, Limits
from scrm.sandbox.linkedin.oauth import App, AuthorizationServer
from scrm.sandbox.linkedin.routes import ROLES, ROUTES, SCOPES
from scrm.sandbox.linkedin.state import CLOSED, PRIVATE, VISIBLE, Member, Organization, Post, State
from scrm.sandbox.linkedin.subscriptions import Subscriptions
from scrm.sandbox.linkedin.truth import Truth
from scrm.sandbox.linkedin.urns import Numbers, small_number
from scrm.sandbox.linkedin.webhooks import CHALLENGE_SECONDS, Webhooks
from scrm.sandbox.served import Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import timedelta

    from scrm.sandbox.linkedin.state import Target
    from scrm.sandbox.network import Person


class LinkedIn(Sending):
    """The whole of LinkedIn on loopback, with one registered application.

    `deliver_every` (seconds) sends what is due in a thread of its own; without it only `deliver()` sends.
    """

    key = "linkedin"
    verbs: ClassVar[frozenset[str]] = frozenset(
        {
            "add_account",
            "post",
            "like",
            "unlike",
            "share",
            "follow",
            "edit",
            "delete",
            "edit_profile",
            "revoke",
            "lead",
        }
    )

    def __init__(  # noqa: PLR0913 - what a test may set
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        app_limit: int = APP_LIMIT,
        member_limit: int = MEMBER_LIMIT,
        access_life: timedelta = ACCESS_LIFE,
        refresh_life: timedelta = REFRESH_LIFE,
        redirect_uris: Collection[str] | None = None,
        duplicate_every: int = 4,
        challenge_seconds: float = CHALLENGE_SECONDS,
        deliver_every: float | None = None,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._app = App(
            name="Nordwerk Social CRM",
            number=small_number("application"),
            client_id="77sandbox0client",
            leads_client_id="77sandbox0leads",
            client_secret="WPL_AP1.sandbox.client-secret",  # noqa: S106 - opens nothing but the sandbox
            redirect_uris=redirect_uris,
        )
        self._state = State()
        self._accounts = Accounts(self._state, self._app.client_id)
        self._truth = Truth()
        self._access = Access(access_life=access_life, refresh_life=refresh_life, clock=now)
        self._limits = Limits(app_limit=app_limit, member_limit=member_limit, clock=now)
        self._webhooks = Webhooks(
            secret=self._app.client_secret,
            duplicate_every=duplicate_every,
            challenge_seconds=challenge_seconds,
            clock=now,
        )
        self._subscriptions = Subscriptions(
            f"urn:li:developerApplication:{self._app.number}", self._state, self._access, self._webhooks, self._lock
        )
        self._life = Life(
            state=self._state,
            truth=self._truth,
            numbers=Numbers(),
            subscriptions=self._subscriptions,
            agent_of=self._accounts.agent_of,
        )
        self._ledger = Ledger(ROUTES, error_body=errors.body_of_status, clock=now)
        self.web = Flask("scrm.sandbox.linkedin", static_folder=None)
        self._add_views(now)
        self._port = port
        self._deliver_every = deliver_every

    def _add_views(self, now: Callable[[], datetime]) -> None:
        self._ledger.attach(self.web, self)
        Gate(self._access, self._limits).attach(self.web)
        AuthorizationServer(self._app, self._state, self._access, self._lock).attach(self.web)
        reading: Mapping[str, Callable[[], Response]] = {
            **Reader(self._state, now).views(),
            **LeadReader(self._state, now).views(),
        }
        subscribing = self._subscriptions.views()

        def serve(rest: str) -> Response:
            del rest  # the gate has read it, undecoded
            name = g.call.name
            if name in subscribing:
                return subscribing[name]()
            with self._lock:
                return reading[name]()

        methods = ["GET", "PUT", "POST", "DELETE"]
        self.web.add_url_rule("/rest/<path:rest>", "rest", serve, methods=methods)
        self.web.add_url_rule("/v2/<path:rest>", "v2", serve, methods=methods)

    def app(self) -> dict[str, str]:
        """Return the registered application's values, and the addresses to put in place of LinkedIn's."""
        base = self.base_url
        return {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "application_id": str(self._app.number),
            "application": f"urn:li:developerApplication:{self._app.number}",
            "api_url": base,
            "authorize_url": f"{base}/oauth/v2/authorization",
            "token_url": f"{base}/oauth/v2/accessToken",
            "introspect_url": f"{base}/oauth/v2/introspectToken",
            "revoke_url": f"{base}/oauth/v2/revoke",
        }

    def leads_app(self) -> dict[str, str]:
        """Return the values of the app for Lead Sync: a client of its own; secret and webhooks are shared here."""
        return {**self.app(), "client_id": self._app.leads_client_id}

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            return self._accounts.add(person, at)

    def _target(self, native_id: str) -> Target:
        found = self._state.target(native_id)
        if found is None:
            raise KeyError(native_id)
        return found

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return tokens as the developer portal's generator makes them, with every scope."""
        with self._lock:
            token = self._access.grant(self._accounts.member(person_key), SCOPES, self._app.client_id)
        return {"access_token": token.text, "refresh_token": token.grant.refresh_token}

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
            named = [self._state.by_key[key] for key in mentions]
            if reply_to:
                return self._life.comment(author, text, self._target(reply_to), at=at, mentions=named)
            reshared = self._shareable(quote) if quote else None
            return self._life.post(author, text, at=at, mentions=named, visibility=visibility, reshare_of=reshared)

    def _shareable(self, native_id: str) -> Post:
        target = self._target(native_id)
        if not isinstance(target, Post):
            raise ValueError("LinkedIn shares posts, not comments")  # noqa: TRY004 - the protocol's error
        return target

    def like(self, person_key: str, post_id: str, *, at: datetime, reaction: str = "LIKE") -> str:
        with self._lock:
            return self._life.like(self._state.by_key[person_key], self._target(post_id), reaction, at=at)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.unlike(self._state.by_key[person_key], self._target(post_id), at=at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            author = self._state.by_key[person_key]
            reshared = self._shareable(post_id)
            return self._life.post(author, "", at=at, mentions=(), visibility="public", reshare_of=reshared)

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            follower, target = self._state.by_key[person_key], self._state.by_key[target_key]
            if isinstance(follower, Organization) or isinstance(target, Member):
                raise ValueError("on LinkedIn members follow pages here, nothing else")  # noqa: TRY004
            return self._life.follow(follower, target, at=at)

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            self._life.edit(self._target(post_id), text, at=at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        """Delete a post, a comment, or a lead."""
        with self._lock:
            if lead := self._state.leads.get(post_id):
                self._life.delete_lead(lead, at=at)
            else:
                self._life.delete(self._target(post_id), at=at)

    def lead(
        self,
        person_key: str,
        *,
        at: datetime,
        lead_type: str = "COMPANY",
        email: str | None = None,
        is_consenting: bool = True,
        is_test: bool = False,
    ) -> str:
        """Fill in a form of the page and return the lead's id; the person's own e-mail unless another is given."""
        with self._lock:
            return self._life.lead(
                self._accounts.member(person_key),
                at=at,
                lead_type=lead_type,
                email=email,
                is_consenting=is_consenting,
                is_test=is_test,
            )

    def message(self, *_args: object, **_named: object) -> str:
        """Refuse: private messages are closed to applications."""
        raise ValueError("LinkedIn shows applications no messages")

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - LinkedIn shows no time of a profile's change
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            self._accounts.change(person_key, display_name=display_name, bio=bio, handle=handle)

    def set_role(self, person_key: str, role: str | None, *, at: datetime) -> None:
        """Give somebody a role on the page, or take it."""
        if role is not None and role not in ROLES:
            raise ValueError(f"a page knows no role {role}")
        with self._lock:
            member, roles = self._accounts.member(person_key), self._accounts.page().roles
            roles.pop(member.id, None)
            if role:
                roles[member.id] = (role, at)

    def set_privacy(self, person_key: str, privacy: str) -> None:
        """Let somebody be seen by applications (visible), without a name (private) or not at all (closed)."""
        if privacy not in {VISIBLE, PRIVATE, CLOSED}:
            raise ValueError(f"LinkedIn knows no privacy {privacy}")
        with self._lock:
            self._accounts.member(person_key).privacy = privacy

    def revoke(self, person_key: str) -> None:
        """Let every token die: of the member, or of everybody who administers the page."""
        with self._lock:
            for member in self._accounts.members(person_key):
                self._access.revoke_member(member)

    def deliver(self) -> int:
        """Send what is due to the webhooks; return how many requests were made."""
        return self._subscriptions.deliver()

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, all or those of these numbers."""
        return self._webhooks.redeliver(numbers)

    def deliveries(self) -> list[dict[str, object]]:
        return self._webhooks.deliveries()

    def restart_validation(self, webhook: str) -> bool:
        """Challenge a blocked address again, as the developer portal's button does."""
        return self._webhooks.restart_validation(webhook)

    def usage(self) -> list[dict[str, object]]:
        """Every day's calls by call and member."""
        return self._limits.usage()

    error_body = staticmethod(errors.error_body)

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()
