import io
from pathlib import Path

import pytest

from scrm.errors import InputError
from scrm.sync.imports import source
from scrm.sync.imports.source import encoding_of, opened

GERMAN = "Vorname;Nachname;Ort\r\nJörg;Müller;Köln\r\nGünther;Weiß;Nürnberg\r\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8-sig"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "cp1252"),
        ("Name\nMüller\n", "cp1252", "cp1252"),
        ("Name;Ort\n„Jürgen“ – 5 €;Straße\n", "cp1252", "cp1252"),
        ("Name,City\nRenée Dupont,Besançon\n", "latin-1", "cp1252"),
        ("Имя;Город\nИван Петров;Москва\nАнна Сидорова;Казань\n", "cp1251", "cp1251"),
        ("Name\nAda\n", "ascii", "utf-8"),
        ("", "utf-8", "utf-8"),
    ],
)
def test_the_encoding_is_found(text: str, written: str, found: str) -> None:
    assert encoding_of(io.BytesIO(text.encode(written))) == found


@pytest.mark.parametrize("written", ["utf-8", "cp1252"])
def test_one_letter_far_into_the_file_decides(written: str) -> None:
    file = io.BytesIO(b"Name\n" + b"Ada Example\n" * 300_000 + "Jörg Müller\n".encode(written))
    assert encoding_of(file) == written


def test_a_letter_on_the_edge_of_a_block_is_whole() -> None:
    file = io.BytesIO(b"x" * (source.BLOCK - 1) + "üü".encode())
    assert encoding_of(file) == "utf-8"


def test_a_letter_cut_off_at_the_end_is_not_utf8() -> None:
    assert encoding_of(io.BytesIO(b"Name\nRen\xe9")) == "cp1252"


def test_a_path_and_a_stream_are_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_bytes(b"Name\n")
    for given in (file, str(file), io.BytesIO(b"Name\n")):
        with opened(given) as read:
            assert read.read() == b"Name\n"


def test_a_stream_that_cannot_be_read_twice_is_kept() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_args: int) -> int:
            raise io.UnsupportedOperation

    with opened(Pipe(b"Name\nAda\n")) as read:
        assert read.read() == b"Name\nAda\n"
        read.seek(0)
        assert read.read() == b"Name\nAda\n"


@pytest.mark.parametrize("is_pipe", [False, True])
def test_a_file_that_is_too_large_is_refused(is_pipe: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return not is_pipe

    monkeypatch.setattr(source, "LARGEST_FILE", 1000)
    with pytest.raises(InputError, match="larger than"), opened(Stream(b"x" * 1001)):
        pass


def test_a_file_that_is_not_there_is_refused_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="FileNotFoundError") as caught, opened(tmp_path / "canary.csv"):
        pass
    assert "canary" not in str(caught.value)
