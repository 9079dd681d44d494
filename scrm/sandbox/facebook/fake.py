"""The Facebook fake: the Graph API of version 26 with the company's page, its app and its webhooks.

What people do stands in `life`, what the API answers in `api`, `login` and `settings`. What is deleted is gone
from the API; `truth()` remembers it.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import Flask

from scrm.sandbox.facebook import ids
from scrm.sandbox.facebook.access import EVERYTHING
from scrm.sandbox.facebook.api import MOST_ROWS, Reader, add_api
from scrm.sandbox.facebook.life import Life
from scrm.sandbox.facebook.login import LONG_LIFE, SHORT_LIFE, Login
from scrm.sandbox.facebook.notices import Notices
from scrm.sandbox.facebook.routes import ROUTES
from scrm.sandbox.facebook.settings import Settings
from scrm.sandbox.facebook.state import State
from scrm.sandbox.graph.calls import GraphLedger
from scrm.sandbox.graph.errors import TABLE, add_errors, error_body
from scrm.sandbox.graph.tokens import Tokens
from scrm.sandbox.graph.usage import APP_LIMIT, BUSINESS_LIMIT, Usage
from scrm.sandbox.graph.versions import DEFAULT, Versions
from scrm.sandbox.graph.webhooks import RETRY_AFTER, Webhooks
from scrm.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.facebook.state import Page

APP_ID = "1284051837465920"
APP_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"  # noqa: S105 - of an invented app
VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105 - of an invented app


class Facebook(Life, Served):
    """Facebook on loopback, with one app that is registered there."""

    key = "facebook"
    verbs = frozenset(
        {
            "add_account",
            "post",
            "like",
            "react",
            "unlike",
            "share",
            "follow",
            "review",
            "message",
            "edit",
            "hide",
            "delete",
            "edit_profile",
            "revoke",
        }
    )

    def __init__(  # noqa: PLR0913 - limits and lifetimes that tests change
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        app_limit: int = APP_LIMIT,
        page_limit: int = BUSINESS_LIMIT,
        most_rows: int = MOST_ROWS,
        is_proof_required: bool = False,
        redirect_uris: Sequence[str] = (),
        short_life: timedelta = SHORT_LIFE,
        long_life: timedelta = LONG_LIFE,
        retry_after: Sequence[float] = RETRY_AFTER,
        batch: int = 1,
        is_pushing: bool = True,
    ) -> None:
        """Without `is_pushing` webhooks wait for `deliver()`.

        With no `redirect_uris` the dialog takes any address; the code still holds for the exact one alone.
        """
        now = clock or (lambda: datetime.now(UTC))
        lock = threading.RLock()
        state = State()
        self.tokens = Tokens(app_id=APP_ID, app_secret=APP_SECRET, clock=now, is_proof_required=is_proof_required)
        self.webhooks = Webhooks(object="page", secret=APP_SECRET, clock=now, retry_after=retry_after, batch=batch)
        super().__init__(state=state, notices=Notices(self.webhooks, APP_ID), lock=lock)
        self._login = Login(
            state=state,
            tokens=self.tokens,
            clock=now,
            lock=lock,
            redirect_uris=redirect_uris,
            short_life=short_life,
            long_life=long_life,
        )
        self._usage = Usage(clock=now, app_limit=app_limit, business_limit=page_limit)
        self._ledger = GraphLedger(ROUTES, clock=now)
        self.web = Flask("scrm.sandbox.facebook", static_folder=None)
        self._ledger.attach(self.web, self)
        Versions(clock=now).attach(self.web)
        self._usage.attach(self.web)
        add_errors(self.web)
        self._login.attach(self.web)
        reader = Reader(
            state=state,
            tokens=self.tokens,
            usage=self._usage,
            login=self._login,
            webhooks=self.webhooks,
            clock=now,
            lock=lock,
            most_rows=most_rows,
        )
        Settings(reader, self.webhooks).attach(self.web)
        add_api(self.web, reader)
        self._is_pushing = is_pushing
        self._port = port

    def _on_start(self) -> None:
        if self._is_pushing:
            self.webhooks.start()

    def _on_stop(self) -> None:
        self.webhooks.stop()

    def app(self) -> dict[str, str]:
        """Return what the registered app's owner knows, and the addresses to put in place of the real ones."""
        base = f"{self.base_url}/{DEFAULT}"
        return {
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "verify_token": VERIFY_TOKEN,
            "version": DEFAULT,
            "api_url": self.base_url,
            "authorize_url": f"{base}/dialog/oauth",
            "token_url": f"{base}/oauth/access_token",
        }

    def credentials(self, person_key: str, *, scopes: Sequence[str] = EVERYTHING) -> dict[str, str]:
        """Return a page's token that never expires, or the long-lived token of somebody of the staff."""
        with self._lock:
            if page := self._state.pages.get(person_key):
                keeper = next((one for one in self._state.humans.values() if one.tasks), None)
                user_id = ids.asid(keeper.key if keeper else page.key)
                token = self.tokens.issue("PAGE", user_id, scopes, profile_id=page.id)
                return {"access_token": token.text, "page_id": page.id}
            human = self._state.humans[person_key]
            return {"access_token": self._login.long_token(human, scopes).text, "user_id": ids.asid(human.key)}

    def revoke(self, person_key: str) -> None:
        """Let every token die that a person granted, or that speaks for a page; what is granted later lives."""
        with self._lock:
            page = self._state.pages.get(person_key)
            if page:
                self.tokens.revoke_profile(page.id)
            else:
                self.tokens.revoke_user(ids.asid(person_key))

    def set_tasks(self, person_key: str, tasks: Sequence[str]) -> None:
        """Change what somebody may do on the pages; with nothing left their tokens die (subcode 492)."""
        with self._lock:
            self._state.humans[person_key].tasks = tuple(tasks)
            if not tasks:
                self.tokens.revoke_user(ids.asid(person_key), subcode=492)

    def subscribe(self, callback_url: str, fields: Sequence[str], *, verify_token: str = VERIFY_TOKEN) -> bool:
        """Do by hand what dashboard and `subscribed_apps` do: the callback, then every page's fields."""
        if not self.webhooks.set_callback(callback_url, verify_token):
            return False
        for page in self._pages():
            self.webhooks.subscribe(page.id, fields)
        return True

    def deliver(self) -> list[dict[str, object]]:
        """Send what waits for the callback, retries included, and return it."""
        return [delivery.entry() for delivery in self.webhooks.deliver()]

    def redeliver(self, number: int | None = None) -> list[dict[str, object]]:
        return [delivery.entry() for delivery in self.webhooks.redeliver(number)]

    def deliveries(self) -> list[dict[str, object]]:
        return self.webhooks.deliveries()

    def usage(self) -> dict[str, int]:
        """Return the calls charged so far: for the app, and by type for each page."""
        return self._usage.consumed()

    def fail_with(self, code: int, subcode: int = 0, *, times: int = 1, path: str | None = None) -> None:
        """Give the next requests a documented error, with the status it comes with."""
        body = json.dumps(error_body(code, subcode)).encode()
        self.fail(status=TABLE[code, subcode].status, times=times, path=path, body=body)

    def _pages(self) -> list[Page]:
        with self._lock:
            return list(self._state.pages.values())
