import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.db import Database
from scrm.errors import InputError
from scrm.models import CrmState, LocalContact
from scrm.sync.contacts import pull
from scrm.sync.crm import open_crm
from scrm.sync.crm.local_contacts import Statement, put_contacts
from tests.sync.crm.worlds import START
from tests.sync.imports.reading import held, load, only, reasons

HEADER = "Id,First Name,Last Name,Email,Company\n"


def rows(count: int, company: str = "Acme") -> str:
    return HEADER + "".join(f"c{n},Ada,Example {n},ada{n}@example.test,{company}\n" for n in range(count))


def source_ids(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(LocalContact.source_id).order_by(LocalContact.id)))


def test_an_import_can_be_repeated_without_doubles(database: Database) -> None:
    first = load(database, rows(450))
    again = load(database, rows(450))
    changed = load(database, rows(450, company="Beta"))
    assert (first.created, first.updated, first.unchanged) == (450, 0, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 450)
    assert (changed.created, changed.updated, changed.unchanged) == (0, 450, 0)
    assert source_ids(database) == [f"c{n}" for n in range(450)]


@pytest.mark.parametrize(
    "text",
    [
        "Name,Email,Company\nAda,ada@example.test,Acme\nBen,,Beta\n,,Gamma\n",
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nEMAIL:ada@example.test\nEND:VCARD\n",
    ],
)
def test_rows_without_an_id_are_the_same_the_next_time(database: Database, text: str) -> None:
    created = load(database, text).created
    assert load(database, text).unchanged == created
    assert len(source_ids(database)) == created
    assert not any("example" in source_id for source_id in source_ids(database)), "an id tells nobody's address"


def test_an_email_keeps_a_contact_together_when_its_name_changes(database: Database) -> None:
    load(database, "Name,Email\nAda Example,Ada@example.test\n")
    report = load(database, "Email,Name\nada@example.test,Ada Married\n")
    assert report.updated == 1
    assert only(database).full_name == "Ada Married"


def test_a_row_that_stands_there_twice_is_rejected(database: Database) -> None:
    text = (
        HEADER
        + "c1,Ada,Example,,\nc1,Ben,Example,,\n"
        + ",Cleo,Example,c@example.test,\n,Dan,Example,C@example.test,\n"
    )
    for _ in range(2):
        report = load(database, text)
        twice = "another row of this file has the same id or e-mail address"
        assert reasons(report) == [(3, "", twice), (5, "", twice)]
        assert [contact.first_name for contact in held(database)] == ["Ada", "Cleo"]


@pytest.mark.parametrize("point", ["local_crm.contacts:before", "local_crm.contacts:after", "import.finish:before"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_killed_import_is_begun_again_without_loss_or_doubles(
    database: Database, point: str, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = 0

    def kill(name: str) -> None:
        nonlocal reached
        reached += name == point
        if name == point and (reached == nth or point == "import.finish:before"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("scrm.db.failpoint", kill)
        with pytest.raises(KeyboardInterrupt):
            load(database, rows(500))
    report = load(database, rows(500))
    assert report.created + report.unchanged == 500
    assert report.updated == 0
    assert source_ids(database) == [f"c{n}" for n in range(500)]


def test_progress_is_told_after_each_transaction(database: Database) -> None:
    heard: list[int] = []
    load(database, rows(450), progress=heard.append)
    assert heard == [200, 400, 450]


def test_the_contacts_arrive_at_the_next_pull(database: Database) -> None:
    database.clock = FakeClock(START)
    load(database, rows(3))
    with database.read() as session:
        assert session.get_one(CrmState, "local").due_at == START
    assert not pull(database, open_crm(database, "local"), "local")


def test_what_the_crm_knows_better_is_reported(database: Database) -> None:
    database.clock = FakeClock(START)
    newer = Statement(source_id="c0", fields={"full_name": "Newer"}, at=START + timedelta(days=1))
    put_contacts(database, [newer])
    report = load(database, rows(2))
    assert reasons(report) == [(2, "", "the CRM knows something newer")]
    assert report.created == 1
    assert report.rows == 2


def test_an_import_keeps_the_version_of_the_source(database: Database) -> None:
    put_contacts(database, [Statement(source_id="c0", fields={"full_name": "Seventh"}, version=7, at=START)])
    assert load(database, rows(1)).updated == 1
    late = Statement(source_id="c0", fields={"full_name": "Sixth"}, version=6, at=START + timedelta(days=9))
    put_contacts(database, [late])
    assert only(database).full_name == "Ada Example 0"


def test_a_long_id_is_rejected(database: Database) -> None:
    report = load(database, f"Id,Name\n{'x' * 256},Ada\nok,Ben\n")
    assert reasons(report) == [(2, "Id", "longer than 255 characters")]


def test_an_encoding_can_be_given(database: Database) -> None:
    load(database, "Name;Ort\nŁukasz Wójcik;Łódź\n".encode("cp1250"), encoding="cp1250")
    assert only(database).city == "Łódź"
    with pytest.raises(InputError, match="no such encoding"):
        load(database, "Name\nAda\n", encoding="klingon")


def test_a_given_stream_stays_open(tmp_path: Path, database: Database) -> None:
    (tmp_path / "c.csv").write_text(rows(1))
    with (tmp_path / "c.csv").open("rb") as stream:
        from scrm.sync.imports import import_contacts

        assert import_contacts(database, stream).created == 1
        stream.seek(0)
        assert stream.read(2) == b"Id"


def test_no_report_repeats_a_value(database: Database) -> None:
    report = load(
        database,
        "Name,Email,Website,Mastodon\ncanary,canary,canary canary,canary canary\n"
        f'{"canary" * 200},,,\ncanary,canary\n"canary\n',
    )
    assert len(report.rejected) == 3
    assert len(report.ignored) == 3
    assert "canary" not in repr(report)


def test_memory_does_not_grow_with_the_file(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    file = tmp_path / "many.csv"
    with file.open("w") as out:
        out.write("Id,Name,Notes\n")
        for number in range(5_000):
            out.write(f"c{number % 50 if number > 50 else number},Ada,{'note ' * 1600}\n")
    from scrm.sync.imports import import_contacts

    tracemalloc.start()
    report = import_contacts(database, file)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    database.close()
    assert report.rows == 5_000
    assert peak < 15_000_000 < file.stat().st_size
