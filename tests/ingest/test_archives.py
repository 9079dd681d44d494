"""Reading archives: by command and uploaded; refused ones, broken ones, and going on after a kill."""

import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.errors import InputError
from scrm.ingest import archives, uploads
from scrm.ingest.archives import import_archive, read_due, recognize
from scrm.models import ArchiveFile, ArchiveState, AuditEntry, Interaction, Profile
from scrm.runtime import Core
from tests.connectors.googleplus import takeout
from tests.factories import make_user

POSTS = 120  # 720 items: several portions


def archive(folder: Path, *, posts: int = POSTS, kind: str = "zip") -> Path:
    files = {
        f"{takeout.STREAM}/{number}.json": takeout.post(f"Post{number:07d}", comments=_comments(number))
        for number in range(posts)
    }
    return takeout.saved(folder, files, kind)


def _comments(number: int) -> list[dict[str, object]]:
    return [takeout.comment(takeout.BEA, f"Comment {number} {part}", second=10 + part) for part in range(3)]


def stored(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(Interaction)) or 0


def the_row(core: Core) -> ArchiveFile:
    with core.db.read() as session:
        return session.scalars(select(ArchiveFile).order_by(ArchiveFile.id.desc())).first() or ArchiveFile()


def upload(core: Core, file: Path) -> ArchiveFile:
    with core.db.write("test.user") as session:
        user = make_user(session, role="admin")
    written = uploads.folder(core) / f"one{uploads.UNFINISHED}"
    written.write_bytes(file.read_bytes())
    row = uploads.accept(core, written, "My archive.zip", user.id)
    written.unlink()
    return row


