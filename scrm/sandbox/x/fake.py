"""The X fake: API v2 in one vocabulary, whose life is played through the verbs of `FakeNetwork`.

Built from xdevplatform/docs (openapi.json 2.166 and 2.167, prose pages) as read 2026-11-23 and 24. Not there:
streams, the archive search, lists, spaces, media, encrypted chat, OAuth 1.0a and everything that writes.
"""

from __future__ import annotations

import functools
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask

from scrm.sandbox.ledger import Ledger
from scrm.sandbox.served import Served
from scrm.sandbox.x.access import ACCESS_LIFE, Access
from scrm.sandbox.x.activity import Activity
from scrm.sandbox.x.compliance import Compliance
from scrm.sandbox.x.errors import body_of_status
from scrm.sandbox.x.life import Life
from scrm.sandbox.x.limits import Limits
from scrm.sandbox.x.message_calls import MessageCalls
from scrm.sandbox.x.money import MONTHLY_CAP, Money
from scrm.sandbox.x.oauth import Registration, add_oauth
from scrm.sandbox.x.post_calls import PostCalls
from scrm.sandbox.x.routes import routes
from scrm.sandbox.x.serving import Core, add_calls, attach
from scrm.sandbox.x.state import State
from scrm.sandbox.x.usage_calls import UsageCalls
from scrm.sandbox.x.user_calls import UserCalls
from scrm.sandbox.x.vocabulary import VOCABULARIES
from scrm.sandbox.x.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

APP_ID = "29820954"
GRANTED = frozenset(
    {"tweet.read", "users.read", "follows.read", "like.read", "dm.read", "users.email", "offline.access"}
)
NOW = timedelta(0)


class X(Life, Served):
    """One X on loopback, with one app registered by the company."""

    key = "x"
    verbs = frozenset(
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
            "message",
            "set_standing",
            "revoke",
        }
    )

    def __init__(  # noqa: PLR0913 - each is a setting a test may want to turn
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        vocabulary: str = "post",
        seed: int = 1,
        rate_limits: Mapping[str, int] | None = None,
        spend_limit: float | None = None,
        monthly_cap: int = MONTHLY_CAP,
        prices: Mapping[str, int] | None = None,
        redirect_uris: Sequence[str] = (),
        is_confidential: bool = True,
        access_life: timedelta = ACCESS_LIFE,
        query_length: int = 512,
        search_delay: timedelta = NOW,
        compliance_delay: timedelta = NOW,
        push: bool = True,
    ) -> None:
        self._now = clock or (lambda: datetime.now(UTC))
        words = VOCABULARIES[vocabulary]
        lock = threading.RLock()
        super().__init__(State(), lock)
        self._access = Access(seed=seed, clock=self._now, life=access_life)
        self._money = Money(spend_limit=spend_limit, monthly_cap=monthly_cap, prices=prices or {})
        core = Core(
            state=self._state,
            vocabulary=words,
            access=self._access,
            money=self._money,
            limits=Limits(rate_limits or {}),
            lock=lock,
            query_length=query_length,
            search_delay=search_delay,
        )
        self._registration = Registration(
            name="Nordwerk Social CRM",
            client_id=self._access.secret("client id")[:32],
            client_secret=self._access.secret("client secret"),
            consumer_key=self._access.secret("consumer key")[:25],
            consumer_secret=self._access.secret("consumer secret"),
            redirect_uris=tuple(redirect_uris),
            is_confidential=is_confidential,
        )
        self._webhooks = Webhooks(core, secret=self._registration.consumer_secret, is_pushing=push)
        self._activity = Activity(core, self._webhooks)
        by_status = functools.partial(body_of_status, vocabulary=words)
        self._ledger = Ledger(routes(words), error_body=by_status, clock=self._now)
        self._port = port
        self.web = self._make_site(core, compliance_delay)

    def _make_site(self, core: Core, compliance_delay: timedelta) -> Flask:
        app = Flask("scrm.sandbox.x", static_folder=None)
        self._ledger.attach(app, self)
        attach(app, core.vocabulary)
        add_oauth(app, self._state, self._access, self._registration, core.lock)
        compliance = Compliance(core, delay=compliance_delay)
        compliance.add_store(app)
        parts = (
            UserCalls(core),
            PostCalls(core),
            MessageCalls(core),
            UsageCalls(core),
            compliance,
            self._webhooks,
            self._activity,
        )
        add_calls(app, core, {place: handler for part in parts for place, handler in part.handlers().items()})
        return app

    def _on_stop(self) -> None:
        self._webhooks.stop()

    def app(self) -> dict[str, str]:
        """Return what X shows of the registered app, and the addresses to put in place of the real ones."""
        return {
            "client_id": self._registration.client_id,
            "client_secret": self._registration.client_secret,
            "consumer_key": self._registration.consumer_key,
            "consumer_secret": self._registration.consumer_secret,
            "bearer_token": self._access.app_token,
            "api_url": self.base_url,
            "authorize_url": f"{self.base_url}/i/oauth2/authorize",
            "token_url": f"{self.base_url}/2/oauth2/token",
            "revoke_url": f"{self.base_url}/2/oauth2/revoke",
        }

    def credentials(self, person_key: str, scopes: Sequence[str] = tuple(sorted(GRANTED))) -> dict[str, str]:
        """Return what signing in would have given, as an admin would paste it."""
        with self._lock:
            user = self._state.by_key[person_key]
            text, again = self._access.issue(user, frozenset(scopes))
            ends = self._now() + self._access.life
            return {
                "access_token": text,
                "refresh_token": again or "",
                "expires_at": ends.isoformat(),
                "bearer_token": self._access.app_token,
            }

    def revoke(self, person_key: str) -> None:
        with self._lock:
            user = self._state.by_key[person_key]
            self._access.revoke_user(user)
            at = self._now()
            said = {"date_time": at.isoformat(timespec="seconds"), "user_id": str(user.id), "app_id": APP_ID}
            self._activity.happened("oauth.revoke", None, by=user, at=at, payload=lambda: said)

    def charges(self) -> list[dict[str, Any]]:
        """Return what was paid for: day, kind, id, price in dollars, whether it was an owned read."""
        return self._money.charges()

    def usage(self) -> dict[str, Any]:
        """Return this month's spending, posts and calls."""
        return self._money.usage(self._now())

    def set_spend_limit(self, dollars: float | None) -> None:
        """Change the limit of the app, as its owner may at any time."""
        self._money.spend_limit = dollars

    def deliver(self) -> int:
        """Send what waits for webhooks; when it returns, everything was sent."""
        return self._webhooks.deliver()

    def redeliver(self, event_uuid: str | None = None) -> int:
        """Send events again, all of them or one."""
        return self._webhooks.redeliver(event_uuid)

    def deliveries(self) -> list[dict[str, Any]]:
        """Return every try of a delivery and the status it was answered with, 0 for no answer."""
        return self._webhooks.deliveries()

    def check_webhooks(self) -> None:
        """Challenge every webhook, as X does from time to time."""
        self._webhooks.check_all(self._now())
