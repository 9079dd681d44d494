"""Archives from strangers: they cost an InputError and nothing else."""

import gzip
import io
import json
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from scrm.connectors import archive, archive_reader
from scrm.connectors.archive import open_archive
from scrm.errors import InputError


def zipped(folder: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, body in files.items():
            made.writestr(name, body)
    return file


def tarred(folder: Path, entries: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    file = folder / "a.tgz"
    with tarfile.open(file, "w:gz") as made:
        for entry, body in entries:
            entry.size = len(body)
            made.addfile(entry, io.BytesIO(body))
    return file


def read_through(file: Path, name: str) -> bytes:
    body = b""
    with open_archive(file).open(name) as reader:
        while chunk := reader.read():
            body += chunk
    return body


def all_items(file: Path, name: str = "x.json", field: str = "items") -> list[object]:
    with open_archive(file).open(name) as reader:
        return list(reader.array(field))


def test_zip_tar_and_folder_give_the_same(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.json").write_bytes(b'{"a": 1}')
    for made in (
        zipped(tmp_path, {"x.json": b'{"a": 1}', "media/1.png": b"x"}),
        tarred(tmp_path, [(tarfile.TarInfo("media/1.png"), b"x"), (tarfile.TarInfo("./x.json"), b'{"a": 1}')]),
        tmp_path / "folder",
    ):
        assert read_through(made, "x.json") == b'{"a": 1}'
        with open_archive(made).open("x.json") as reader:
            assert reader.json() == {"a": 1}


def test_one_folder_around_everything_is_looked_into(tmp_path):
    file = zipped(tmp_path, {"export/x.json": b"1", "export/deep/y.json": b"2"})
    assert open_archive(file).find("x.json") == "export/x.json"
    assert open_archive(file).find("y.json") is None
    with pytest.raises(InputError, match=r"has no y\.json"):
        read_through(file, "y.json")


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "C:\\x", "C:/x", "..\\x", "\\\\host\\x", "a\\b", "a/../x"]
)
def test_names_that_lead_outside_are_refused(name, tmp_path):
    with pytest.raises(InputError, match="outside"):
        open_archive(zipped(tmp_path, {name: b"x"}))
    with pytest.raises(InputError, match="outside"):
        open_archive(tarred(tmp_path, [(tarfile.TarInfo(name), b"x")]))


def test_links_are_refused(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(entry, "/etc/passwd")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        link = tarfile.TarInfo("link")
        link.type, link.linkname = kind, "/etc/passwd"
        with pytest.raises(InputError, match="link"):
            open_archive(tarred(tmp_path, [(link, b"")]))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to("/etc/passwd")
    for made in (tmp_path / "a.zip", tmp_path / "folder"):
        with pytest.raises(InputError, match="link"):
            open_archive(made)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubled_names_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("x", "1")
        made.writestr("x", "2")
    with pytest.raises(InputError, match="same name"):
        open_archive(tmp_path / "a.zip")


def test_an_encrypted_archive_is_refused(tmp_path):
    file = zipped(tmp_path, {"x": b"1"})
    body = bytearray(file.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    file.write_bytes(body)
    with pytest.raises(InputError, match="encrypted"):
        open_archive(file)


def test_entries_that_overlap_are_refused(tmp_path):
    file = zipped(tmp_path, {"x": b"1" * 100, "y": b"2" * 100}, zipfile.ZIP_STORED)
    body = bytearray(file.read_bytes())
    second = body.rindex(b"PK\x01\x02")
    struct.pack_into("<I", body, second + 42, 0)  # the directory says that y begins where x does
    file.write_bytes(body)
    with pytest.raises(InputError, match="overlap"):
        open_archive(file)


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_ENTRIES", 10)
    with pytest.raises(InputError, match="too many"):
        open_archive(zipped(tmp_path, {f"{n}": b"" for n in range(11)}))


def test_a_zip_bomb_is_stopped_while_reading(tmp_path):
    file = zipped(tmp_path, {"x.json": b"\0" * (64 * 1024**2)})
    tracemalloc.start()
    with pytest.raises(InputError, match="far more"), open_archive(file).open("x.json") as reader:
        while reader.read():
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 1024**2


def test_a_tar_bomb_is_stopped_while_listing(tmp_path):
    entry = tarfile.TarInfo("x")
    with pytest.raises(InputError, match="far more"):
        open_archive(tarred(tmp_path, [(entry, b"\0" * (64 * 1024**2))]))


def test_a_large_honest_archive_may_be_read(tmp_path):
    body = random.Random(1).randbytes(20 * 1024**2)
    assert len(read_through(zipped(tmp_path, {"x": body}), "x")) == len(body)


def test_more_bytes_than_anybody_needs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_reader, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="far more"):
        read_through(zipped(tmp_path, {"x": os.urandom(1001)}), "x")


@pytest.mark.parametrize("kept", [0, 3, 30, 90, 200])
def test_truncated_and_foreign_files_are_refused(kept, tmp_path):
    for whole in (zipped(tmp_path, {"x.json": b"1" * 300}), tarred(tmp_path, [(tarfile.TarInfo("x"), b"1" * 300)])):
        body = whole.read_bytes()
        whole.write_bytes(body[: min(kept, len(body) - 10)])
        with pytest.raises(InputError):
            read_through(whole, "x.json")


def test_a_file_whose_checksum_is_wrong_is_refused(tmp_path):
    file = zipped(tmp_path, {"x.json": b"A" * 1000}, zipfile.ZIP_STORED)
    body = file.read_bytes()
    file.write_bytes(body.replace(b"AAAA", b"BAAA", 1))
    with pytest.raises(InputError, match="damaged"):
        read_through(file, "x.json")


def test_a_missing_path_and_a_plain_file_are_refused(tmp_path):
    (tmp_path / "plain").write_text("hello")
    (tmp_path / "gz").write_bytes(gzip.compress(b"hello"))
    for name in ("plain", "gz", "nowhere"):
        with pytest.raises(InputError):
            open_archive(tmp_path / name)


def test_a_list_is_read_item_by_item_whatever_the_chunks(tmp_path, monkeypatch):
    items = [{"n": n, "text": 'ä"]}, {["items": [' * (n % 7), "deep": [[n]]} for n in range(300)]
    body = json.dumps({"note": 'no "items": [9] here', "items": items, "after": [1]}, indent=1).encode()
    file = zipped(tmp_path, {"x.json": body})
    for chunk in (1024, 7919, 10**6):
        monkeypatch.setattr(archive_reader.Reader.read, "__defaults__", (chunk,))
        assert all_items(file) == items
    raw = json.dumps({"items": items}, ensure_ascii=False).encode("utf-8-sig")
    assert all_items(zipped(tmp_path, {"x.json": raw})) == items


def test_a_long_list_needs_little_memory(tmp_path):
    item = b'{"text": "' + b"x" * 1000 + b'"},'
    file = zipped(tmp_path, {"x.json": b'{"items": [' + item * 40_000 + b'"end"]}'}, zipfile.ZIP_STORED)
    tracemalloc.start()
    with open_archive(file).open("x.json") as reader:
        count = sum(1 for _ in reader.array("items"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_001
    assert peak < 4 * 1024**2


def test_an_unsound_item_leaves_its_neighbors_alone(tmp_path):
    file = zipped(tmp_path, {"x.json": b'{"items": [{"a": 1}, {"a": 1, "a": 2}, {"a": NaN}, {"b": 1}]}'})
    assert all_items(file) == [{"a": 1}, None, None, {"b": 1}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"items": [',
        b'{"items": [{"a": 1}',
        b'{"items": [{"a": ',
        b'{"items": [1, 2]}',
        b'{"items": [[]]}',
        b'{"items": [{"a": "\xff"}]}',
        b'{"items": [' + b'{"a":' * 100_000,
        b'{"items": [{"a": "' + b"x" * (5 * 1024**2) + b'"}]}',
        b" " * (5 * 1024**2),
    ],
)
def test_lists_that_are_none_are_refused(body, tmp_path):
    with pytest.raises(InputError):
        all_items(zipped(tmp_path, {"x.json": body}, zipfile.ZIP_STORED))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": 1, "a": 2}', b"[" * 100_000, b" " * (3 * 1024**2)])
def test_a_small_file_that_is_no_json_is_refused(body, tmp_path):
    with pytest.raises(InputError), open_archive(zipped(tmp_path, {"x.json": body})).open("x.json") as reader:
        reader.json()


def test_an_archive_that_changes_while_it_is_read_is_refused(tmp_path):
    file = tarred(tmp_path, [(tarfile.TarInfo("x.json"), b"1")])
    opened = open_archive(file)
    tarred(tmp_path, [(tarfile.TarInfo("y.json"), b"1")])
    with pytest.raises(InputError, match="changed"), opened.open("x.json"):
        pass


def test_empty_folders_and_devices_are_no_files(tmp_path):
    folder, device = tarfile.TarInfo("media"), tarfile.TarInfo("device")
    folder.type, device.type = tarfile.DIRTYPE, tarfile.CHRTYPE
    entries = [(folder, b""), (device, b""), (tarfile.TarInfo("x.json"), b"1")]
    assert open_archive(tarred(tmp_path, entries)).names == ("x.json",)
    (tmp_path / "folder" / "media").mkdir(parents=True)
    assert open_archive(tmp_path / "folder").names == ()


def made(folder: Path, kind: str, files: dict[str, bytes]) -> Path:
    if kind == "zip":
        return zipped(folder, files)
    if kind == "tgz":
        return tarred(folder, [(tarfile.TarInfo(name), body) for name, body in files.items()])
    for name, body in files.items():
        (folder / "made" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "made" / name).write_bytes(body)
    return folder / "made"


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
def test_several_files_are_read_in_one_pass_in_the_order_of_the_archive(kind, tmp_path):
    files = {f"{number}.json": b"x" * number for number in range(5)}
    opened = open_archive(made(tmp_path, kind, files))
    found = {name: reader.whole() for name, reader in opened.each({"3.json", "1.json", "4.json"})}
    assert found == {name: files[name] for name in ("1.json", "3.json", "4.json")}
    assert list(found) == ["1.json", "3.json", "4.json"]
    assert [name for name, _ in opened.each({"0.json", "4.json"})] == ["0.json", "4.json"]  # nothing read of them
    assert list(opened.each(set())) == []


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_many_files_that_are_bombs_only_together_are_stopped(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archive_reader, "FREE_BYTES", 1024**2)
    files = {f"{number}": bytes(512 * 1024) for number in range(8)}
    with pytest.raises(InputError, match="far more"):
        for _, reader in open_archive(made(tmp_path, kind, files)).each(set(files)):
            reader.whole()


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
def test_a_file_that_is_gone_or_damaged_among_several_ends_with_a_message(kind, tmp_path):
    file = made(tmp_path, kind, {"a": os.urandom(50_000), "b": os.urandom(50_000)})
    if kind != "folder":
        body = bytearray(file.read_bytes())
        body[60_000:60_100] = bytes(100)
        file.write_bytes(body)
    with pytest.raises(InputError):
        opened = open_archive(file)
        (tmp_path / "made" / "b").unlink(missing_ok=True)
        for _, reader in opened.each({"a", "b"}):
            reader.whole()


def test_a_link_that_took_the_place_of_a_file_is_not_followed(tmp_path):
    folder = made(tmp_path, "folder", {"a": b"1"})
    opened = open_archive(folder)
    (folder / "a").unlink()
    (folder / "a").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="changed"):
        next(opened.each({"a"}))


def test_a_list_of_files_too_long_for_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_INDEX", 10_000)
    assert len(open_archive(zipped(tmp_path, {f"{n}": b"" for n in range(90)})).names) == 90
    file = zipped(tmp_path, {f"{n}-more": b"" for n in range(300)})
    with pytest.raises(InputError, match="too many"):
        open_archive(file)
    body = bytearray(file.read_bytes())
    at = body.rindex(b"PK\x05\x06")
    long = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 300, 300, 10**9, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
    struct.pack_into("<I", body, at + 12, 0)  # the short form lies, the long one would count
    file.write_bytes(bytes(body[:at]) + long + locator + bytes(body[at:]))
    with pytest.raises(InputError, match="too many"):
        open_archive(file)


def test_the_beginning_may_be_looked_at_before_all_is_read(tmp_path):
    for _, reader in open_archive(zipped(tmp_path, {"x": b"hello"})).each({"x"}):
        assert reader.peek() == b"hello"
        assert reader.whole() == b"hello"
    with open_archive(tmp_path / "a.zip").open("x") as again, pytest.raises(InputError, match="larger"):
        again.whole(4)


def test_lists_of_one_name_come_with_what_stands_before_them(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_reader.Reader.read, "__defaults__", (7,))
    body = [
        {"talk": {"id": f"t{n}", "said": [{"id": f"{n}-{m}"} for m in range(n)]}, "end": "x" * 50} for n in range(4)
    ]
    file = zipped(tmp_path, {"x.js": ("window.all = " + json.dumps(body)).encode()})
    with open_archive(file).open("x.js") as reader:
        assert list(reader.arrays("id", "said")) == [
            (f"t{n}", {"id": f"{n}-{m}"}) for n in range(4) for m in range(n)
        ]


def test_a_table_is_read_row_by_row_whatever_the_chunks(tmp_path, monkeypatch):
    body = 'a,b\r\n"1, ""x""\nand \u2028 more",ä\r\n\r\nlast,row'.encode("utf-8-sig")
    for chunk in (1, 5, 10**6):
        monkeypatch.setattr(archive_reader.Reader.read, "__defaults__", (chunk,))
        with open_archive(zipped(tmp_path, {"x.csv": body})).open("x.csv") as reader:
            assert list(reader.rows()) == [["a", "b"], ['1, "x"\nand \u2028 more', "ä"], [], ["last", "row"]]


@pytest.mark.parametrize("body", [b'a,"b', b'"a"b,c\n', b"\xff", b"x" * 200_000, b'"' + b"x" * (3 * 1024**2)])
def test_a_table_that_is_none_is_refused(body, tmp_path):
    with open_archive(zipped(tmp_path, {"x.csv": body})).open("x.csv") as reader, pytest.raises(InputError):
        list(reader.rows())


def test_ten_thousand_files_need_little_memory(tmp_path):
    file = zipped(tmp_path, {f"{n}.json": json.dumps({"n": n, "text": "x" * 2000}).encode() for n in range(10_000)})
    opened = open_archive(file)
    tracemalloc.start()
    count = sum(1 for _, reader in opened.each(set(opened.names)) if reader.json())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_000
    assert peak < 24 * 1024**2  # the list of files is held, nothing of what is in them
