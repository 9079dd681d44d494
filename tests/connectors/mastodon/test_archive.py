"""The archive people download of their own account."""

import io
import tarfile
import zipfile

import pytest

from scrm.connectors.mastodon.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.errors import (
    InputError,
    PayloadError,
)
from scrm.records import InteractionKind
from tests.connectors.mastodon.reading import (
    account_of,
    archived,
    exported,
    read,
)
from tests.connectors.mastodon.scenario import minute, play
from tests.connectors.shape import spoiled


def test_the_archive_tells_of_the_same_things_as_the_api(network, api, tmp_path):
    uris = play(network)
    network.post("nordwerk", "For friends", at=minute(50), visibility="private")
    network.post("nordwerk", "Quietly", at=minute(51), visibility="unlisted")
    network.post("nordwerk", "See here", at=minute(52), quote=uris["tip"])
    network.edit(uris["answer"], "The blue one.", at=minute(53))
    file = exported(network, tmp_path)
    assert ARCHIVE.recognizes(file)
    assert ARCHIVE.owner(file).key == account_of(api).key
    assert ARCHIVE.owner(file).handle == account_of(api).handle
    own = {name: one for name, one in read(api).interactions.items() if one.author == account_of(api).key}
    found = archived(file)
    assert set(found) == set(own)
    for native_id, one in own.items():
        other = found[native_id]
        for field in ("kind", "text", "audience", "language", "target", "in_reply_to", "fetch_ref", "edited_at"):
            if field != "language" or one.kind is not InteractionKind.SHARE:
                assert getattr(other, field) == getattr(one, field), field
        assert other.occurred_at == one.occurred_at.replace(microsecond=0)
        if one.kind is not InteractionKind.QUOTE:
            assert other.counterpart == one.counterpart


def test_an_archive_goes_on_after_any_item(network, tmp_path):
    play(network)
    file = exported(network, tmp_path)
    whole = list(ARCHIVE.items(file, None))
    for place, (_, cursor) in enumerate(whole, start=1):
        assert list(ARCHIVE.items(file, cursor)) == whole[place:]


def test_an_older_tar_gz_and_an_unpacked_folder_are_read_too(network, tmp_path):
    play(network)
    file = exported(network, tmp_path)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "folder")  # noqa: S202 - our own archive
        with tarfile.open(tmp_path / "old", "w:gz") as tar:
            for name in archive.namelist():
                entry = tarfile.TarInfo(name)
                entry.size = len(archive.read(name))
                tar.addfile(entry, io.BytesIO(archive.read(name)))
    expected = archived(file)
    assert expected
    for other in (tmp_path / "old", tmp_path / "folder"):
        assert ARCHIVE.recognizes(other)
        assert archived(other) == expected


def test_a_spoiled_item_of_an_archive_costs_itself_only(network, tmp_path):
    play(network)
    file = exported(network, tmp_path)
    owner = ARCHIVE.owner(file)
    items = [item for item, _ in ARCHIVE.items(file, None)]

    for item in items[:4] + items[-1:]:
        for _, changed in spoiled(dict(item)):
            try:
                list(ARCHIVE.translate(Payload(changed), owner))
            except PayloadError:
                continue


def test_activities_of_somebody_else_are_refused(network, tmp_path):
    play(network)
    file = exported(network, tmp_path)
    item = dict(list(ARCHIVE.items(file, None))[1][0])
    with pytest.raises(PayloadError, match="owner"):
        list(ARCHIVE.translate(Payload({**item, "actor": "https://a.example/users/eve"}), ARCHIVE.owner(file)))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"actor.json": b"{}"},
        {"actor.json": b"{}", "outbox.json": b"{}"},
        {"actor.json": b'{"type": "Note", "id": "x"}', "outbox.json": b"{}"},
        {"actor.json": b'{"type": "Person"}', "outbox.json": b"{}"},
        {"actor.json": b"[" * 100_000, "outbox.json": b"{}"},
        {"actor.json": b"\xff\xfe", "outbox.json": b"{}"},
    ],
)
def test_other_zip_files_are_not_taken_for_an_archive(files, tmp_path):
    file = tmp_path / "other"
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    assert not ARCHIVE.recognizes(file)
    with pytest.raises(InputError):
        ARCHIVE.owner(file)
