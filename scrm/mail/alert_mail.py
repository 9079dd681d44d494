"""What a mail about an alert says: what is so, since when, and where the next step is taken. It names nobody."""

from email.message import EmailMessage
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.i18n import N_, gettext
from scrm.mail.alerts import connection_of
from scrm.mail.letter import letter, speaking, when
from scrm.models import Alert, AlertKind, Mail, Role, User
from scrm.runtime import Core

BEGAN: Final = {
    AlertKind.CONNECTION: (
        N_("The connection to %(network)s needs you"),
        N_("Reading has stopped there. What is new waits at the network; nothing is lost. The page says what to do."),
    ),
    AlertKind.BUDGET: (
        N_("The budget of %(network)s is nearly used up"),
        N_("Nine tenths are used. When all is used, reading waits until it begins anew, or until you allow more."),
    ),
    AlertKind.CRM_BUDGET: (
        N_("Our calls to the CRM are nearly used up"),
        N_("Nine tenths are used. When all are used, writing waits for new ones, or until you allow more."),
    ),
    AlertKind.WRITES: (
        N_("What is to be written to the CRM waits"),
        N_("The oldest has waited for more than an hour. Nothing is lost; it goes out as soon as the CRM takes it."),
    ),
    AlertKind.ERASED: (
        N_("A request to forget somebody is done"),
        N_("Everything is erased, here and in the CRM. The page has the certificate."),
    ),
}
ENDED: Final = {
    AlertKind.CONNECTION: N_("The connection to %(network)s needs you no longer"),
    AlertKind.BUDGET: N_("The budget of %(network)s has room again"),
    AlertKind.CRM_BUDGET: N_("There is room again for our calls to the CRM"),
    AlertKind.WRITES: N_("Nothing waits too long for the CRM any more"),
}


def compose(core: Core, session: Session, mail: Mail, user: User) -> EmailMessage | None:
    """The mail as it is now; None when it is not wanted any more, or when what it tells is over already."""
    alert = session.get_one(Alert, mail.alert_id)
    kind = AlertKind(alert.kind)
    if user.disabled_at is not None or user.role != Role.ADMIN or kind in user.alerts_off:
        return None
    if alert.ended_at is not None and kind is not AlertKind.ERASED and not mail.is_over:
        return None  # the mail that says it is over says since when it was
    row = connection_of(session, alert)
    connector = connectors().get(row.network) if row else None
    network = connector.manifest.label if connector else row.network if row else ""
    with speaking(core, user):
        words, text = (ENDED[kind], "") if mail.is_over else BEGAN[kind]
        base = core.settings.base_url
        told = {
            "subject": gettext(words, network=network),
            "text": gettext(text) if text else "",
            "time": _time(alert, user.zone or "UTC"),
            "page": f"{base}{alert.page}",
            "account": f"{base}/me#alerts",
        }
        return letter(core, mail, user, "alert", told)


def _time(alert: Alert, name: str) -> str:
    zone = ZoneInfo(name)
    began = when(alert.began_at.astimezone(zone))
    if alert.kind == AlertKind.ERASED:
        return gettext("At %(when)s (%(zone)s).", when=began, zone=name)
    if alert.ended_at is None:
        return gettext("Since %(when)s (%(zone)s).", when=began, zone=name)
    ended = when(alert.ended_at.astimezone(zone))
    return gettext("From %(began)s to %(ended)s (%(zone)s).", began=began, ended=ended, zone=name)
