"""What every fake network can do, and the invented people who live on it.

The product never calls these verbs; the player, the tests and `POST /_sandbox/act` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

COMMON_VERBS = frozenset(
    {"add_account", "post", "like", "unlike", "share", "follow", "edit", "delete", "edit_profile", "revoke"}
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One invented person of the cast."""

    key: str
    full_name: str
    first_name: str
    last_name: str
    language: str
    city: str
    country: str
    company: str
    title: str
    email: str
    handle: str
    bio: str
    website: str
    networks: tuple[str, ...]
    role: str


class FakeNetwork(Protocol):
    """One fake network: the verbs with which its life is played, and its own ledger to judge by."""

    key: str
    base_url: str

    @property
    def verbs(self) -> frozenset[str]:
        """What can happen here: the names of the methods that play it."""
        ...

    def __init__(self, *, port: int = 0, clock: Callable[[], datetime] | None = None) -> None: ...

    def start(self) -> Self: ...

    def stop(self) -> None: ...

    def app(self) -> dict[str, str]:
        """Return what the network gave when the company's app was registered, its own addresses included."""
        ...

    def add_account(self, person: Person, *, at: datetime) -> str:
        """Open the person's account and return its native id."""
        ...

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return what an admin would paste to connect that account."""
        ...

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
        """Write a post and return its native id; `mentions` are person keys."""
        ...

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str: ...

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None: ...

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str: ...

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str: ...

    def edit(self, post_id: str, text: str, *, at: datetime) -> None: ...

    def delete(self, post_id: str, *, at: datetime) -> None: ...

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None: ...

    def revoke(self, person_key: str) -> None:
        """Let every token of the account die."""
        ...

    def fail(
        self,
        *,
        status: int,
        times: int,
        path: str | None = None,
        retry_after: str | None = None,
        body: bytes | None = None,
    ) -> None:
        """Give the next `times` requests (of that path) this answer."""
        ...

    def truth(self) -> list[dict[str, object]]:
        """Every interaction that exists and concerns the company account."""
        ...

    def requests(self) -> list[dict[str, object]]:
        """Every request served: method, path, query, status, at; never tokens."""
        ...
