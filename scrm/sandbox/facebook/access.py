"""Who asks, and what that token may: page or user, permissions granted, tasks of the person on the page.

Permissions and tasks as in Meta's pages "Permissions reference", "Pages API" and "Conversations API" (read
2026-11-23); codes 10, 200 and 210 with their sentences from memory, 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrm.sandbox.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrm.sandbox.facebook.state import Human, Page, State
    from scrm.sandbox.graph.tokens import Token

SCOPES = frozenset(
    {
        "public_profile",
        "email",
        "business_management",
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_metadata",
        "pages_messaging",
        "read_insights",
        "instagram_basic",
        "instagram_manage_comments",
        "instagram_manage_messages",
    }
)
EVERYTHING = tuple(sorted(SCOPES - {"email", "business_management"}))
READING_TASKS = frozenset({"CREATE_CONTENT", "MANAGE", "MODERATE"})
MESSAGING_TASKS = frozenset({"MESSAGING", "MODERATE"})


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The token behind a request, and for which page or person it speaks."""

    token: Token
    state: State
    page: Page | None
    human: Human | None
    now: datetime
    page_token: Callable[[Page], str]  # the token of a page that this one's person runs
    is_subscribed: Callable[[Page], bool]

    def may(self, scope: str) -> bool:
        return self.token.may(scope, self.page.id if self.page else None)

    def sees_people(self) -> bool:
        """Whether `from` is filled for people: only for a page that may read what they write."""
        return self.page is not None and self.may("pages_read_user_content")

    def need_page(self, page: Page) -> None:
        """Refuse every token but this page's own."""
        if self.page is None:
            raise GraphError(210)
        if self.page is not page:
            raise GraphError(100, 33)

    def need_scope(self, scope: str) -> None:
        if not self.may(scope):
            feature = "or the 'Page Public Content Access' feature"
            message = f"(#10) This endpoint requires the '{scope}' permission {feature}."
            raise GraphError(10, message=message)

    def need_task(self, tasks: frozenset[str]) -> None:
        """Refuse a person who lost the task on the page; the page's own credentials have no such person."""
        if self.human is not None and not tasks & set(self.human.tasks):
            raise GraphError(200, message="(#200) The user does not have sufficient permission on the Page")

    def need_reading(self, page: Page) -> None:
        self.need_page(page)
        self.need_scope("pages_read_engagement")
        self.need_task(READING_TASKS)

    def need_people(self, page: Page) -> None:
        self.need_reading(page)
        self.need_scope("pages_read_user_content")

    def need_messaging(self, page: Page) -> None:
        self.need_page(page)
        if not self.may("pages_messaging"):
            raise GraphError(200, message="(#200) Requires pages_messaging permission to manage the object")
        self.need_task(MESSAGING_TASKS)
