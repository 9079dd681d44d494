"""The catalog of strange archives: how each is made, and what must become of it."""

import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.connectors.downloads import FILES, ITEMS, googleplus, post_with, tarred, zipped
from tests.connectors.googleplus import takeout

MEGABYTE = 1024**2
Made = Callable[[Path], Path]
Expected = str | int | tuple[int, int]
CASES: dict[str, tuple[Made, Expected]] = {}


def case(name: str, expected: Expected) -> Callable[[Made], Made]:
    """One entry of the catalog: words of the refusal, or how many are stored and set aside, or both together."""

    def note(make: Made) -> Made:
        CASES[name] = make, expected
        return make

    return note


def odd(**files: bytes) -> dict[str, bytes]:
    """A sound archive with one more file in it."""
    return googleplus() | {f"{takeout.STREAM}/{name}.json": body for name, body in files.items()}


def forged(file: Path, change: Callable[[bytearray], None]) -> Path:
    body = bytearray(file.read_bytes())
    change(body)
    file.write_bytes(body)
    return file


@case("nothing at all", "not an archive")
def _empty(folder: Path) -> Path:
    (folder / "empty.zip").write_bytes(b"")
    return folder / "empty.zip"


@case("a zip without files", "not an archive")
def _no_files(folder: Path) -> Path:
    return zipped(folder, {})


@case("an archive of something else", "not an archive")
def _photos(folder: Path) -> Path:
    return zipped(folder, {"Takeout/Photos/1.jpg": b"\xff\xd8\xff", "Takeout/Photos/1.json": b'{"title": "1.jpg"}'})


@case("an archive within an archive", "not an archive")
def _nested(folder: Path) -> Path:
    inner = zipped(folder, googleplus(), "inner.zip").read_bytes()
    return zipped(folder, {"inner.zip": inner})


@case("an archive within an archive, beside posts", (ITEMS, 0))
def _nested_beside(folder: Path) -> Path:
    return zipped(folder, googleplus() | {"Takeout/Google+ Stream/more.zip": zipped(folder, {}).read_bytes()})


@case("the wrong ending", (ITEMS, 0))
def _wrong_ending(folder: Path) -> Path:
    return zipped(folder, googleplus(), "holiday.jpg")


@case("something before the beginning", (ITEMS, 0))
def _shell_before(folder: Path) -> Path:
    file = zipped(folder, googleplus())
    file.write_bytes(b"#!/bin/sh\nexit 1\n" + file.read_bytes())
    return file


@case("numbers of the long form", (ITEMS, 0))
def _zip64(folder: Path) -> Path:
    file = folder / "long.zip"
    with zipfile.ZipFile(file, "w") as made:
        for name, body in googleplus().items():
            with made.open(name, "w", force_zip64=True) as entry:
                entry.write(body)
    return file


@case("encrypted", "encrypted")
def _encrypted(folder: Path) -> Path:
    def lock(body: bytearray) -> None:
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            body[body.index(signature) + offset] |= 1

    return forged(zipped(folder, googleplus()), lock)


@case("a bomb of one file", "far more")
def _bomb(folder: Path) -> Path:
    body = post_with('"' + " " * 64 * MEGABYTE + '"')
    return zipped(folder, {f"{takeout.STREAM}/0.json": googleplus().popitem()[1], f"{takeout.STREAM}/1.json": body})


@case("a bomb of many files", "far more")
def _many_bombs(folder: Path) -> Path:
    return zipped(folder, odd(**{f"n{number}": post_with('"' + " " * 6 * MEGABYTE + '"') for number in range(12)}))


@case("a bomb of tar", "far more")
def _tar_bomb(folder: Path) -> Path:
    return tarred(folder, googleplus() | {"Takeout/zero.bin": bytes(64 * MEGABYTE)})


@case("one body under many names", "overlap")
def _overlapping(folder: Path) -> Path:
    def point_at_the_first(body: bytearray) -> None:
        at = body.index(b"PK\x01\x02")
        while (at := body.find(b"PK\x01\x02", at + 4)) >= 0:
            struct.pack_into("<I", body, at + 42, 0)

    return forged(zipped(folder, googleplus()), point_at_the_first)


