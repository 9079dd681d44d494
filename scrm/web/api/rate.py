"""How often a token may call: counted in Redis for all web processes together, and here while Redis is away.

A window of a minute by the clock. The count here goes on beside the shared one, so that nobody gains by an outage.
"""

import threading
import time
from contextlib import suppress
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

PER_MINUTE: Final = 600
MOST_COUNTED: Final = 10_000
REST_SECONDS: Final = 10.0  # Redis that did not answer is not asked again before
PATIENCE: Final = 0.2


class Rate:
    """Calls of each token in this minute."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE, retry=None)
        self._lock = threading.Lock()
        self._here: dict[int, tuple[int, int]] = {}
        self._rests_until = 0.0

    def allows(self, token_id: int) -> bool:
        """Count one call; False when it is one too many."""
        minute = int(time.time() // 60)
        return max(self._count_here(token_id, minute), self._count_together(token_id, minute)) <= PER_MINUTE

    def _count_here(self, token_id: int, minute: int) -> int:
        with self._lock:
            if len(self._here) > MOST_COUNTED:
                self._here.clear()
            since, count = self._here.get(token_id, (minute, 0))
            count = count + 1 if since == minute else 1
            self._here[token_id] = (minute, count)
        return count

    def _count_together(self, token_id: int, minute: int) -> int:
        """The count of all processes, 0 when nobody can say."""
        if time.monotonic() < self._rests_until:
            return 0
        with suppress(RedisError, OSError):
            key = f"scrm:rate:{token_id}:{minute}"
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, 120)
                return int(pipe.execute()[0])
        self._rests_until = time.monotonic() + REST_SECONDS
        return 0
