"""How often somebody may try to sign in: counted per account and address, and per address, whoever is asked for.

The counts are in Redis, so all web processes share them, and in this process while Redis is away. An account nobody
has is counted like any other, so the wait tells nothing. A try counts before its password is looked at: many at once
gain nothing. A browser that signed in before has a count of its own, so strangers cannot keep its owner out.
"""

import hashlib
import hmac
import ipaddress
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from scrm.runtime import Core

FREE_PER_PAIR: Final = 4  # tries without a wait
FREE_PER_ADDRESS: Final = 20  # a whole office may stand behind one
LONGEST_WAIT: Final = timedelta(minutes=5)
REMEMBERED: Final = timedelta(hours=1)  # after the last try
MOST_HELD: Final = 20_000
AWAY_SECONDS: Final = 5.0
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
PREFIX: Final = "scrm:try:"


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who tries: the account they name, where they are, and the mark of a browser that signed in to it before."""

    account: str
    address: str
    known: str | None = None

    def names(self) -> dict[str, int]:
        """What is counted, with the tries that are free."""
        pair = f"known {self.known}" if self.known else f"pair {self.account} {_net(self.address)}"
        return {pair: FREE_PER_PAIR, f"address {_net(self.address)}": FREE_PER_ADDRESS}


class Throttle:
    """Counts tries; one per application."""

    def __init__(self, core: Core) -> None:
        url = core.settings.redis
        self._redis = Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=None)
        self._key = core.vault.derive("web.throttle")[0]
        self._db = core.db
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, datetime, datetime]] = {}  # count, waits until, forgotten at
        self._away_until = 0.0

    def ask(self, asker: Asker) -> int:
        """Count a try; the seconds to wait before another is looked at, or 0 when this one is."""
        now = self._db.clock.now()
        names = {self._name(name): free for name, free in asker.names().items()}
        waits = [self._until(name) for name in names]
        left = max((until - now).total_seconds() for until in (*waits, now))
        if left > 0:
            return int(left) + 1
        for name, free in names.items():
            count = self._count(name, now)
            if count >= free:
                self._wait(name, count, now + min(timedelta(seconds=2 ** min(count - free + 1, 12)), LONGEST_WAIT))
        return 0

    def succeeded(self, asker: Asker) -> None:
        """Forget the tries of this asker; of the address only this one."""
        pair, address = (self._name(name) for name in asker.names())
        redis = self._at_hand()
        if redis is not None:
            try:
                redis.delete(pair, pair + ":until", address + ":until")
                if int(redis.decr(address)) <= 0:
                    redis.delete(address)
            except (RedisError, OSError):
                self._went_away()
        with self._lock:
            self._held.pop(pair, None)
            count, _until, ends = self._held.pop(address, (0, None, None))
            if count > 1 and ends is not None:
                self._held[address] = (count - 1, self._db.clock.now(), ends)

    def _name(self, name: str) -> str:
        return PREFIX + hmac.digest(self._key, name.encode("utf-8", "replace"), hashlib.sha256).hex()[:32]

    def _until(self, name: str) -> datetime:
        with self._lock:
            here = self._held[name][1] if name in self._held else LONG_AGO
        redis = self._at_hand()
        if redis is None:
            return here
        try:
            found = redis.get(name + ":until")
        except (RedisError, OSError):
            self._went_away()
            return here
        with suppress(ValueError):
            return max(here, datetime.fromisoformat(found.decode())) if isinstance(found, bytes) else here
        return here

    def _count(self, name: str, now: datetime) -> int:
        redis = self._at_hand()
        if redis is not None:
            try:
                with redis.pipeline() as both:
                    both.incr(name)
                    both.expire(name, REMEMBERED)
                    return int(both.execute()[0])
            except (RedisError, OSError):
                self._went_away()
        with self._lock:
            self._tidy(now)
            count = self._held.get(name, (0, now, now))[0] + 1
            self._held[name] = (count, now, now + REMEMBERED)
            return count

    def _wait(self, name: str, count: int, until: datetime) -> None:
        redis = self._at_hand()
        if redis is not None:
            try:
                redis.set(name + ":until", until.isoformat(), ex=LONGEST_WAIT)
            except (RedisError, OSError):
                self._went_away()
            else:
                return
        with self._lock:
            self._held[name] = (count, until, until + REMEMBERED)

    def _tidy(self, now: datetime) -> None:
        if len(self._held) >= MOST_HELD:
            self._held = {name: held for name, held in self._held.items() if held[2] > now}
        while len(self._held) >= MOST_HELD:
            self._held.pop(next(iter(self._held)))

    def _at_hand(self) -> Redis | None:
        return self._redis if monotonic() >= self._away_until else None

    def _went_away(self) -> None:
        self._away_until = monotonic() + AWAY_SECONDS


def _net(address: str) -> str:
    """An address; of version 6 the network of its house, because one house has as many as it likes."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "nowhere"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
