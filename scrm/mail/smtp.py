"""Hands a mail to the SMTP server of the operator (RFC 5321), with the standard library alone."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from scrm.config import Settings

SECONDS: Final = 20


class NotSentError(Exception):
    """The server did not take it; `is_final`: it never will. The message holds no address and no word of the mail."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class UnclearError(Exception):
    """Cut off while the server was taking it: it may have been sent."""


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand one mail over; returns when the server has taken it. Raises NotSentError and UnclearError."""
    try:
        server = _connected(settings)
    except (smtplib.SMTPException, OSError) as why:
        raise NotSentError(type(why).__name__) from why
    try:
        _hand_over(server, settings.mail_from, message)
    finally:
        with suppress(smtplib.SMTPException, OSError):  # whatever it says to our farewell, the mail is taken or not
            server.quit()
        server.close()


def _hand_over(server: smtplib.SMTP, sender: str, message: EmailMessage) -> None:
    try:
        _accepted(server.mail(sender))
        _accepted(server.rcpt(str(message["To"])))
    except (smtplib.SMTPException, OSError) as why:
        raise NotSentError(type(why).__name__) from why
    try:
        answer = server.data(message.as_bytes(policy=SMTP))
    except smtplib.SMTPDataError as why:  # it would not even begin
        raise NotSentError(f"SMTP {why.smtp_code}", is_final=why.smtp_code >= 500) from why
    except (smtplib.SMTPException, OSError) as why:
        raise UnclearError from why
    _accepted(answer)


def _connected(settings: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _accepted(answer: tuple[int, bytes]) -> None:
    if not 200 <= answer[0] < 300:
        raise NotSentError(f"SMTP {answer[0]}", is_final=answer[0] >= 500)
