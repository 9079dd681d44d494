"""The CRM, for the admin: connect an organization at Salesforce, set it up, use it, and disconnect it.

Whatever asks Salesforce while somebody waits is a few calls; setting up is a job. What the page shows is what was
heard last: opening it asks nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.errors import ConfigError, CrmAuthError, CrmError, CrmRetryLaterError
from scrm.i18n import N_, gettext
from scrm.models import (
    Contact,
    CrmConnection,
    CrmSetup,
    CrmState,
    EntryState,
    PlanState,
    Role,
    TimelineEntry,
    WritePlan,
)
from scrm.sync.crm import LOCAL
from scrm.sync.crm.salesforce import connect as links
from scrm.sync.crm.salesforce import setting_up, setup
from scrm.sync.crm.salesforce.access import CRM_ID, Credentials, credentials_of, domain_of
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.cursor import load
from scrm.sync.crm.salesforce.options import OLDEST, Options
from scrm.sync.crm.salesforce.setting_up import Outlook
from scrm.web import current
from scrm.web.roles import allow

blueprint = Blueprint("crm", __name__, url_prefix="/admin/crm")

LONGEST: Final = 8_000  # characters of a field; a private key of 4096 bits has 3,300
SILENT: Final = N_("Salesforce does not answer now. Nothing was changed; try again in a while.")
REFUSED: Final = N_("Salesforce refuses us. Nothing was changed.")
GONE: Final = N_("Salesforce is not connected any more.")
KINDS: Final = {
    "CustomObject": N_("Objects"),
    "CustomLabels": N_("Texts of the component"),
    "CustomTab": N_("Tabs"),
    "Layout": N_("Page layouts"),
    "LightningComponentBundle": N_("Component"),
    "ListView": N_("List views"),
    "PermissionSet": N_("Permission sets"),
    "ReportType": N_("Report type"),
    "ValidationRule": N_("Validation rules"),
    "Translations": N_("Languages"),
}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What stands here and there, for whoever is about to switch."""

    contacts: int  # that were read from Salesforce
    local_contacts: int
    written: int  # records that stand in Salesforce
    waiting: int  # entries on their way there
    plans: int  # that would be put aside


@blueprint.get("")
@allow(Role.ADMIN)
def show() -> ResponseReturnValue:
    """How it is, or the form to connect."""
    return _page()


@blueprint.post("/connect")
@allow(Role.ADMIN)
def connect() -> ResponseReturnValue:
    """Sign in with what was filled in, ask who and what is there, and keep it sealed."""
    core, user_id = current.core(), current.user().id
    try:
        links.connect(core, _credentials(), _numbered(links.chosen_before(core) or Options()), user_id)
        SalesforceCrm(core).look_again()
    except (ConfigError, CrmError) as why:
        return _page(fault=in_words(why)), 400
    flash(gettext("Connected. Nothing is read or written until you decide so below."), "word")
    return redirect(url_for("crm.show"))


@blueprint.post("/options")
@allow(Role.ADMIN)
def choose() -> ResponseReturnValue:
    """Another version of the API, another share of the calls."""
    core, user_id = current.core(), current.user().id
    return _done(lambda: links.change(core, _numbered(links.options_of(core)), user_id))


@blueprint.post("")
@allow(Role.ADMIN)
def act() -> ResponseReturnValue:
    """Look again, check or carry out the set-up, use it or no longer, disconnect."""
    core, user_id, what = current.core(), current.user().id, request.form.get("act", "")
    acts: dict[str, Callable[[], object]] = {
        "look": lambda: SalesforceCrm(core).look_again(),
        "check": lambda: _order(is_check_only=True),
        "setup": lambda: _order(is_check_only=False),
        "use": _use,
        "rest": lambda: links.use(core, is_active=False, user_id=user_id),
        "disconnect": lambda: links.disconnect(core, user_id),
    }
    return _done(acts[what]) if what in acts else abort(400)


def _done(do: Callable[[], object]) -> ResponseReturnValue:
    """Do it and show the page; what went wrong is said there."""
    try:
        do()
    except (ConfigError, CrmError) as why:
        flash(in_words(why), "fault")
    return redirect(url_for("crm.show"))


