"""Calls the hooks: what was announced is signed (Standard Webhooks 1.0.0) and sent, at least once, by a stable id.

One process at a time calls a hook, in the order in which things happened. What is refused comes again by itself over
three days while its neighbors go on. A receiver that is away, overrun or refuses five in a row is left alone at
growing intervals and then asked with one; after three days without a single success, or at a 410, the hook is
switched off, and what happens waits until an admin switches it on again.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from sqlalchemy import Select, select, update

from scrm import logs
from scrm.db import to_json
from scrm.errors import HostRefusedError, RetryLaterError
from scrm.failpoints import outside
from scrm.http import GuardedSession, check_url
from scrm.i18n import N_
from scrm.models import Announcement, AnnouncementState, Hook, HookEvent, HookState, claim, still_mine
from scrm.runtime import Core
from scrm.sync.hooks import secrets_of
from scrm.sync.signature import sign
from scrm.sync.telling import UntoldError, message

log = logs.get(__name__)

MOST = 20  # sent under one claim
SECONDS = 10.0  # a claim begins no more calls after this
ANSWER_SECONDS = 15.0
RETRY = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)  # seconds to the next try, three days in all
PAUSE_FIRST, PAUSE_LONGEST = 5.0, 3600.0  # of the whole hook
PATIENCE = timedelta(days=3)
MOST_IN_A_ROW = 5
OVERRUN = frozenset({408, 425, 429})
GONE_FOR_GOOD = 410

NO_ANSWER = N_("No answer.")
PRIVATE = N_("The address leads to a host that may not be called.")
REFUSED = N_("It was not taken.")


@dataclass(frozen=True, kw_only=True)
class _Told:
    """How one call went; `reason` empty: it was taken."""

    row: Announcement
    status: int | None = None
    reason: str = ""
    untold: str = ""  # not sent at all, for good
    is_down: bool = False  # the receiver as a whole, not this one thing
    wait: float | None = None  # seconds it asked us to


def announce_due(core: Core, hook_id: int) -> bool:
    """Call one hook with what is due; True when more is waiting. Nothing when it may not be called or is taken."""
    with core.db.write("announce.claim") as session:
        now = core.db.clock.now()
        claimed = claim(session, Hook, now, Hook.id == hook_id, seconds=core.settings.lease_seconds)
        waiting = list(session.scalars(_due(claimed[0], now))) if claimed else []
        if claimed and not waiting:
            claimed[0].lease_until, claimed[0].crash_count = None, 0
    if not waiting:
        return False
    hook = claimed[0]
    told = _call(core, hook, waiting)
    _finish(core, hook, told)
    return all(not one.reason for one in told)


def _due(hook: Hook, now: datetime) -> Select[Announcement]:
    return (
        select(Announcement)
        .where(
            Announcement.hook_id == hook.id,
            Announcement.state == AnnouncementState.TODO.value,
            Announcement.due_at <= now,
        )
        .order_by(Announcement.due_at, Announcement.id)
        .limit(1 if hook.failures else MOST)  # one asks whether it is well again
    )


def _call(core: Core, hook: Hook, waiting: Sequence[Announcement]) -> list[_Told]:
    told: list[_Told] = []
    ends = monotonic() + SECONDS
    agent = f"scrm/0.1 (+{core.settings.contact})" if core.settings.contact else "scrm/0.1"
    with GuardedSession(allowed=core.settings.allowed_hosts, user_agent=agent) as http:
        for row in waiting:
            told.append(_send(core, http, hook, row))
            if told[-1].is_down or monotonic() > ends:
                break
    return told


def _send(core: Core, http: GuardedSession, hook: Hook, row: Announcement) -> _Told:
    try:
        with core.db.read() as session:
            body = to_json(message(session, row, core.settings.base_url)).encode()
    except UntoldError as why:
        return _Told(row=row, untold=str(why))
    now = core.db.clock.now()
    headers = {"Content-Type": "application/json"} | sign(
        f"msg_{row.public_id.hex}", body, secrets_of(core.vault, hook, now), now
    )
    try:
        check_url(hook.address, core.settings.allowed_hosts)
        with outside("announce.send"):
            answer = http.tell(hook.address, body, headers, seconds=ANSWER_SECONDS)
    except HostRefusedError:
        return _Told(row=row, reason=PRIVATE, is_down=True)
    except RetryLaterError:
        return _Told(row=row, reason=NO_ANSWER, is_down=True)
    status = answer.status
    if 200 <= status < 300:
        return _Told(row=row, status=status)
    is_down = status >= 500 or status in OVERRUN or status == GONE_FOR_GOOD
    wait = retry_after(answer.headers.get("Retry-After"), now)
    return _Told(row=row, status=status, reason=REFUSED, is_down=is_down, wait=wait)


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds a receiver asks us to wait, by either form of the header; within a second and an hour."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 1.0), PAUSE_LONGEST)


def _finish(core: Core, hook: Hook, told: Sequence[_Told]) -> None:
    """Write down how it went, if the claim still holds; else somebody sends it again, by the same id."""
    now = core.db.clock.now()
    values = _health(hook, told, now)
    with core.db.write("announce.finish") as session:
        mine = session.execute(update(Hook).where(Hook.id == hook.id, still_mine(hook)).values(values))
        if not mine.rowcount:  # type: ignore[attr-defined]
            log.warning("lease_lost", hook_id=hook.id)
            return
        for one in told:
            outcome = _outcome(one, now, paused_until=None if hook.failing_since is None else values["due_at"])
            session.execute(update(Announcement).where(Announcement.id == one.row.id).values(outcome))
    if values["state"] != HookState.ON.value:
        log.error("hook_switched_off", hook_id=hook.id, state=values["state"])
    elif values["failures"] and not hook.failures:
        log.warning("hook_fails", hook_id=hook.id, status=told[-1].status)


def _health(hook: Hook, told: Sequence[_Told], now: datetime) -> dict[str, Any]:
    """What these calls say about the hook as a whole."""
    failures, failing_since, answered_at = hook.failures, hook.failing_since, hook.answered_at
    for one in told:
        if one.reason:
            failures, failing_since = failures + 1, failing_since or now
        elif not one.untold:
            failures, failing_since, answered_at = 0, None, now
    state, due_at = HookState.ON.value, now
    last = told[-1]
    if last.is_down or failures >= MOST_IN_A_ROW:
        longest = min(PAUSE_FIRST * 2.0 ** (failures - 1), PAUSE_LONGEST)
        due_at = now + timedelta(seconds=last.wait or random.uniform(longest / 2, longest))  # noqa: S311 - spreads
    if last.status == GONE_FOR_GOOD:
        state = HookState.GONE.value
    elif failing_since is not None and now - failing_since >= PATIENCE:
        state = HookState.FAILING.value
    return {
        "state": state,
        "due_at": due_at if state == HookState.ON else None,
        "lease_until": None,
        "crash_count": 0,
        "failures": failures,
        "failing_since": failing_since,
        "answered_at": answered_at,
    }


def _outcome(one: _Told, now: datetime, paused_until: datetime | None) -> dict[str, Any]:
    """What becomes of one announcement. `paused_until`: the receiver took nothing before either, until then it rests.

    In an outage nothing is given up; what is refused between others that are taken has itself to blame.
    """
    if one.untold:
        dropped = AnnouncementState.DROPPED.value
        return {"state": dropped, "reason": one.untold, "due_at": None, "done_at": now}
    if one.is_down and paused_until is not None and one.row.event != HookEvent.TEST:
        return {"status": one.status, "reason": one.reason, "due_at": paused_until}
    attempts = one.row.attempts + 1
    tried = {"attempts": attempts, "status": one.status, "reason": one.reason or None}
    if not one.reason:
        return tried | {"state": AnnouncementState.DONE.value, "due_at": None, "done_at": now}
    last = 1 if one.row.event == HookEvent.TEST else len(RETRY) + 1  # somebody looks at a test
    if attempts >= last:
        return tried | {"state": AnnouncementState.FAILED.value, "due_at": None, "done_at": now}
    wait = RETRY[attempts - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
    return tried | {"due_at": now + timedelta(seconds=wait)}
