"""A mail server on this machine that keeps what it takes, and can be told to refuse or to hang up."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.cli.running import free_port


class PostOffice:
    """Mails it took, by receiver; `answers` are given to the next ones in place of taking them."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []
        self.answers: list[str] = []
        self.port = free_port()

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
        answer = self.answers.pop(0) if self.answers else ""
        if answer and answer != "hang up":
            return answer
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos[0], message))
        if answer == "hang up":
            server.transport.abort()
        return "250 taken"


@contextmanager
def opened() -> Iterator[PostOffice]:
    """The server, for as long as it is needed."""
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