def fail_at(monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    """As if the process died: nothing is written after that portion."""
    real, count = archives.store, iter(range(portion))

    def dying(*arguments: object) -> object:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(archives, "store", dying)


def test_an_archive_read_twice_doubles_nothing(core: Core, tmp_path: Path) -> None:
    file, told = archive(tmp_path), list[int]()
    report = import_archive(core, file, told.append)
    assert (report.kind, report.items, report.new, report.quarantined) == ("googleplus-takeout", 720, 720, 0)
    assert told == [200, 400, 600, 720]
    assert stored(core) == 720
    again = import_archive(core, file)
    assert (again.items, again.new) == (720, 0)
    assert stored(core) == 720
    with core.db.read() as session:
        people = {one.native_id: one for one in session.scalars(select(Profile))}
    assert people[takeout.BEA].display_name == "Bea Öz"
    assert people[takeout.BEA].deleted_at is None
    assert people[takeout.US].is_internal


def test_a_reading_that_broke_off_goes_on_and_counts_from_its_beginning(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, told = archive(tmp_path), list[int]()
    with monkeypatch.context() as patched:
        fail_at(patched, 2)
        with pytest.raises(KeyboardInterrupt):
            import_archive(core, file)
    assert stored(core) == 400
    report = import_archive(core, file.rename(tmp_path / "renamed"), told.append)
    assert told == [600, 720]
    assert (report.items, report.new) == (720, 720)
    assert stored(core) == 720


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_an_upload_is_read_in_slices_and_its_file_removed(core: Core, tmp_path: Path, kind: str) -> None:
    woken = list[str]()
    row = upload(
        Core(settings=core.settings, db=core.db, vault=core.vault, wake=lambda kind, _: woken.append(kind)),
        archive(tmp_path, kind=kind),
    )
    assert woken == ["archive"]
    assert uploads.place(core, row).exists()
    for items in (200, 400, 600, 720):
        assert read_due(core, seconds=0)
        assert the_row(core).items == items
    assert the_row(core).state == ArchiveState.READING
    assert read_due(core)
    done = the_row(core)
    assert (done.state, done.new, done.quarantined, done.network) == (ArchiveState.DONE, 720, 0, "googleplus")
    assert archives.label_of(done) == "Google+ in a Takeout archive"
    assert not uploads.place(core, row).exists()
    assert not read_due(core)
    with core.db.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["archive.uploaded"]


def test_only_one_reads_an_upload_at_a_time(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core.db.clock = clock = FakeClock(core.db.clock.now())
    upload(core, archive(tmp_path))
    with monkeypatch.context() as patched:
        fail_at(patched, 1)
        with pytest.raises(KeyboardInterrupt):
            read_due(core)
    assert not read_due(core)  # somebody holds it
    clock.advance(core.settings.lease_seconds * archives.LEASES + 1)
    while read_due(core):
        pass
    assert (the_row(core).items, the_row(core).state, stored(core)) == (720, ArchiveState.DONE, 720)


def test_who_lost_the_lease_stores_nothing_more(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(core, archive(tmp_path))
    real = archives.translate

    def robbed(*arguments: object) -> object:
        with core.db.write("test.rob") as session:
            session.execute(update(ArchiveFile).values(generation=ArchiveFile.generation + 1))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(archives, "translate", robbed)
    assert not read_due(core)
    assert (stored(core), the_row(core).state) == (0, ArchiveState.READING)


def test_an_upload_that_ends_the_worker_each_time_is_given_up(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core.db.clock = clock = FakeClock(core.db.clock.now())
    upload(core, archive(tmp_path))
    with monkeypatch.context() as patched:
        fail_at(patched, 0)
        for _ in range(archives.MOST_CRASHES):
            with pytest.raises(KeyboardInterrupt):
                read_due(core)
            clock.advance(core.settings.lease_seconds * archives.LEASES + 1)
        assert read_due(core)
    assert (the_row(core).state, the_row(core).problem) == (ArchiveState.FAILED, archives.TOO_OFTEN)


def test_what_is_damaged_later_on_keeps_what_was_read_and_says_so(core: Core, tmp_path: Path) -> None:
    file = archive(tmp_path)
    with zipfile.ZipFile(file) as made:
        late = made.infolist()[-5].header_offset
    body = bytearray(file.read_bytes())
    body[late + 80 : late + 120] = bytes(40)
    file.write_bytes(body)
    row = upload(core, file)
    while read_due(core):
        pass
    failed = the_row(core)
    assert (failed.state, failed.items) == (ArchiveState.FAILED, 600)
    assert "damaged" in (failed.problem or "")
    assert not uploads.place(core, row).exists()


def linkedin(folder: Path) -> dict[str, str]:
    return {"Connections.csv": 'Notes:\r\n"about, this"\r\n\r\nFirst Name,Last Name,URL\r\nBea,Öz,x\r\n'}


def facebook(folder: Path) -> dict[str, str]:
    return {"your_facebook_activity/comments_and_reactions/comments.json": '{"comments_v2": []}'}


def instagram(folder: Path) -> dict[str, str]:
    return {"export/your_instagram_activity/media/posts_1.json": "[]"}


@pytest.mark.parametrize(
    ("files", "words"),
    [(linkedin, "LinkedIn's terms"), (facebook, "Facebook lets"), (instagram, "Instagram lets")],
)
def test_archives_that_must_not_or_cannot_be_read_are_told_and_refused(
    files: Callable[[Path], dict[str, str]], words: str, core: Core, tmp_path: Path
) -> None:
    file = takeout.saved(tmp_path, files(tmp_path))
    with pytest.raises(InputError, match=words):
        import_archive(core, file)
    row = upload(core, file)
    assert read_due(core)
    assert words in (the_row(core).problem or "")
    assert (stored(core), uploads.place(core, row).exists()) == (0, False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not an archive"),
        (b"hello", "not an archive"),
        (b"PK\x05\x06" + bytes(18), "not an archive"),
        (b"PK\x03\x04", "ends too early"),
        (b"\x1f\x8b\x08", "damaged"),
    ],
)
def test_what_is_no_archive_costs_a_message(body: bytes, words: str, core: Core, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(body)
    with pytest.raises(InputError, match=words):
        import_archive(core, file)
    upload(core, file)
    assert read_due(core)
    assert the_row(core).state == ArchiveState.FAILED


def test_a_file_that_vanished_is_told(core: Core, tmp_path: Path) -> None:
    row = upload(core, archive(tmp_path, posts=1))
    uploads.remove(core, row)
    assert read_due(core)
    assert the_row(core).problem == archives.MISSING


def test_what_nobody_needs_is_tidied_away(core: Core, tmp_path: Path) -> None:
    import os

    core.db.clock = clock = FakeClock(core.db.clock.now())
    row = upload(core, archive(tmp_path, posts=1))
    stale, fresh = (uploads.folder(core) / f"{name}{uploads.UNFINISHED}" for name in ("stale", "fresh"))
    for file in (stale, fresh):
        file.write_bytes(b"x")
    for file in (stale, uploads.place(core, row)):
        os.utime(file, (0, 0))
    uploads.tidy(core)
    assert (stale.exists(), fresh.exists(), uploads.place(core, row).exists()) == (False, True, True)
    while read_due(core):
        pass
    clock.advance(timedelta(days=uploads.KEPT_DAYS + 1).total_seconds())
    uploads.tidy(core)
    assert the_row(core).id is None


def test_every_archive_is_told_by_one_connector_alone(tmp_path: Path) -> None:
    connector, found = recognize(archive(tmp_path, posts=1))
    assert (connector.manifest.key, found.kind) == ("googleplus", "googleplus-takeout")


CHILD = """
import sys
from pathlib import Path
from scrm import failpoints
from scrm.config import Settings
from scrm.ingest.archives import import_archive, read_due
from scrm.runtime import open_core

folder, url, point, file = sys.argv[1:]
core = open_core(Settings(state_dir=Path(folder), database_url=url, lease_seconds=1))
failpoints.arm_by(point)
if file:
    import_archive(core, Path(file))
else:
    while read_due(core, seconds=0):
        pass
"""
COMMAND = ("archive.begin", "archive.store", "archive.end")
JOB = ("archive.claim", "archive.tell", "archive.store", "archive.give_back", "archive.end")


@pytest.mark.processes
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(("point", "by"), [*((one, "command") for one in COMMAND), *((one, "job") for one in JOB)])
def test_killed_anywhere_it_goes_on_and_nothing_is_lost_or_doubled(
    point: str, side: str, by: str, core: Core, tmp_path: Path
) -> None:
    file = archive(tmp_path, posts=50)
    if by == "job":
        upload(core, file)
    armed = tmp_path / "point"
    armed.write_text(f"{point}:{side} self")
    url = core.settings.database_url.replace("+psycopg", "")
    arguments = [str(core.settings.state_dir), url, str(armed), str(file) if by == "command" else ""]
    died = subprocess.run([sys.executable, "-c", CHILD, *arguments], timeout=60, check=False).returncode
    assert died == -signal.SIGKILL
    core.db.clock = FakeClock(datetime.now(UTC) + timedelta(minutes=10))
    if by == "command":
        import_archive(core, file)
    else:
        while read_due(core):
            pass
    assert stored(core) == 300
    assert the_row(core).state == ArchiveState.DONE
    assert the_row(core).items == 300
