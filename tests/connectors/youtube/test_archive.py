"""Comments from Takeout, made of the very comments that the API gives."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.archive import ARCHIVE
from scrm.errors import InputError, PayloadError
from scrm.records import Audience, InteractionKind, InteractionRecord
from scrm.sandbox.youtube import YouTube
from tests.connectors.shape import spoiled
from tests.connectors.youtube.reading import account_of, read
from tests.connectors.youtube.scenario import play
from tests.connectors.youtube.takeout import MIDDLE, NEW, OLD, saved, table

US = "UC" + "u" * 22
ROW = {
    "comment id": "UgxA",
    "channel id": US,
    "comment create timestamp": "2023-09-19T17:42:53.434647+00:00",
    "price": "0",
    "video id": "vid00000001",
    "comment text": '{"text":"Nice"}',
}


def archived(file: Path) -> dict[str, InteractionRecord]:
    owner = ARCHIVE.owner(file)
    records = [one for item, _ in ARCHIVE.items(file, None) for one in ARCHIVE.translate(Payload(item), owner)]
    return {one.key.native_id: one for one in records if isinstance(one, InteractionRecord)}


@pytest.mark.parametrize("columns", [OLD, MIDDLE, NEW])
def test_the_archive_tells_of_our_comments_by_the_ids_of_the_api(
    columns: Sequence[str], network: YouTube, api: Api, tmp_path: Path
) -> None:
    play(network)
    known = {
        native_id: one
        for native_id, one in read(api).interactions.items()
        if one.author == account_of(api).key and one.kind is InteractionKind.REPLY
    }
    rows = [
        {
            "comment id": native_id,
            "channel id": one.author.native_id,
            "comment create timestamp": one.occurred_at.isoformat(timespec="microseconds"),
            "price": "0",
            "parent comment id": (one.thread_key or "") if one.thread_key != native_id else "",
            "video id": (one.fetch_ref or "").split()[1],
            "comment text": json.dumps({"text": one.text}),
        }
        for native_id, one in known.items()
    ]
    file = saved(tmp_path, comments=table(columns, rows))
    assert ARCHIVE.recognizes(file)
    assert ARCHIVE.owner(file).key == account_of(api).key
    found = archived(file)
    assert len(found) > 1
    assert found.keys() == known.keys()
    for native_id, one in found.items():
        for name in ("kind", "author", "occurred_at", "text", "url", "thread_key", "in_reply_to", "fetch_ref"):
            assert getattr(one, name) == getattr(known[native_id], name), name
        assert one.audience is Audience.PRIVATE  # until the API says who may see the video


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("plain words", "plain words"),
        ('{"takeoutSegments":[{"text":"one "},{"text":"two"}]}', "one two"),
        ('{"text":"\\u003e said"},{"text":"\\n"},{"text":"then"}', "> said\nthen"),
        ('{"text":"a"},{"text":"\n"},{"text":"b"}', "a\nb"),
        ('{"text":"@x","mention":{"externalChannelId":"UCx"}},{"text":" thanks"}', "@x thanks"),
        ("{ not JSON", "{ not JSON"),
        ("", None),
    ],
)
def test_every_way_of_writing_a_text_is_understood(cell: str, text: str | None, tmp_path: Path) -> None:
    file = saved(tmp_path, comments=table(NEW, [ROW | {"comment text": cell}, ROW | {"comment id": "UgxB"}]))
    if cell:
        assert archived(file)["UgxA"].text == text
    else:
        assert archived(file)["UgxA"].text is None


def test_several_tables_and_foreign_names_are_read_and_go_on_after_any_item(tmp_path: Path) -> None:
    folder = "Takeout/YouTube und YouTube Music/Kommentare"
    files = {
        f"{folder}/Kommentare.csv": table(OLD, [ROW]),
        f"{folder}/Kommentare(1).csv": table(NEW, [ROW | {"comment id": "UgxB"}, ROW | {"comment id": "UgxC"}]),
        "Takeout/YouTube und YouTube Music/Abos/Abos.csv": "Channel Id,Channel Url,Channel Title\r\nUC1,x,y\r\n",
    }
    file = saved(tmp_path, **files)
    assert archived(file).keys() == {"UgxA", "UgxB", "UgxC"}
    whole = list(ARCHIVE.items(file, None))
    for place, (_, cursor) in enumerate(whole, start=1):
        assert list(ARCHIVE.items(file, cursor)) == whole[place:]


def test_what_stands_below_posts_and_what_other_channels_wrote_is_left_out(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"comment id": "UgxB", "video id": ""}, ROW | {"comment id": "UgxC", "channel id": "UCother"}]
    file = saved(tmp_path, comments=table(NEW, rows))
    items = [item for item, _ in ARCHIVE.items(file, None)]
    owner = ARCHIVE.owner(file)
    assert list(ARCHIVE.translate(Payload(items[1]), owner)) == []
    with pytest.raises(PayloadError, match="channel"):
        list(ARCHIVE.translate(Payload(items[2]), owner))


def test_a_spoiled_item_gives_records_or_a_payload_error_without_personal_values(tmp_path: Path) -> None:
    file = saved(tmp_path, comments=table(OLD, [ROW | {"parent comment id": "UgxP"}]))
    owner = ARCHIVE.owner(file)
    item = next(ARCHIVE.items(file, None))[0]
    for _, changed in spoiled(dict(item)):
        try:
            list(ARCHIVE.translate(Payload(changed), owner))
        except PayloadError as why:
            text = str(why)
        else:
            text = ""
        assert "Geheim" not in text


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a,b\r\n1,2\r\n",
        "Kommentar-ID,Kanal-ID,Zeitstempel,Video-ID,Text\r\n1,2,3,4,5\r\n",
        table(NEW, []),
        b"\xff\xfe",
        '"' + "x" * 3_000_000,
    ],
)
def test_other_tables_are_not_taken_for_one(body: str | bytes, tmp_path: Path) -> None:
    file = saved(tmp_path, comments=body)
    assert not ARCHIVE.recognizes(file)
    with pytest.raises(InputError):
        ARCHIVE.owner(file)


def test_a_half_written_table_ends_with_a_message(tmp_path: Path) -> None:
    file = saved(tmp_path, comments=table(NEW, [ROW] * 3).rstrip()[:-8])
    with pytest.raises(InputError, match="table"):
        list(ARCHIVE.items(file, None))
