"""Sends what was ordered, one mail under one claim. What was taken is never handed over again.

Between the server's word and ours in the database lies a moment in which a process may be killed. A mail that was
under way then is set aside as unclear instead of being sent twice: a digest that is missing is in the next one. An
alert is in no next one, so it is handed over again, with the same Message-ID, by which the receiver knows it.
"""

from datetime import timedelta
from email.errors import MessageError
from typing import Any, Final

from sqlalchemy import update

from scrm import logs
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.mail import alert_mail, digest
from scrm.mail.smtp import NotSentError, UnclearError, send
from scrm.models import Mail, MailState, User, claim, still_mine
from scrm.runtime import Core

log = logs.get(__name__)

RETRY: Final = (60, 300, 1800, 7200, 18_000, 36_000)  # seconds to the next try; 18 hours in all
MOST_STOPS: Final = 4  # while an alert was handed over; a mail that ends processes must end itself
NOT_SET_UP: Final = N_("Mail is not set up.")
NOTHING: Final = N_("There was nothing to say.")
STOPPED: Final = N_("A process stopped while it was being sent.")
CUT_OFF: Final = N_("The mail server was cut off while it took it.")


def send_due(core: Core) -> bool:
    """Send one mail whose time has come; True when there was one."""
    with core.db.write("mail.claim") as session:
        now = core.db.clock.now()
        mine = Mail.state == MailState.TODO.value
        claimed = claim(session, Mail, now, mine, seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    mail = claimed[0]
    values = _send(core, mail)
    with core.db.write("mail.finish") as session:
        session.execute(
            update(Mail).where(Mail.id == mail.id, still_mine(mail)).values(values | {"lease_until": None})
        )
    if values.get("state") in {MailState.FAILED, MailState.UNCLEAR}:
        log.warning("mail_not_sent", mail_id=mail.id, state=str(values["state"]))
    return True


def _send(core: Core, mail: Mail) -> dict[str, Any]:
    """Hand it over; what becomes of the row."""
    now = core.db.clock.now()
    is_digest = mail.alert_id is None
    if mail.crash_count > (0 if is_digest else MOST_STOPS):
        return _ended(mail, MailState.UNCLEAR, STOPPED, now)
    if not core.settings.sends_mail:
        return _ended(mail, MailState.FAILED, NOT_SET_UP, now)
    try:
        state, reason = _compose_and_send(core, mail)
    except NotSentError as why:
        if why.is_final or mail.attempts >= len(RETRY):
            return _ended(mail, MailState.FAILED, str(why), now)
        wait = timedelta(seconds=RETRY[mail.attempts])
        return {"attempts": mail.attempts + 1, "reason": str(why), "due_at": now + wait, "crash_count": 0}
    return _ended(mail, state, reason, now)


def _compose_and_send(core: Core, mail: Mail) -> tuple[MailState, str | None]:
    with core.db.read() as session:
        compose = digest.compose if mail.alert_id is None else alert_mail.compose
        message = compose(core, session, mail, session.get_one(User, mail.user_id))
    if message is None:
        return MailState.DROPPED, NOTHING
    try:
        with outside("mail.send"):
            send(core.settings, message)
    except UnclearError as why:
        if mail.alert_id is not None:
            raise NotSentError(type(why).__name__) from why
        return MailState.UNCLEAR, CUT_OFF
    except (ValueError, MessageError) as why:  # an address that cannot be written
        return MailState.FAILED, type(why).__name__
    return MailState.SENT, None


def _ended(mail: Mail, state: MailState, reason: str | None, now: Any) -> dict[str, Any]:
    return {"state": state, "attempts": mail.attempts + 1, "reason": reason, "due_at": None, "done_at": now}
