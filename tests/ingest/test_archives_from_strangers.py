"""Archives that are broken, hostile or odd, uploaded as anybody would: a plain message or a right reading, never
anything else; no file leaves the folder of uploads, and memory stays bounded."""

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scrm.connectors.payload import Payload
from scrm.errors import InputError, PayloadError
from scrm.ingest import uploads
from scrm.ingest.archives import import_archive, read_due, recognize
from scrm.models import ArchiveFile, ArchiveState, Interaction
from scrm.runtime import Core
from tests.connectors.downloads import FILES, ITEMS, KINDS, download, googleplus, zipped
from tests.factories import make_user
from tests.ingest.strange_archives import CASES, MEGABYTE

MOST_MEMORY = 48 * MEGABYTE  # one post of 3 MB is held in a dozen forms


@pytest.mark.parametrize("name", CASES)
def test_a_strange_archive_is_read_rightly_or_refused_in_plain_words(name: str, core: Core, tmp_path: Path) -> None:
    make, expected = CASES[name]
    (tmp_path / "given").mkdir()
    file = make(tmp_path / "given")
    row = upload(core, file)
    before = listing(tmp_path)
    tracemalloc.start()
    while read_due(core):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = the_row(core)
    told = (found.state, found.problem, stored(core), found.quarantined)
    if isinstance(expected, str):
        assert found.state == ArchiveState.FAILED, told
        assert any(words in str(found.problem) for words in expected.split("|")), told
        assert not any(word in str(found.problem) for word in ("Traceback", "/", "Nordwerk")), told
    else:
        assert found.state == ArchiveState.DONE, told
        done = stored(core), found.quarantined
        assert expected in (done, sum(done)), told
    assert peak < MOST_MEMORY, f"{peak / MEGABYTE:.0f} MB"
    assert before - listing(tmp_path) == {uploads.place(core, row)}
    assert listing(tmp_path) <= before


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_was_cut_off_gives_its_beginning_and_a_message(kind: str, tmp_path: Path) -> None:
    file = download(kind, tmp_path)
    body, whole = file.read_bytes(), [item for item, _ in items(file)]
    assert len(whole) == ITEMS
    for kept in range(0, len(body), max(1, len(body) // 150)):
        file.write_bytes(body[:kept])
        with pytest.raises(InputError):
            recognize(file)
            for place, (item, _) in enumerate(items(file)):
                assert item == whole[place]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_was_cut_off_in_a_sound_archive_never_gives_something_else(kind: str, tmp_path: Path) -> None:
    files = FILES[kind]()
    name = max(files, key=lambda one: len(files[one]))
    whole = [item for item, _ in items(zipped(tmp_path, files))]
    owner = recognize(zipped(tmp_path, files))[1].owner(zipped(tmp_path, files))
    for kept in range(0, len(files[name]), max(1, len(files[name]) // 60)):
        file = zipped(tmp_path, files | {name: files[name][:kept]})
        try:
            _, archive = recognize(file)
            found = [item for item, _ in items(file)]
        except InputError:
            continue
        assert len(found) < 2 or archive.owner(file).key == owner.key
        strange = [item for item in found if item and item not in whole]
        assert len(strange) <= 1, strange  # the line of a table that was cut through


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_cut_off_is_completed_by_the_whole_archive(kind: str, core: Core, tmp_path: Path) -> None:
    file = download(kind, tmp_path)
    body = file.read_bytes()
    file.write_bytes(body[: len(body) * 2 // 3])
    upload(core, file)
    while read_due(core):
        pass
    file.write_bytes(body)
    assert import_archive(core, file).items == ITEMS
    assert stored(core) == ITEMS - (kind == "mastodon")
    assert import_archive(core, file).new == 0


def test_the_parts_of_a_takeout_are_read_one_after_the_other(core: Core, tmp_path: Path) -> None:
    files = list(googleplus().items())
    for number in (0, 1):
        part = zipped(tmp_path, dict(files[number::2]), f"takeout-20261124T080000Z-00{number + 1}.zip")
        assert import_archive(core, part).items == ITEMS // 2
    assert stored(core) == ITEMS
    without_posts = zipped(tmp_path, {"Takeout/Photos/1.jpg": b"x"}, "takeout-20261124T080000Z-003.zip")
    with pytest.raises(InputError, match="not an archive"):
        import_archive(core, without_posts)


def items(file: Path) -> Iterator[tuple[object, str]]:
    _, archive = recognize(file)
    owner = archive.owner(file)
    for item, cursor in archive.items(file, None):
        if item:
            with suppress(PayloadError):
                list(archive.translate(Payload(item), owner))
        yield item, cursor


def upload(core: Core, file: Path) -> ArchiveFile:
    with core.db.write("test.user") as session:
        user = make_user(session, role="admin")
    written = uploads.folder(core) / f"one{uploads.UNFINISHED}"
    written.write_bytes(file.read_bytes())
    row = uploads.accept(core, written, file.name, user.id)
    written.unlink()
    return row


def the_row(core: Core) -> ArchiveFile:
    with core.db.read() as session:
        return session.scalars(select(ArchiveFile).order_by(ArchiveFile.id.desc())).first() or ArchiveFile()


def stored(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(Interaction)) or 0


def listing(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if not file.name.startswith("scrm.db")}
