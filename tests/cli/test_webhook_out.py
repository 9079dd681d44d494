"""Webhooks to others by the command line: made, listed, switched, told again."""

import pytest
from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.models import Announcement, AnnouncementState, Hook
from tests.cli.conftest import Call

ADDRESS = "https://crm.example/hook"


@pytest.fixture
def made(call: Call, installed: Settings) -> str:
    told = call("webhook", "out", "add", "crm", ADDRESS, "link.made", "link.undone", "--network", "mastodon")
    assert told.exit_code == 0, told.output
    return told.output.strip()


def told(installed: Settings) -> list[Announcement]:
    db = Database(installed.database)
    with db.read() as session:
        rows = list(session.scalars(select(Announcement).order_by(Announcement.id)))
    db.close()
    return rows


def test_a_webhook_is_made_listed_and_given_a_new_secret(call: Call, installed: Settings, made: str) -> None:
    assert made.startswith("whsec_")
    assert f"crm  on  {ADDRESS}  link.made link.undone  mastodon  –" in call("webhook", "out", "list").output
    rotated = call("webhook", "out", "rotate", "crm").output.strip()
    assert rotated.startswith("whsec_")
    assert rotated != made


def test_without_events_it_is_told_of_all(call: Call, installed: Settings) -> None:
    assert call("webhook", "out", "add", "erp", ADDRESS).exit_code == 0
    assert "connection.broken interaction.added link.made link.undone" in call("webhook", "out", "list").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "crm", "http://crm.example"),
        ("add", "crm", ADDRESS, "everything"),
        ("add", "crm", ADDRESS, "--network", "nowhere"),
        ("rotate", "erp"),
        ("replay", "crm"),
        ("disable", "erp"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Call, installed: Settings, arguments: tuple[str, ...]) -> None:
    assert call("webhook", "out", *arguments).exit_code != 0


def test_it_is_switched_off_and_on_and_removed(call: Call, installed: Settings, made: str) -> None:
    for command, state in (("disable", "off"), ("enable", "on")):
        assert call("webhook", "out", command, "crm").exit_code == 0
        assert f"crm  {state}" in call("webhook", "out", "list").output
    assert call("webhook", "out", "remove", "crm").exit_code == 0
    assert call("webhook", "out", "list").output == ""


def test_what_failed_is_listed_and_told_again_by_id_or_since(call: Call, installed: Settings, made: str) -> None:
    assert call("webhook", "out", "test", "crm").exit_code == 0
    db = Database(installed.database)

    def fail() -> None:
        with db.write("test.fail") as session:
            row = session.scalars(select(Announcement)).one()
            row.state, row.status, row.reason = AnnouncementState.FAILED.value, 500, "It was not taken."
            assert session.scalars(select(Hook.id)).one() == row.hook_id

    fail()
    log = call("webhook", "out", "log", "crm").output
    assert "test  failed  500 It was not taken." in log
    assert call("webhook", "out", "replay", "crm", "--id", log.split()[0]).exit_code == 0
    assert [row.state for row in told(installed)] == ["todo"]
    assert call("webhook", "out", "replay", "crm", "--id", log.split()[0]).exit_code == 1  # it waits already
    fail()
    assert call("webhook", "out", "replay", "crm", "--since", "2999-01-01").output.strip() == "0"
    assert call("webhook", "out", "replay", "crm", "--since", "2020-01-01").output.strip() == "1"
    assert [row.state for row in told(installed)] == ["todo"]
    db.close()