def _order(*, is_check_only: bool) -> None:
    core, user_id = current.core(), current.user().id
    links.options_of(core)
    setting_up.order(core, is_check_only=is_check_only, user_id=user_id)
    current.wake("setup")


def _use() -> None:
    core = current.core()
    org = SalesforceCrm(core)
    if setup.missing(org.look_again(), org.field_map, dict(org.options.extras)):
        raise ConfigError([gettext("Not used: something is missing there. It stands below.")])
    links.use(core, is_active=True, user_id=current.user().id)
    current.wake("pull")


def _page(fault: str = "") -> str:
    core = current.core()
    with core.db.read() as db:
        row = db.get(CrmConnection, CRM_ID)
        state = db.get(CrmState, CRM_ID)
        figures = _figures(db)
        newest = db.get(CrmSetup, CRM_ID)
    if row is None:
        return render_template("crm_connect.html", fault=fault, options=Options(), oldest=OLDEST, given=request.form)
    options = Options.from_stored(row.options)
    org = SalesforceCrm(core)
    shape = org.kept_shape
    try:
        planned: Outlook | str = setting_up.outlook(shape, options.api_version)
    except ConfigError as why:
        planned = in_words(why)
    gaps = setup.missing(shape, org.field_map, dict(options.extras)) if row.shape_at else []
    return render_template(
        "crm.html",
        fault=fault,
        given=request.form,
        row=row,
        state=state,
        options=options,
        oldest=OLDEST,
        way="secret" if credentials_of(core, row).consumer_secret else "key",
        username=credentials_of(core, row).username,
        domain=credentials_of(core, row).domain,
        share=(row.calls_limit or 0) * options.share_percent // 100,
        gaps=gaps,
        planned=planned,
        kinds=KINDS,
        newest=newest,
        is_untranslated=newest is not None and setup.are_of_language(newest.objections),
        no_german=setup.NO_GERMAN,
        figures=figures,
        progress=[
            (name, place.job.read, place.job.total)
            for name, place in load(state.cursor if state else None).items()
            if place.job is not None
        ],
    )


def _figures(db: Session) -> Figures:
    def count(*where: object) -> int:
        return db.scalar(select(func.count()).where(*where)) or 0  # type: ignore[arg-type]

    alive = Contact.deleted_at.is_(None)
    ended = (PlanState.DONE.value, PlanState.DISCARDED.value)
    theirs = TimelineEntry.crm_id == CRM_ID
    return Figures(
        contacts=count(Contact.crm_id == CRM_ID, alive),
        local_contacts=count(Contact.crm_id == LOCAL, alive),
        written=count(theirs, TimelineEntry.record_id.is_not(None)),
        waiting=count(theirs, TimelineEntry.state == EntryState.TODO.value),
        plans=count(WritePlan.state.not_in(ended)),
    )


def _credentials() -> Credentials:
    """What was filled into the form, for the way to sign in that was chosen alone."""
    given = {name: request.form.get(name, "").strip()[:LONGEST] for name in ("consumer_key", "username", "domain")}
    where = request.form.get("where", "")
    way = "consumer_secret" if request.form.get("way") == "secret" else "private_key"
    return Credentials(
        domain=where if where in {"login", "test"} else domain_of(given["domain"]),
        consumer_key=given["consumer_key"],
        username=given["username"] if way == "private_key" else "",
        **{way: request.form.get(way, "").replace("\r\n", "\n").strip()[:LONGEST]},
    )


def _numbered(options: Options) -> Options:
    """The options with the numbers that were filled in."""
    try:
        share = int(request.form.get("share", ""))
    except ValueError:
        share = 0
    return replace(options, api_version=request.form.get("api_version", "").strip()[:10], share_percent=share)


def in_words(why: Exception) -> str:
    """What went wrong, as whoever waits at the page reads it."""
    if isinstance(why, ConfigError):
        is_gone = request.endpoint != "crm.connect" and links.chosen_before(current.core()) is None
        return gettext(GONE) if is_gone else str(why)
    if isinstance(why, CrmRetryLaterError):
        return gettext(SILENT)
    said = str(why)
    is_known = isinstance(why, CrmAuthError) and not said.startswith("Salesforce:")
    return gettext(said) if is_known else f"{gettext(REFUSED)} {said}"
