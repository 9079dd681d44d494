"""Who asks on Instagram: a living token, what it may do, and how many calls its account has left.

Scopes as in Meta's page "Overview" (Instagram platform, 2026-06-30, read 2026-11-23). Every call counts for
the account in rolling 24 hours, 80002 when there are too many; the two conversation calls a second per account
(Meta's page "Rate limits", translations, read 2026-11-23) are enforced only if the fake is told to, with code
613, which is a guess.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrm.sandbox.graph.errors import GraphError
from scrm.sandbox.graph.tokens import Tokens, sent_proof, sent_token
from scrm.sandbox.graph.usage import Usage
from scrm.sandbox.instagram.state import Account, State

BASIC = "instagram_business_basic"
COMMENTS = "instagram_business_manage_comments"
MESSAGES = "instagram_business_manage_messages"
SCOPES = (
    BASIC,
    COMMENTS,
    MESSAGES,
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
)


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The professional account behind a request, and what it allowed the app."""

    account: Account
    scopes: frozenset[str]
    state: State
    client_id: str
    now: datetime

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def needs(self, scope: str) -> None:
        if scope not in self.scopes:
            raise GraphError(10)


class Access:
    """Turns the token of a request into a viewer and counts the call."""

    def __init__(
        self,
        *,
        state: State,
        tokens: Tokens,
        usage: Usage,
        clock: Callable[[], datetime],
        conversation_calls_per_second: int,
    ) -> None:
        self.tokens = tokens
        self._state = state
        self._usage = usage
        self._clock = clock
        self._most_in_a_second = conversation_calls_per_second
        self._conversation_calls: dict[str, deque[datetime]] = {}

    def now(self) -> datetime:
        return self._clock()

    def viewer(self) -> Viewer:
        token = self.tokens.check(sent_token(), sent_proof())
        account = self._state.professional(token.user_id)
        if account is None:
            raise GraphError(190)
        self._usage.count_business(account.user_id, "instagram")
        viewer = Viewer(
            account=account,
            scopes=token.scopes,
            state=self._state,
            client_id=self.tokens.app_id,
            now=self._clock(),
        )
        viewer.needs(BASIC)
        return viewer

    def count_conversation_call(self, viewer: Viewer) -> None:
        if not self._most_in_a_second:
            return
        calls = self._conversation_calls.setdefault(viewer.account.key, deque())
        calls.append(viewer.now)
        while calls[0] <= viewer.now - timedelta(seconds=1):
            calls.popleft()
        if len(calls) > self._most_in_a_second:
            raise GraphError(613)
