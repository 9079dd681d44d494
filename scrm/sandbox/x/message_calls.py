"""The calls that answer with private messages; only the last 30 days are there (docs.x.com, read 2026-11-23)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import errors, paging

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.serving import Ask, Core
    from scrm.sandbox.x.state import Message

KEPT = timedelta(days=30)


class MessageCalls:
    """Lists the messages of whoever asks."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {
            ("GET", "/2/dm_events"): self.all,
            ("GET", "/2/dm_conversations/with/{participant_id}/dm_events"): self.with_participant,
            ("GET", "/2/dm_conversations/{id}/dm_events"): self.in_conversation,
            ("GET", "/2/dm_events/{event_id}"): self.one,
        }

    def _own(self, ask: Ask) -> dict[int, Message]:
        oldest = ask.now - KEPT
        return {
            message.id: message
            for message in self._core.state.messages
            if ask.viewer in {message.sender, message.recipient} and message.at >= oldest
        }

    def all(self, ask: Ask) -> dict[str, Any]:
        return self._page(ask, self._own(ask), "messages")

    def with_participant(self, ask: Ask) -> dict[str, Any]:
        number = int(ask.parts["participant_id"])
        found = {
            message.id: message
            for message in self._own(ask).values()
            if number in {message.sender.id, message.recipient.id}
        }
        return self._page(ask, found, f"messages with {number}")

    def in_conversation(self, ask: Ask) -> dict[str, Any]:
        name = ask.parts["id"]
        found = {message.id: message for message in self._own(ask).values() if message.conversation_id == name}
        return self._page(ask, found, f"messages in {name}")

    def _page(self, ask: Ask, found: dict[int, Message], of: str) -> dict[str, Any]:
        # two people only write: nobody ever joins or leaves
        numbers = sorted(found) if "MessageCreate" in ask.values["event_types"] else []
        page = paging.cut(numbers, ask.values["max_results"], ask.values.get("pagination_token"), of=of)
        ask.document.messages(found[number] for number in page.numbers)
        ask.document.meta = page.meta()
        return ask.document.body()

    def one(self, ask: Ask) -> dict[str, Any]:
        number = ask.parts["event_id"]
        message = self._own(ask).get(int(number))
        if message is None:
            ask.document.add_error(errors.missing(self._core.vocabulary, "dm_event", "event_id", number))
        else:
            ask.document.one_message(message)
        return ask.document.body()
