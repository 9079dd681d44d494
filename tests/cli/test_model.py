import json
from dataclasses import replace

from scrm.cli import model as command
from scrm.config import Settings
from scrm.db import Database
from scrm.matching import follow
from scrm.matching.model import SHIPPED
from scrm.models import MatchModelRow
from tests.cli.conftest import Call


def test_the_list_says_that_newer_weights_came_with_an_update_and_how_they_did(
    call: Call, installed: Settings
) -> None:
    database = Database(installed.database)
    now = database.clock.now()
    body = json.loads(replace(SHIPPED, version=SHIPPED.version - 1).to_json())
    with database.write("test.model") as session:
        session.add(MatchModelRow(name="shipped-1", body=body, created_at=now, activated_at=now))
    database.close()
    assert call("match").exit_code == 0
    former, newer, told = call("model", "list").output.splitlines()
    assert former.startswith("  1  shipped-1")
    assert newer.startswith(f"* 2  {follow.NAME}")
    assert told == "     Came with an update, followed shipped-1; nothing was judged to compare by."


def test_the_list_knows_the_words_by_which_following_is_noted() -> None:
    assert {follow.FOLLOWED, follow.REFUSED} == set(command.TRIED)
