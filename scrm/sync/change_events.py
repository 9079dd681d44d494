"""Change Data Capture of Salesforce: whom an event names is read again at once, as with outbound messages.

An event is not believed, only followed: what the record is now is asked of the org. So order, repeats and gaps do not
matter. Events are stored with the place after them, in one transaction; what they cannot name one by one (gaps,
overflows, very many at once) is found by the next reading of the org, which is made due.
"""

import importlib.util
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.errors import ConfigError, CrmAuthError, CrmRetryLaterError, InputError, LostLeaseError
from scrm.i18n import N_
from scrm.models import AuditEntry, CrmConnection
from scrm.models.inbox import OUTBOUND, keep_delivery
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm import SALESFORCE
from scrm.sync.crm.salesforce.access import current_token, session_for
from scrm.sync.crm.salesforce.ids import full_id, object_of
from scrm.sync.crm.salesforce.options import Options

if TYPE_CHECKING:
    from scrm.sync.crm.salesforce.pubsub import Bus, Change, Page

log = logs.get(__name__)

PACKAGES = ("grpc", "google.protobuf", "fastavro")
TOPIC = "/data/ChangeEvents"
SOURCE = f"{OUTBOUND}@changes"  # no address can be called so
VAGUE = frozenset({"GAP_OVERFLOW", "UNREADABLE"})
MOST_NAMED = 200  # records of one page that are read one by one
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
NOT_INSTALLED = N_("Change events need the packages of requirements-cdc.txt.")
NOT_CONNECTED = N_("Salesforce is not connected; run `scrm crm connect`.")
NO_TOPIC = N_("The channel begins with /data/, as Salesforce names it.")


def is_installed() -> bool:
    """Whether the packages are there that listening needs."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in PACKAGES)
    except ModuleNotFoundError:
        return False


def is_wanted(session: Session) -> bool:
    """Whether an admin chose to follow change events."""
    row = session.get(CrmConnection, SALESFORCE)
    return row is not None and row.change_topic is not None


def choose(session: Session, topic: str | None, now: datetime, user_id: int | None = None) -> None:
    """Follow a channel from now on, or none; raises InputError."""
    row = session.get(CrmConnection, SALESFORCE)
    if row is None:
        raise InputError(NOT_CONNECTED)
    if topic is not None and not topic.startswith("/data/"):
        raise InputError(NO_TOPIC)
    if topic is not None and not is_installed():
        raise InputError(NOT_INSTALLED)
    row.change_topic, row.change_place = topic, None
    after = {"topic": topic}
    session.add(AuditEntry(at=now, user_id=user_id, action="crm.change-events", object=SALESFORCE, after=after))


def follow(core: Core, stop: threading.Event) -> None:
    """Listen until told to stop; comes back by itself after whatever ends the stream."""
    wait = FIRST_WAIT
    worn_out: int | None = None
    while not stop.is_set():
        try:
            worn_out = listen(core, stop, worn_out)
            wait = FIRST_WAIT if worn_out is None else wait
        except (CrmAuthError, CrmRetryLaterError, ConfigError, LostLeaseError) as why:
            log.warning("change_events_wait", error=type(why).__name__)
            worn_out = None
        stop.wait(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def listen(core: Core, stop: threading.Event, worn_out: int | None = None) -> int | None:
    """Follow one stream to its end. Gives the number of a token that is worn out, to be renewed for the next.

    Raises what must be waited for: CrmRetryLaterError, CrmAuthError (a second time), ConfigError, LostLeaseError when
    somebody else listens, too.
    """
    from scrm.sync.crm.salesforce.pubsub import Bus, PlaceLostError  # noqa: PLC0415 - needs the packages

    with core.db.read() as session:
        row = session.get(CrmConnection, SALESFORCE)
    if row is None or row.change_topic is None:
        raise ConfigError(["change events: not chosen"])
    token = current_token(core, session_for(core), worn_out=worn_out)
    metadata = {
        "accesstoken": token.value,
        "instanceurl": f"https://{token.host}",
        "tenantid": Options.from_stored(row.options).organization_id,
    }
    bus = Bus(
        metadata, sandbox=dict(pair.partition("=")[::2] for pair in core.settings.sandbox_urls).get("pubsub", "")
    )
    ended = threading.Event()
    threading.Thread(target=_close_when, args=(stop, ended, bus), daemon=True).start()
    try:
        _take(core, row, bus, stop)
    except PlaceLostError:
        log.warning("change_events_place_lost")
        with core.db.write("change_events.forget_place") as session:
            _move(session, row.change_topic, row.change_place, None, core.db.clock.now())
    except CrmAuthError:
        if worn_out is not None:
            raise
        return token.version
    finally:
        ended.set()
        bus.close()
    return None


def _take(core: Core, row: CrmConnection, bus: "Bus", stop: threading.Event) -> None:
    if row.change_place is None:  # what was before is found by reading the org
        with core.db.write("change_events.begin") as session:
            mark_pull_due(session, SALESFORCE, core.db.clock.now())
        core.wake("pull", None)
    place = b64decode(row.change_place) if row.change_place else None
    for page in bus.pages(row.change_topic or "", place):
        if stop.is_set():
            return
        is_read = _store(core, row, page)
        for kind in ("inbox", "pull") if is_read else ():
            core.wake(kind, None)


def _store(core: Core, row: CrmConnection, page: "Page") -> bool:
    """Store what a page names with the place after it; True when something is to be read."""
    named, is_vague = _named(page.changes)
    with core.db.write("change_events.store") as session:
        now = core.db.clock.now()
        after = b64encode(page.place).decode()
        _move(session, row.change_topic, row.change_place, after, now)
        kept = [
            keep_delivery(session, SOURCE, f"{key}/{record_id}", json.dumps({"id": record_id}).encode(), now)
            for key, record_id in named
        ]
        if is_vague:
            mark_pull_due(session, SALESFORCE, now)
    row.change_place = after
    return is_vague or any(kept)


def _named(changes: "Iterable[Change]") -> tuple[list[tuple[str, str]], bool]:
    """The records that events name, and whether some name what only a reading finds."""
    named: list[tuple[str, str]] = []
    is_vague = False
    for change in changes:
        is_vague |= change.kind in VAGUE
        for told in change.record_ids:
            record_id = full_id(told)
            if record_id is None:  # 001*: all that begin so
                is_vague = True
            elif object_of(record_id) is not None:
                named.append((change.key, record_id))
    if len(named) > MOST_NAMED:
        return [], True
    return named, is_vague


def _move(session: Session, topic: str | None, before: str | None, after: str | None, now: datetime) -> None:
    """Move the place, if it is where we left it; else somebody else listens, too."""
    moved = session.execute(
        update(CrmConnection)
        .where(
            CrmConnection.crm_id == SALESFORCE,
            CrmConnection.change_topic == topic,
            CrmConnection.change_place.is_(None) if before is None else CrmConnection.change_place == before,
        )
        .values(change_place=after, change_heard_at=now)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise LostLeaseError("another process follows these change events, or another channel was chosen")


def _close_when(stop: threading.Event, ended: threading.Event, bus: "Bus") -> None:
    """Wake the one that waits for events when it is told to stop."""
    while not ended.is_set():
        if stop.wait(0.5):
            bus.close()
            return
