"""Upload a network's account archive and see what it brings; for the admin.

The file goes straight into the installation's own folder, never into memory; a job reads it from there.
"""

import tempfile
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from flask import Blueprint, Flask, Request, abort, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.connectors.base import Archive, RefusedArchive
from scrm.connectors.registry import connectors
from scrm.i18n import gettext
from scrm.ingest import archives, uploads
from scrm.models import ArchiveFile, ArchiveState, Role
from scrm.web import current, wording
from scrm.web.roles import allow, may

LARGEST: Final = 4 * 1024**3  # parts of a Takeout have 2 GB unless somebody asks for more
GIGABYTE: Final = 1024**3
SHOWN: Final = 30
LONGEST_NAME: Final = 200
UPLOAD: Final = "archives.index"

blueprint = Blueprint("archives", __name__, url_prefix="/archives")


class UploadRequest(Request):
    """A request whose uploaded archive is written where it stays, so that nothing is copied afterwards."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint == UPLOAD:
            folder = uploads.folder(current.core())
            return tempfile.NamedTemporaryFile(dir=folder, suffix=uploads.UNFINISHED)
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


def install(app: Flask) -> None:
    """Let an admin send more than a form holds; decided before anything of the body is read."""
    app.request_class = UploadRequest
    app.before_request_funcs.setdefault(None, []).insert(1, _allow_size)


@blueprint.route("", methods=["GET", "POST"])
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """The form, what can be read, and what was read."""
    if request.method == "GET":
        return _page()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(fault=gettext("Choose a file first.")), 400
    file.stream.flush()
    written, name = Path(str(file.stream.name)), Path(file.filename).name[:LONGEST_NAME]
    row = uploads.accept(current.core(), written, name, current.user().id)
    return redirect(url_for("archives.show", archive_id=row.public_id))


@blueprint.get("/<uuid:archive_id>")
@allow(Role.ADMIN)
def show(archive_id: UUID) -> ResponseReturnValue:
    """One archive: what it is, how far it was read, what came of it."""
    with current.core().db.read() as db:
        row = _get(db, archive_id)
    return render_template("archive.html", row=row, say=say, label=archives.label_of(row))


@blueprint.get("/<uuid:archive_id>/progress.json")
@allow(Role.ADMIN)
def progress(archive_id: UUID) -> ResponseReturnValue:
    """How far the reading has got, in the reader's language; asked for every two seconds."""
    with current.core().db.read() as db:
        row = _get(db, archive_id)
    label = archives.label_of(row)
    return jsonify(
        items=wording.num(row.items),
        new=wording.num(row.new),
        quarantined=wording.num(row.quarantined),
        kind=gettext(label) if label else "–",
        state=say(row)[1],
    )


def say(row: ArchiveFile) -> tuple[str, str]:
    """How it stands with an archive: a tone for the sign, and a sentence."""
    if row.problem:
        return "bad", gettext(row.problem)
    if row.state == ArchiveState.DONE:
        return "good", gettext("Read to its end.")
    if row.network is None and row.items == 0:
        return "slow", gettext("Waits to be looked at.")
    return "good", gettext("Is being read.")


def _page(fault: str | None = None) -> str:
    with current.core().db.read() as db:
        rows = db.scalars(select(ArchiveFile).order_by(ArchiveFile.id.desc()).limit(SHOWN)).all()
    every = [archive for connector in connectors().values() for archive in connector.archives]
    return render_template(
        "archives.html",
        rows=rows,
        say=say,
        label_of=archives.label_of,
        fault=fault,
        limit=_limit() / GIGABYTE,
        kinds=sorted(gettext(one.label) for one in every if isinstance(one, Archive)),
        refused=sorted(gettext(one.label) for one in every if isinstance(one, RefusedArchive)),
    )


def _get(db: Session, archive_id: UUID) -> ArchiveFile:
    row = db.scalars(select(ArchiveFile).where(ArchiveFile.public_id == archive_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _limit() -> int:
    return min(LARGEST, uploads.room(current.core()))


def _allow_size() -> None:
    if request.endpoint == UPLOAD and g.user is not None and may(UPLOAD):
        request.max_content_length = _limit()
