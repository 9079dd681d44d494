"""Tokens for the API are made, listed and ended."""

from scrm.config import Settings
from tests.cli.conftest import Call


def test_a_token_is_shown_once_listed_without_it_and_ended(call: Call, installed: Settings) -> None:
    made = call("token", "add", "panel", "rep", "contacts:read", "timeline:read")
    assert made.exit_code == 0, made.output
    secret = made.output.strip()
    assert secret.startswith("scrm_")
    listed = call("token", "list").output
    assert secret not in listed
    number, name, role, *rest = listed.split()
    assert (name, role, rest) == ("panel", "rep", ["contacts:read", "timeline:read", "–"])
    assert call("token", "revoke", number).exit_code == 0
    assert "revoked" in call("token", "list").output


def test_a_role_gets_no_scope_beyond_it(call: Call, installed: Settings) -> None:
    assert call("token", "add", "panel", "rep", "judgments:write").exit_code == 1
    assert call("token", "list").output == ""


def test_a_token_may_belong_to_somebody_and_have_a_last_day(call: Call, installed: Settings) -> None:
    assert call("user", "add", "Mia", "mia@nordwerk.example", "steward").exit_code == 0
    whose = ("--user", "Mia@nordwerk.example", "--until", "2999-01-31")
    made = call("token", "add", "panel", "steward", "judgments:write", *whose)
    assert made.exit_code == 0, made.output
    listed = call("token", "list").output
    assert "mia@nordwerk.example" in listed
    assert "until 2999-02-01 00:00 UTC" in listed
    assert call("token", "add", "panel", "admin", "health:read", *whose).exit_code == 1
    assert call("token", "add", "panel", "rep", "contacts:read", "--user", "nobody@nordwerk.example").exit_code == 1
    assert call("token", "add", "panel", "rep", "contacts:read", "--until", "2020-01-31").exit_code == 1
