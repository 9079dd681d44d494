from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.models import Profile
from tests.cli.conftest import Call
from tests.factories import make_contact, make_profile


def test_everything_is_matched_by_several_processes(call: Call, installed: Settings) -> None:
    database = Database(installed.database)
    with database.write("test.people") as session:
        make_contact(session, full_name="Ada Quickenborough", key_due_at=database.clock.now())
        for number in range(30):
            make_profile(session, network="bluesky", native_id=str(number), display_name=f"Ada Quux{number}")
    result = call("match", "--all", "--processes", "2")
    assert result.exit_code == 0, result.output
    assert "30 profiles matched, 0 are still due." in result.output
    with database.read() as session:
        assert set(session.scalars(select(Profile.match_due_at))) == {None}
    database.close()