@case("sizes that lie", "not an archive")
def _lying(folder: Path) -> Path:
    def lie(body: bytearray) -> None:
        struct.pack_into("<I", body, body.index(b"PK\x01\x02") + 20, 7)

    return forged(zipped(folder, googleplus()), lie)


@case("a checksum that is wrong", "damaged")
def _checksum(folder: Path) -> Path:
    def spoil(body: bytearray) -> None:
        last = body.rindex(b"PK\x01\x02")
        body[last + 16] ^= 0xFF

    return forged(zipped(folder, googleplus()), spoil)


@case("a way of packing that nobody knows", "not an archive")
def _unknown_packing(folder: Path) -> Path:
    def change(body: bytearray) -> None:
        for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = body.index(signature)
            while at >= 0:
                struct.pack_into("<H", body, at + offset, 97)
                at = body.find(signature, at + 4)

    return forged(zipped(folder, googleplus()), change)


for _name in ("../x.json", "a/../../x.json", "/etc/x.json", "C:/x.json", "..\\x.json", "\\\\host\\x.json"):

    @case(f"a name that leads outside, in a zip: {_name}", "outside")
    def _outside(folder: Path, name: str = _name) -> Path:
        return zipped(folder, googleplus() | {name: b"{}"})

    @case(f"a name that leads outside, in a tar: {_name}", "outside")
    def _outside_tar(folder: Path, name: str = _name) -> Path:
        return tarred(folder, googleplus() | {name: b"{}"})


for _kind, _expected in {
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "link",
    tarfile.CHRTYPE: (ITEMS, 0),
    tarfile.BLKTYPE: (ITEMS, 0),
    tarfile.FIFOTYPE: (ITEMS, 0),
    tarfile.DIRTYPE: (ITEMS, 0),
}.items():

    @case(f"a thing of kind {_kind!r} in a tar", _expected)  # type: ignore[arg-type]
    def _thing(folder: Path, kind: bytes = _kind) -> Path:
        thing = tarfile.TarInfo("Takeout/Google+ Stream/Posts/thing.json")
        thing.type, thing.linkname = kind, "/etc/passwd"
        return tarred(folder, googleplus(), thing)


