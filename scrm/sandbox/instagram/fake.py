"""The Instagram fake: graph.instagram.com, api.instagram.com and the login page on one address of loopback.

Everything it counts, allows and forgets it does by its own clock. `form` and `mentions_as` of its webhooks,
the shape of the token answer, and the fields for mentions can be chosen, for the sources disagree about them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from flask import Flask

from scrm.sandbox.graph.errors import add_errors
from scrm.sandbox.graph.tokens import Tokens
from scrm.sandbox.graph.usage import BUSINESS_LIMIT, Usage
from scrm.sandbox.graph.versions import Versions
from scrm.sandbox.graph.webhooks import RETRY_AFTER, Delivery
from scrm.sandbox.instagram.access import SCOPES, Access
from scrm.sandbox.instagram.api import Api
from scrm.sandbox.instagram.calls import InstagramLedger
from scrm.sandbox.instagram.life import Life
from scrm.sandbox.instagram.nodes import graph
from scrm.sandbox.instagram.oauth import LONG, Login
from scrm.sandbox.instagram.routes import ROUTES
from scrm.sandbox.instagram.state import State
from scrm.sandbox.instagram.webhooks import FORMS, MENTIONS_AS, InstagramWebhooks
from scrm.sandbox.served import Served

CLIENT_ID = "990602627938098"
CLIENT_SECRET = "app_secret"  # noqa: S105 - of an invented app
VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105


class Instagram(Life, Served):
    """One Instagram on loopback."""

    key = "instagram"

    def __init__(  # noqa: PLR0913 - each is a choice of a test
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        calls_per_day: int = BUSINESS_LIMIT,
        conversation_calls_per_second: int = 0,
        redirect_uris: Sequence[str] = (),
        is_token_wrapped: bool = True,
        has_mention_fields: bool = True,
        webhook_form: str = "entry",
        mentions_as: str = "comments",
        webhook_batch: int = 1,
        retry_after: Sequence[float] = RETRY_AFTER,
        is_pushing: bool = True,
    ) -> None:
        if webhook_form not in FORMS or mentions_as not in MENTIONS_AS:
            raise ValueError("webhooks have no such form")
        now = clock or (lambda: datetime.now(UTC))
        lock = threading.RLock()
        state = State()
        self.webhooks = InstagramWebhooks(
            object="instagram", secret=CLIENT_SECRET, clock=now, retry_after=retry_after, batch=webhook_batch
        )
        self.webhooks.form, self.webhooks.mentions_as = webhook_form, mentions_as
        super().__init__(state=state, webhooks=self.webhooks, lock=lock)
        self.tokens = Tokens(app_id=CLIENT_ID, app_secret=CLIENT_SECRET, clock=now, prefix="IGAA")
        self._usage = Usage(clock=now, business_limit=calls_per_day)
        self._ledger = InstagramLedger(ROUTES, clock=now)
        access = Access(
            state=state,
            tokens=self.tokens,
            usage=self._usage,
            clock=now,
            conversation_calls_per_second=conversation_calls_per_second,
        )
        self._login = Login(
            state=state, access=access, lock=lock, redirect_uris=redirect_uris, is_wrapped=is_token_wrapped
        )
        types = graph(has_mention_fields=has_mention_fields)
        api = Api(state=state, access=access, graph=types, webhooks=self.webhooks, lock=lock)
        app = Flask("scrm.sandbox.instagram", static_folder=None)
        Versions(clock=now, outside=("/oauth/",)).attach(app)
        self._ledger.attach(app, self)
        self._usage.attach(app)
        add_errors(app)
        self._login.attach(app)
        api.attach(app)
        self.web = app
        self._is_pushing = is_pushing
        self._port = port

    def _on_start(self) -> None:
        if self._is_pushing:
            self.webhooks.start()

    def _on_stop(self) -> None:
        self.webhooks.stop()

    def app(self) -> dict[str, str]:
        """Return what an admin reads in the app's dashboard, and the addresses in place of the real ones."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "verify_token": VERIFY_TOKEN,
            "api_url": self.base_url,
            "authorize_url": f"{self.base_url}/oauth/authorize",
            "token_url": f"{self.base_url}/oauth/access_token",
        }

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return the long-lived token the dashboard generates for an account of one's own."""
        return {"access_token": self.token(person_key, SCOPES)}

    def token(self, person_key: str, scopes: Sequence[str]) -> str:
        """Return a long-lived token with just these scopes."""
        with self._lock:
            account = self._state.by_key[person_key]
            if not account.is_professional:
                raise ValueError("only professional accounts have tokens")
            return self._login.issue(account, scopes, LONG).text

    def revoke(self, person_key: str) -> None:
        with self._lock:
            self.tokens.revoke_user(self._state.by_key[person_key].user_id)

    def allow_redirect(self, uri: str) -> None:
        """Enter an address in the app's settings; from then on only entered ones are accepted."""
        self._login.redirect_uris.append(uri)

    def set_callback(self, url: str, verify_token: str = VERIFY_TOKEN) -> bool:
        """Enter the callback in the dashboard, which challenges it; whether it was accepted."""
        return self.webhooks.set_callback(url, verify_token)

    def deliver(self) -> list[Delivery]:
        return self.webhooks.deliver()

    def redeliver(self, number: int | None = None) -> list[Delivery]:
        return self.webhooks.redeliver(number)

    def deliveries(self) -> list[dict[str, object]]:
        return self.webhooks.deliveries()

    def usage(self) -> dict[str, int]:
        """Return how many calls each account was charged."""
        return self._usage.consumed()
