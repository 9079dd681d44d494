"""Webhooks, for the admin: who is told what happens here, who may tell us, and what of either did not get through."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.errors import InputError
from scrm.i18n import N_, gettext, ngettext
from scrm.models import Announcement, AnnouncementState, Hook, HookEvent, HookState, Role
from scrm.sync import hooks
from scrm.web import current, wording
from scrm.web.frame import zone
from scrm.web.roles import allow

SHOWN: Final = 50
EVENTS: Final = {
    HookEvent.INTERACTION: N_("A linked person said or did something new"),
    HookEvent.LINKED: N_("A profile was linked with a contact"),
    HookEvent.UNLINKED: N_("A link was undone"),
    HookEvent.BROKEN: N_("The access to a network is gone"),
    HookEvent.ALERT_BEGAN: N_("Something needs an admin, or somebody was forgotten"),
    HookEvent.ALERT_ENDED: N_("What needed an admin is over"),
    HookEvent.TEST: N_("Test"),
}
STATES: Final = {
    HookState.ON: ("good", N_("It is called.")),
    HookState.OFF: ("off", N_("Switched off. What happens waits for 30 days.")),
    HookState.FAILING: ("bad", N_("Switched off: it took nothing for three days. What happens waits for 30 days.")),
    HookState.GONE: ("bad", N_("Switched off: it answered that it is gone for good (410).")),
}
ANSWERS: Final = {
    AnnouncementState.TODO: ("slow", N_("Waits")),
    AnnouncementState.DONE: ("good", N_("Taken")),
    AnnouncementState.DROPPED: ("off", N_("Not told")),
    AnnouncementState.FAILED: ("bad", N_("Given up")),
}

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Everybody we call, and a form for one more."""
    return _index()


@blueprint.post("")
@allow(Role.ADMIN)
def make() -> ResponseReturnValue:
    """One more to be called; its secret is shown on the page that follows, this once."""
    core, form = current.core(), request.form
    known = {event.value for event in hooks.SUBSCRIBABLE}
    wish = hooks.Wish(
        name=form.get("name", "").strip(),
        address=form.get("address", "").strip(),
        events=[HookEvent(event) for event in form.getlist("event") if event in known],
        networks=[name for name in form.getlist("network") if name in connectors()],
    )
    try:
        with core.db.write("hooks.make") as db:
            row, secret = hooks.make_hook(db, core, wish, current.user().id)
    except InputError as why:
        return _index(fault=str(why), wish=wish), 400
    return render_template("hook_secret.html", row=row, secret=secret, is_new=True)


@blueprint.get("/<uuid:hook_id>")
@allow(Role.ADMIN)
def show(hook_id: UUID) -> ResponseReturnValue:
    """One of them: how it is, and what it was told."""
    before, state = request.args.get("before", 0, int), request.args.get("state", "")
    with current.core().db.read() as db:
        row = _hook(db, hook_id)
        wanted = select(Announcement).where(Announcement.hook_id == row.id)
        if before > 0:
            wanted = wanted.where(Announcement.id < min(before, 2**62))
        if state in list(AnnouncementState):
            wanted = wanted.where(Announcement.state == state)
        told = db.scalars(wanted.order_by(Announcement.id.desc()).limit(SHOWN + 1)).all()
        counts = _counts(db, row.id)
    return render_template(
        "hook.html",
        row=row,
        told=told[:SHOWN],
        next=told[SHOWN - 1].id if len(told) > SHOWN else None,
        counts=counts,
        state=state,
        events=EVENTS,
        tone=STATES[HookState(row.state)],
        answers=ANSWERS,
    )


@blueprint.post("/<uuid:hook_id>")
@allow(Role.ADMIN)
def settle(hook_id: UUID) -> ResponseReturnValue:
    """Switch it on or off, give it a new secret, send it a test, end it."""
    core, user_id, act = current.core(), current.user().id, request.form.get("act")
    with core.db.write("hooks.settle") as db:
        row, now = _hook(db, hook_id, is_locked=True), current.now()
        match act:
            case "on" | "off":
                hooks.switch(db, row, now, is_on=act == "on", user_id=user_id)
            case "rotate":
                secret = hooks.rotate_hook(db, core.vault, row, now, user_id)
            case "test":
                hooks.send_test(db, row, now)
            case "remove":
                hooks.remove(db, row, now, user_id)
            case _:
                abort(400)
    current.wake("announce", row.id)
    if act == "rotate":
        return render_template("hook_secret.html", row=row, secret=secret, is_new=False)
    if act == "remove":
        return redirect(url_for("hooks.index"))
    if act == "test":
        flash(gettext("A test is on its way. Its answer stands below in a moment."), "word")
    return redirect(url_for("hooks.show", hook_id=hook_id))


@blueprint.post("/<uuid:hook_id>/again")
@allow(Role.ADMIN)
def again(hook_id: UUID) -> ResponseReturnValue:
    """Tell one thing again, or all since a time."""
    core, user_id = current.core(), current.user().id
    with core.db.read() as db:
        row = _hook(db, hook_id)
    try:
        if "one" in request.form:
            with core.db.write("hooks.again") as db:
                hooks.replay_one(db, row, _uuid(request.form["one"]), current.now(), user_id)
            count = 1
        else:
            since, is_all = _since(request.form.get("since", "")), request.form.get("what") == "all"
            count = hooks.replay_since(core.db, row, since, only_failed=not is_all, user_id=user_id)
    except InputError as why:
        flash(str(why), "fault")
    else:
        words = ngettext("One thing is told again.", "%(num)s things are told again.", count, num=wording.num(count))
        flash(words, "word")
        current.wake("announce", row.id)
    return redirect(url_for("hooks.show", hook_id=hook_id))


def _index(fault: str = "", wish: hooks.Wish | None = None) -> str:
    with current.core().db.read() as db:
        rows = db.scalars(select(Hook).order_by(Hook.name)).all()
        waiting = dict(
            db.execute(
                select(Announcement.hook_id, func.count())
                .where(Announcement.state == AnnouncementState.TODO.value)
                .group_by(Announcement.hook_id)
            ).all()
        )
    return render_template(
        "hooks.html",
        rows=rows,
        waiting=waiting,
        fault=fault,
        wish=wish,
        events={event: EVENTS[event] for event in hooks.SUBSCRIBABLE},
        networks=sorted(connectors(), key=lambda name: wording.network_label(name).casefold()),
        states={state.value: words for state, words in STATES.items()},
    )


def _hook(db: Session, hook_id: UUID, *, is_locked: bool = False) -> Hook:
    query = select(Hook).where(Hook.public_id == hook_id)
    row = db.scalars(query.with_for_update() if is_locked else query).one_or_none()
    if row is None:
        abort(404)
    return row


def _counts(db: Session, hook_id: int) -> dict[str, int]:
    found = db.execute(
        select(Announcement.state, func.count()).where(Announcement.hook_id == hook_id).group_by(Announcement.state)
    )
    return dict(found.all())


def _since(text: str) -> datetime:
    """A time as a browser sends it, in the reader's own zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone()).astimezone(UTC)
    except (ValueError, OverflowError) as why:
        raise InputError(gettext("Say since when, as a date and a time.")) from why


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        abort(404)
