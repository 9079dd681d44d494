"""Import contacts from a CSV or vCard file; the result page names every row that was not taken."""

from typing import Final

from flask import Blueprint, Flask, g, render_template, request
from flask.typing import ResponseReturnValue

from scrm.errors import InputError
from scrm.i18n import gettext
from scrm.models import AuditEntry, Role
from scrm.sync.imports import ImportReport, import_contacts
from scrm.web import current
from scrm.web.roles import allow, may

LARGEST_UPLOAD: Final = 64 * 1024 * 1024  # about half a million rows; `scrm import-contacts` takes more
SHOWN: Final = 500

blueprint = Blueprint("imports", __name__, url_prefix="/import")


def install(app: Flask) -> None:
    """Let an admin send more than a form holds; decided before anything of the body is read."""
    app.before_request_funcs.setdefault(None, []).insert(1, _allow_size)


@blueprint.route("/contacts", methods=["GET", "POST"])
@allow(Role.ADMIN)
def contacts() -> ResponseReturnValue:
    """Take a file (the server keeps large ones on disk while it reads them) and say what became of each row."""
    if request.method == "GET":
        return render_template("import.html", limit=LARGEST_UPLOAD // 1024**2)
    file = request.files.get("file")
    if file is None or not file.filename:
        fault = gettext("Choose a file first.")
        return render_template("import.html", limit=LARGEST_UPLOAD // 1024**2, fault=fault), 400
    try:
        report = import_contacts(current.core().db, file.stream)  # type: ignore[arg-type]
    except InputError as why:
        fault = gettext(str(why))
        return render_template("import.html", limit=LARGEST_UPLOAD // 1024**2, fault=fault), 400
    _note(report)
    current.wake("pull")
    return render_template("import_result.html", report=report, shown=SHOWN)


def _note(report: ImportReport) -> None:
    done = {"created": report.created, "updated": report.updated, "rejected": len(report.rejected)}
    me, now = current.user().id, current.now()
    with current.core().db.write("imports.note") as db:
        db.add(AuditEntry(at=now, user_id=me, action="contacts.imported", object="crm/local", after=done))


def _allow_size() -> None:
    if request.endpoint == "imports.contacts" and g.user is not None and may("imports.contacts"):
        request.max_content_length = LARGEST_UPLOAD
