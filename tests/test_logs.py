"""Log lines: one JSON object each, without secrets, whatever came from outside."""

import json
import logging

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from scrm import logs
from scrm.db import Database
from scrm.models import Preference
from tests.factories import NOW

SECRET = "s3cr3t-v4lue"


def logger(level: str = "debug") -> structlog.stdlib.BoundLogger:
    logs.configure(level)  # within the test: it takes the standard error of that moment, which is captured
    return logs.get("test")


def line(capsys: pytest.CaptureFixture[str], **fields: object) -> dict[str, object]:
    logger().info("happened", **fields)
    return only_line(capsys)


def only_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    written = capsys.readouterr().err
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1, written
    read: dict[str, object] = json.loads(written)
    return read


def test_a_line_says_what_where_when_and_how_bad(capsys: pytest.CaptureFixture[str]) -> None:
    read = line(capsys, run_id=7)
    assert (read["event"], read["module"], read["level"], read["run_id"]) == ("happened", "test", "info", 7)
    assert str(read["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "refreshToken",
        "client_secret",
        "password",
        "Authorization",
        "Cookie",
        "jwt",
        "api_key",
        "signature",
        "SOME_SECRET",
    ],
)
def test_a_field_with_a_secret_name_is_blanked(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert line(capsys, **{name: SECRET})[name] == "[redacted]"
    assert line(capsys, **{name: [SECRET]})[name] == "[redacted]"


@pytest.mark.parametrize(
    "value",
    [
        f"Authorization: Bearer {SECRET}",
        f"header was 'authorization': 'bearer {SECRET}'",
        f"Basic {SECRET}==",
        f"DPoP {SECRET}",
        f"eyJhbGciOi.{SECRET}.{SECRET}",
        f"whsec_{SECRET}",
        f"https://social.example/oauth?code={SECRET}",
        f"https://social.example/api?limit=1&access_token={SECRET}&x=1",
        f"grant_type=refresh&refresh_token={SECRET}",
        f"client_secret={SECRET}",
        f"postgresql://scrm:{SECRET}@db.example/scrm",
        f"redis://:{SECRET}@redis.example",
    ],
)
def test_what_looks_like_a_secret_is_cut_out_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], value: str
) -> None:
    for fields in (
        {"note": value},
        {"note": [value]},
        {"note": {"deep": (value, {value})}},
        {"note": RuntimeError(value)},
        {"note": value.encode()},
    ):
        shown = json.dumps(line(capsys, **fields))
        assert SECRET not in shown
        assert "[redacted]" in shown


def test_a_secret_in_the_event_or_the_bound_context_is_cut_out_too(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.contextvars.bind_contextvars(address=f"https://x.example/?key={SECRET}")
    logger().info(f"asked with Bearer {SECRET}")
    assert SECRET not in json.dumps(only_line(capsys))


def test_a_secret_field_deep_inside_is_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    read = line(capsys, answer={"headers": [{"Set-Cookie": SECRET, "Date": "today"}]})
    assert read["answer"] == {"headers": [{"Set-Cookie": "[redacted]", "Date": "today"}]}


def test_what_is_no_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"run_id": 7, "share": 0.5, "more": True, "none": None, "network": "mastodon", "ids": [1, 2]}
    read = line(capsys, **fields, url="https://social.example/api/v1/notifications?limit=40")
    assert {name: read[name] for name in fields} == fields
    assert read["url"] == "https://social.example/api/v1/notifications?limit=40"


@pytest.mark.parametrize(
    "broken", ["a\nb", "a\r\nb", "a\u2028b", "a\x85b", "\x1b[2J\x1b]0;title\x07", "a\x00b", "\ud83d"]
)
def test_a_value_from_outside_stays_on_one_line_and_moves_no_terminal(
    capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    logger().info(broken, handle=broken, **{broken: [broken]})
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert written.rstrip("\n").isprintable()
    assert json.loads(written)["handle"] == broken


def test_a_long_value_keeps_its_beginning_and_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    shown = str(line(capsys, note="first " + "x" * 100_000 + " last")["note"])
    assert len(shown) < 2_100
    assert shown.startswith("first ")
    assert shown.endswith(" last")


def test_a_deep_traceback_still_says_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    def sink(depth: int) -> None:
        if depth == 0:
            raise ValueError(f"no room left, Bearer {SECRET}")
        if depth % 2:
            sink(depth - 1)
        sink(depth - 1)  # another line, or the traceback says only "repeated"

    try:
        sink(60)
    except ValueError:
        logger().exception("job_failed")
    read = only_line(capsys)
    assert "ValueError: no room left" in str(read["exception"])
    assert SECRET not in str(read["exception"])


def test_a_failing_statement_does_not_tell_its_values(capsys: pytest.CaptureFixture[str], database: Database) -> None:
    personal = "Erika Beispiel"
    for _ in range(2):
        try:
            with database.write("test.names") as session:
                session.add(Preference(name="same", value={"name": personal}, updated_at=NOW))
        except SQLAlchemyError:
            logger().exception("request_failed")
    try:
        with database.read() as session:
            session.execute(text("SELECT :name FROM no_such_table"), {"name": personal})
    except SQLAlchemyError:
        logger().exception("request_failed")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert "preference" in written
    assert personal not in written


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_only_what_is_as_bad_as_asked_for_is_written(capsys: pytest.CaptureFixture[str], level: str) -> None:
    log = logger(level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("said")
    levels = [json.loads(written)["level"] for written in capsys.readouterr().err.splitlines()]
    numbers = logging.getLevelNamesMapping()
    assert levels == [
        n for n in ("debug", "info", "warning", "error") if numbers[n.upper()] >= numbers[level.upper()]
    ]
