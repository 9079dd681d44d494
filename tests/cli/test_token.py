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
