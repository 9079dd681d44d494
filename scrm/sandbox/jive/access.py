"""Who may ask: user name and password, or a token of the add-on; and how fast.

Access tokens live 48 hours and refresh tokens ten years unless the add-on says otherwise, an expired one gets 401
(community.jivesoftware.com/docs/DOC-224715). Requests of an add-on are counted over ten seconds: above the upper
bound every one gets 503 until the rate is below the lower (DOC-68846; 150 and 70, settable per instance, hence off
unless wished for). `X-Jive-Run-As` lets an administrator ask as somebody else (jivesoftware/JiveDotNetSDK). Read
2026-11-24; the time a code lives and `Retry-After` are from memory.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.jive.problems import JSON, RefusedError, answer_of, in_own_words, malformed
from scrm.sandbox.jive.routes import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import RLock

    from scrm.sandbox.jive.state import Account, State

ACCESS_LIFE = timedelta(seconds=172_799)
REFRESH_LIFE = timedelta(days=3650)
THROTTLE = (70, 150)
THROTTLE_SPAN = timedelta(seconds=10)
SECURITY_PREFIX = b"throw 'allowIllegalResourceCall is false.';\n"


@dataclass(kw_only=True)
class Grant:
    """What a person let the add-on do: everything that person may."""

    account: Account
    refresh_token: str
    refresh_until: datetime
    is_revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Token:
    """One access token of a grant."""

    grant: Grant
    until: datetime


class Access:
    """Passwords and tokens of one community."""

    def __init__(
        self, state: State, *, access_life: timedelta, refresh_life: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self.access_life = access_life
        self.now = clock
        self._state = state
        self._refresh_life = refresh_life
        self._tokens: dict[str, Token] = {}
        self._grants: dict[str, Grant] = {}

    def grant(self, account: Account) -> Grant:
        grant = Grant(
            account=account,
            refresh_token=f"{secrets.token_hex(20)}.r",
            refresh_until=self.now() + self._refresh_life,
        )
        self._grants[grant.refresh_token] = grant
        return grant

    def issue(self, grant: Grant) -> str:
        token = f"{secrets.token_hex(20)}.t"
        self._tokens[token] = Token(grant=grant, until=self.now() + self.access_life)
        return token

    def by_refresh_token(self, text: str) -> Grant | None:
        grant = self._grants.get(text)
        return grant if grant and not grant.is_revoked and self.now() < grant.refresh_until else None

    def by_password(self, login: str, password: str) -> Account | None:
        account = self._state.by_login(login)
        if account and account.is_enabled and hmac.compare_digest(password.encode(), account.password.encode()):
            return account
        return None

    def revoke(self, account: Account) -> None:
        """End every grant of a person, and the password with it."""
        account.password = secrets.token_urlsafe(12)
        for grant in self._grants.values():
            if grant.account is account:
                grant.is_revoked = True

    def asking(self) -> Account:
        """Return who asks; raises RefusedError when that is nobody."""
        header = request.headers.get("Authorization", "")
        scheme, _, text = header.partition(" ")
        basic = request.authorization
        if scheme.lower() == "bearer":
            token = self._tokens.get(text.strip())
            if token is None or token.grant.is_revoked or self.now() >= token.until:
                raise RefusedError(401, "The access token is invalid or has expired")
            account = token.grant.account
        elif basic is not None and basic.type == "basic":
            known = self.by_password(basic.username or "", basic.password or "")
            if known is None:
                raise RefusedError(401, "The user name or password is wrong")
            account = known
        else:
            raise RefusedError(401)
        if not account.is_enabled:
            raise RefusedError(401, "The account is disabled")
        return self._run_as(account)

    def _run_as(self, account: Account) -> Account:
        header = request.headers.get("X-Jive-Run-As")
        if header is None:
            return account
        kind, _, whom = header.partition(" ")
        if kind not in {"userid", "email", "username"} or not whom:
            raise malformed("X-Jive-Run-As")
        if account.person.key != COMPANY_KEY:
            raise RefusedError(403, "Only administrators may run as somebody else")
        is_id = kind == "userid"
        found = self._state.accounts.get(int(whom) if whom.isdigit() else 0) if is_id else self._state.by_login(whom)
        if found is None:
            raise RefusedError(404, "The person to run as does not exist")
        return found


class Throttle:
    """Counts the add-on's requests of the last ten seconds."""

    def __init__(self, bounds: tuple[int, int] | None, clock: Callable[[], datetime]) -> None:
        self._bounds = bounds
        self._clock = clock
        self._times: deque[datetime] = deque()
        self._is_closed = False

    def is_over(self) -> bool:
        if self._bounds is None:
            return False
        lower, upper = self._bounds
        now = self._clock()
        while self._times and now - self._times[0] >= THROTTLE_SPAN:
            self._times.popleft()
        self._times.append(now)
        self._is_closed = len(self._times) > upper or (self._is_closed and len(self._times) >= lower)
        return self._is_closed


class Gate:
    """Lets a request of the API through with `g.viewer` set, or refuses it."""

    def __init__(self, access: Access, throttle: Throttle, lock: RLock, *, is_prefixed: bool) -> None:
        self._access = access
        self._throttle = throttle
        self._lock = lock
        self._is_prefixed = is_prefixed

    def attach(self, app: Flask) -> None:
        app.before_request(self._check)
        app.after_request(self._finish)
        app.register_error_handler(RefusedError, answer_of)

    def _check(self) -> Response | None:
        if not request.path.startswith(PREFIX):
            return None
        with self._lock:
            is_app = request.headers.get("Authorization", "").lower().startswith("bearer ")
            if is_app and self._throttle.is_over():
                answer = answer_of(RefusedError(503))
                answer.headers["Retry-After"] = str(int(THROTTLE_SPAN.total_seconds()))
                return answer
            g.viewer = self._access.asking()
        return None

    def _finish(self, answer: Response) -> Response:
        answer = in_own_words(answer)
        if answer.status_code == 401 and request.path.startswith(PREFIX):
            answer.headers["WWW-Authenticate"] = 'Basic realm="Jive"'
        is_api = request.path.startswith(PREFIX) and request.method == "GET" and answer.content_type == JSON
        if is_api and self._is_prefixed:
            answer.set_data(SECURITY_PREFIX + answer.get_data())
        return answer