@case("a symbolic link in a zip", "link")
def _zip_link(folder: Path) -> Path:
    file = zipped(folder, googleplus())
    entry = zipfile.ZipInfo(f"{takeout.STREAM}/link.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as made:
        made.writestr(entry, "/etc/passwd")
    return file


@case("one name twice", "same name")
def _twice(folder: Path) -> Path:
    file = zipped(folder, googleplus())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as made:
        made.writestr(next(iter(googleplus())), "{}")
    return file


@case("names that differ in case alone", (ITEMS + 1, 0))
def _case_alone(folder: Path) -> Path:
    files = googleplus() | {f"{takeout.STREAM.replace('Posts', 'POSTS')}/0.json": post_with('"other case"')}
    return zipped(folder, files)


@case("names that differ in the form of a letter alone", (ITEMS + 2, 0))
def _form_alone(folder: Path) -> Path:
    bodies = [post_with('"ö"', url=f"{takeout.SITE}/{takeout.US}/posts/Form{number}") for number in (1, 2)]
    names = (f"{takeout.STREAM}/\u00f6.json", f"{takeout.STREAM}/o\u0308.json")
    return zipped(folder, googleplus() | dict(zip(names, bodies, strict=True)))


@case("a name with NUL, which ends there", (ITEMS, 0))
def _nul(folder: Path) -> Path:
    file = zipped(folder, odd(oddXjunk=post_with('"NUL"')))
    return forged(file, lambda body: body.__setitem__(slice(None), body.replace(b"oddXjunk", b"odd\0junk")))


@case("an entry without a name", "outside")
def _no_name(folder: Path) -> Path:
    file = zipped(folder, odd(oddXjunk=b"{}"))
    name = f"{takeout.STREAM}/oddXjunk.json".encode()
    return forged(file, lambda body: body.__setitem__(slice(None), body.replace(name, b"\0" + name[1:])))


@case("names that claim to be UTF-8 and are not", "damaged")
def _false_names(folder: Path) -> Path:
    def claim(body: bytearray) -> None:
        for signature, offset, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
            at = body.index(signature)
            struct.pack_into("<H", body, at + offset, 0x800)
            body[at + name] = 0xFF

    return forged(zipped(folder, googleplus()), claim)


@case("a first file that is not where the list says", "not an archive")
def _misplaced(folder: Path) -> Path:
    def move(body: bytearray) -> None:
        at = body.rindex(b"PK\x01\x02")
        struct.pack_into("<I", body, at + 42, len(body) - 10)

    return forged(zipped(folder, dict([googleplus().popitem()])), move)


@case("names in an old code page", (ITEMS, 0))
def _code_page(folder: Path) -> Path:
    file = zipped(folder, {name.replace("Posts", "BeitrXge"): body for name, body in googleplus().items()})
    return forged(file, lambda body: body.__setitem__(slice(None), body.replace(b"BeitrXge", b"Beitr\x84ge")))


@case("names in a tar that are not UTF-8", (ITEMS, 0))
def _tar_names(folder: Path) -> Path:
    file = folder / "old.tgz"
    with tarfile.open(file, "w:gz", format=tarfile.USTAR_FORMAT, encoding="latin-1") as made:
        for name, body in googleplus().items():
            (folder / "body").write_bytes(body)
            made.add(folder / "body", name.replace("Posts", "Beiträge"))
    return file


for _encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"):

    @case(f"JSON in {_encoding}", (ITEMS + 1, 0))
    def _encoded(folder: Path, encoding: str = _encoding) -> Path:
        return zipped(folder, odd(odd=post_with('"äöü"').decode().encode(encoding)))


for _what, _body, _expected_counts in (
    ("a lone surrogate", post_with(r'"\ud800 alone"'), (ITEMS + 1, 0)),
    ("NUL in a text", post_with(r'"a\u0000b"'), (ITEMS + 1, 0)),
    ("one long line", post_with('"' + "x" * 3 * MEGABYTE + '"'), (ITEMS + 1, 0)),
    ("half a character", post_with('"\ud83d"'), (ITEMS + 1, 0)),
    ("a key twice", post_with('"a", "content": "b"'), (ITEMS, 1)),
    ("NaN", post_with("NaN"), (ITEMS, 1)),
    ("a number of 5,000 digits", post_with("9" * 5000), (ITEMS, 1)),
    ("a text that is a list", post_with("[1]"), (ITEMS, 1)),
    ("half a file", post_with('"x"')[:-9], (ITEMS, 1)),
    ("nothing in it", b"", (ITEMS, 1)),
    ("zeros where a disk failed", bytes(4096), (ITEMS, 1)),
    ("endless brackets", post_with("[" * 200_000), (ITEMS, 1)),
):

    @case(f"one post with {_what}", _expected_counts)
    def _one_odd(folder: Path, body: bytes = _body) -> Path:
        return zipped(folder, odd(odd=body))


for _depth in (100, 250, 400, 700, 900, 960, 980, 990):

    @case(f"one post with {_depth} lists in each other", ITEMS + 1)
    def _deep(folder: Path, depth: int = _depth) -> Path:
        return zipped(folder, odd(odd=post_with('"deep", "more": ' + "[" * depth + "]" * depth)))


@case("one post larger than any", "larger than expected")
def _huge(folder: Path) -> Path:
    noise = zlib.compress(bytes(range(256)) * 10, 0).hex() * 4000
    return zipped(folder, odd(odd=post_with(f'"{noise}"')))


@case("an outbox with one endless line", "larger than expected|ends too early")
def _endless(folder: Path) -> Path:
    files = FILES["mastodon"]()
    return zipped(folder, files | {"outbox.json": b'{"orderedItems": [{"a": "' + b"x" * 5 * MEGABYTE})


@case("an outbox nested without end", "too deeply|ends too early|larger")
def _endlessly_deep(folder: Path) -> Path:
    files = FILES["mastodon"]()
    return zipped(folder, files | {"outbox.json": b'{"orderedItems": [' + b'{"a":' * 300_000})


@case("an outbox in UTF-16", "not UTF-8|ends too early")
def _utf16_outbox(folder: Path) -> Path:
    files = FILES["mastodon"]()
    return zipped(folder, files | {"outbox.json": files["outbox.json"].decode().encode("utf-16")})
