"""Signing in at a network: there and back once, for one person, within minutes; then connected or given access."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, select

from scrm.clock import FakeClock
from scrm.errors import InputError, RetryLaterError, UnavailableError
from scrm.ingest import sign_in
from scrm.ingest.access import place
from scrm.ingest.apps import save
from scrm.ingest.connections import remove
from scrm.models import Connection, ConnectionState, NetworkApp, SignInFlow, User, uuid7
from scrm.runtime import Core
from scrm.sandbox.server import Server
from tests import lagoon
from tests.lagoon import KEY, PLAIN, Water, say_yes

BACK = "http://127.0.0.1:8000/connections/sign-in/lagoon"


@pytest.fixture
def water() -> Water:
    return Water()


@pytest.fixture
def server(water: Water) -> Iterator[Server]:
    lagoon.register()
    with lagoon.serve(water) as running:
        yield running
    lagoon.unregister()


@pytest.fixture
def core(core: Core, server: Server) -> Core:
    core = replace(core, settings=replace(core.settings, allowed_hosts=(lagoon.host(server),)))
    for network in (KEY, PLAIN):
        save(core, network, lagoon.app_form(server), None)
    return core


def person(core: Core, name: str) -> int:
    with core.db.write("test.person") as session:
        row = User(
            public_id=uuid7(),
            name=name,
            email=f"{name}@nordwerk.example",
            role="admin",
            created_at=core.db.clock.now(),
        )
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def admin(core: Core) -> int:
    return person(core, "mei")


def go(core: Core, admin: int, connection_id: int | None = None, network: str = KEY) -> dict[str, str]:
    """There and back: what the network told the browser to bring."""
    return say_yes(sign_in.begin(core, network, admin, connection_id, BACK))


def come_back(core: Core, admin: int, connection_id: int | None = None, network: str = KEY) -> sign_in.Returned:
    told = go(core, admin, connection_id, network)
    return sign_in.redeem(core, network, told["state"], told["code"], admin)


def flows(core: Core) -> list[SignInFlow]:
    with core.db.read() as session:
        return list(session.scalars(select(SignInFlow)))


def connected(core: Core) -> list[Connection]:
    with core.db.read() as session:
        return list(session.scalars(select(Connection)))


def credentials(core: Core, row: Connection) -> dict[str, str]:
    return core.vault.open(row.credentials or "", place(row))


def test_from_consent_to_a_connection_of_the_page_that_was_chosen(core: Core, admin: int, water: Water) -> None:
    flow = come_back(core, admin)
    assert [(one.native_id, one.label) for one in flow.choices] == list(lagoon.PAGES.items())
    assert sign_in.choice_for(core, flow) is None
    again = sign_in.returned(core, KEY, flow.flow_id, admin)
    assert again == flow
    row = sign_in.finish(core, again, "page-2", 5_000_000, admin)
    assert (row.native_id, row.label, row.owner_id, row.budget_cap) == (
        "page-2",
        "@nordwerk-service",
        admin,
        5_000_000,
    )
    assert row.access_until is None  # renews itself
    assert water.tokens[credentials(core, row)["access_token"]] == "page-2"
    assert flows(core) == []


def test_the_address_asks_for_the_scopes_and_keeps_state_and_verifier_to_itself(core: Core, admin: int) -> None:
    address = sign_in.begin(core, KEY, admin, None, BACK)
    asked = parse_qs(urlsplit(address).query)
    assert asked["scope"] == ["notes.read pages.list"]
    assert asked["redirect_uri"] == [BACK]
    assert len(asked["state"][0]) >= 43
    (row,) = flows(core)
    assert asked["state"][0] not in {row.state, row.secrets}
    kept = core.vault.open(row.secrets, f"sign_in_flow/{row.state}/secrets")
    assert kept["verifier"] not in address
    assert len(kept["verifier"]) >= 43


def test_an_app_that_is_not_filled_in_sends_nobody_anywhere(core: Core, admin: int) -> None:
    with core.db.write("test.forget") as session:
        session.execute(delete(NetworkApp))
    with pytest.raises(InputError, match="First fill in"):
        sign_in.begin(core, KEY, admin, None, BACK)
    with pytest.raises(InputError, match="Nobody can sign in"):
        sign_in.begin(core, "mastodon", admin, None, BACK)
    assert flows(core) == []


def test_a_state_that_is_wrong_used_old_foreign_or_of_another_network_is_refused_alike(
    core: Core, admin: int, water: Water
) -> None:
    clock = FakeClock(core.db.clock.now())
    core.db.clock = clock
    told, other = go(core, admin), person(core, "zoe")
    said = set()
    for network, state, who in ((KEY, "x" * 43, admin), (KEY, told["state"], other), (PLAIN, told["state"], admin)):
        with pytest.raises(InputError) as why:
            sign_in.redeem(core, network, state, told["code"], who)
        said.add(str(why.value))
    assert sign_in.redeem(core, KEY, told["state"], told["code"], admin).choices
    with pytest.raises(InputError) as why:
        sign_in.redeem(core, KEY, told["state"], told["code"], admin)
    said.add(str(why.value))
    late = go(core, admin)
    clock.advance(601)
    with pytest.raises(InputError) as why:
        sign_in.redeem(core, KEY, late["state"], late["code"], admin)
    said.add(str(why.value))
    assert said == {sign_in.RUN_OUT}
    assert water.calls["/oauth/token"] == 1


def test_what_was_bought_waits_ten_minutes_for_the_person_who_signed_in(core: Core, admin: int) -> None:
    clock = FakeClock(core.db.clock.now())
    core.db.clock = clock
    flow, other = come_back(core, admin), person(core, "zoe")
    (row,) = flows(core)
    assert "canary" not in row.secrets
    for network, flow_id, who in ((KEY, flow.flow_id, other), (PLAIN, flow.flow_id, admin), (KEY, 10**6, admin)):
        with pytest.raises(InputError, match="run out"):
            sign_in.returned(core, network, flow_id, who)
    clock.advance(601)
    with pytest.raises(InputError, match="run out"):
        sign_in.returned(core, KEY, flow.flow_id, admin)
    sign_in.begin(core, KEY, admin, None, BACK)
    assert [one.expires_at > clock.now() for one in flows(core)] == [True]  # nothing old is kept


def test_a_no_uses_the_flow_up(core: Core, admin: int, water: Water) -> None:
    water.says_no = True
    told = go(core, admin)
    assert told["error"] == "access_denied"
    sign_in.decline(core, KEY, told["state"], admin)
    with pytest.raises(InputError, match="run out"):
        sign_in.decline(core, KEY, told["state"], admin)
    assert flows(core) == []


def test_a_code_that_is_refused_connects_nothing_and_says_so_without_naming_it(
    core: Core, admin: int, water: Water
) -> None:
    told = go(core, admin)
    with pytest.raises(InputError, match="did not complete") as why:
        sign_in.redeem(core, KEY, told["state"], "canary-forged", admin)
    assert "canary" not in str(why.value)
    told = go(core, admin)
    water.answers["/oauth/token"] = 503
    with pytest.raises(RetryLaterError):
        sign_in.redeem(core, KEY, told["state"], told["code"], admin)
    assert connected(core) == []


def test_a_code_is_worth_nothing_without_the_verifier(core: Core, admin: int, water: Water) -> None:
    told, others = go(core, admin), go(core, admin)
    with pytest.raises(InputError, match="did not complete"):
        sign_in.redeem(core, KEY, told["state"], others["code"], admin)


def test_an_app_that_the_network_does_not_accept_is_no_fault_of_the_person(
    core: Core, admin: int, server: Server
) -> None:
    save(core, KEY, {**lagoon.app_form(server), "client_secret": "canary-wrong"}, None)
    told = go(core, admin)
    with pytest.raises(UnavailableError):
        sign_in.redeem(core, KEY, told["state"], told["code"], admin)


def test_somebody_who_manages_nothing_is_told_so(core: Core, admin: int, water: Water) -> None:
    water.pages.clear()
    told = go(core, admin)
    with pytest.raises(InputError, match="manages nothing"):
        sign_in.redeem(core, KEY, told["state"], told["code"], admin)


def test_an_access_is_tested_before_it_is_stored(core: Core, admin: int, water: Water) -> None:
    flow = come_back(core, admin)
    water.tokens.clear()
    with pytest.raises(InputError, match="does not accept this access"):
        sign_in.finish(core, flow, "page-1", None, admin)
    with pytest.raises(InputError, match="on the list"):
        sign_in.finish(core, flow, "page-9", None, admin)
    assert connected(core) == []


def test_an_account_is_connected_once(core: Core, admin: int) -> None:
    sign_in.finish(core, come_back(core, admin), "page-1", None, admin)
    with pytest.raises(InputError, match="connected already"):
        sign_in.finish(core, come_back(core, admin), "page-1", None, admin)
    sign_in.finish(core, come_back(core, admin), "page-2", None, admin)
    assert len(connected(core)) == 2


def test_without_choices_the_account_that_signed_in_is_connected(core: Core, admin: int) -> None:
    flow = come_back(core, admin, network=PLAIN)
    assert sign_in.choice_for(core, flow) == ""
    row = sign_in.finish(core, flow, "", None, admin)
    assert (row.native_id, row.label) == ("person-1", "@helene")


def test_reading_back_is_forecast_before_anything_is_connected(core: Core, admin: int) -> None:
    flow = come_back(core, admin)
    (one,) = sign_in.forecast(core, flow, "page-1")
    assert (one.stream, one.items, one.cost) == ("notes", 1200, 6_000_000)
    assert connected(core) == []


def test_signing_in_again_gives_the_same_connection_a_new_access(core: Core, admin: int) -> None:
    row = sign_in.finish(core, come_back(core, admin), "page-1", 7, admin)
    with core.db.write("test.suspend") as session:
        session.get_one(Connection, row.id).state = ConnectionState.SUSPENDED
    told, other = go(core, admin, row.id), person(core, "zoe")
    assert getattr(sign_in.subject(core, KEY, told["state"], admin), "id", None) == row.id
    assert sign_in.subject(core, KEY, told["state"], other) is None
    flow = sign_in.redeem(core, KEY, told["state"], told["code"], admin)
    assert sign_in.choice_for(core, flow) == "page-1"
    sign_in.finish(core, flow, "page-1", None, admin)
    (after,) = connected(core)
    assert (after.state, after.budget_cap) == ("active", 7)
    assert credentials(core, after)["access_token"] != credentials(core, row)["access_token"]
    assert after.credentials_version == row.credentials_version + 1


def test_another_accounts_access_is_refused_when_signing_in_again(core: Core, admin: int, water: Water) -> None:
    row = sign_in.finish(core, come_back(core, admin), "page-1", None, admin)
    flow = come_back(core, admin, row.id)
    with pytest.raises(InputError, match="another account"):
        sign_in.finish(core, flow, "page-2", None, admin)
    del water.pages["page-1"]
    with pytest.raises(InputError, match="another account"):
        sign_in.choice_for(core, come_back(core, admin, row.id))
    (after,) = connected(core)
    assert credentials(core, after) == credentials(core, row)


def test_removing_tells_the_network_first_and_does_not_depend_on_its_answer(
    core: Core, admin: int, water: Water
) -> None:
    first = sign_in.finish(core, come_back(core, admin), "page-1", None, admin)
    second = sign_in.finish(core, come_back(core, admin), "page-2", None, admin)
    remove(core, first.public_id, admin)
    assert water.bodies == [credentials(core, first)["access_token"]]
    water.answers["/oauth/revoke"] = 500
    remove(core, second.public_id, admin)
    assert [(row.state, row.credentials) for row in connected(core)] == [("removed", None)] * 2


def test_a_flow_whose_process_died_after_taking_the_code_begins_again(core: Core, admin: int) -> None:
    told = go(core, admin)
    with core.db.write("test.die") as session:
        row = session.scalars(select(SignInFlow)).one()
        row.is_redeemed = True
        flow_id = row.id
    with pytest.raises(InputError, match="run out"):
        sign_in.returned(core, KEY, flow_id, admin)
    with pytest.raises(InputError, match="run out"):
        sign_in.redeem(core, KEY, told["state"], told["code"], admin)


def test_a_removed_connection_takes_no_new_access(core: Core, admin: int) -> None:
    row = sign_in.finish(core, come_back(core, admin), "page-1", None, admin)
    flow = come_back(core, admin, row.id)
    remove(core, row.public_id, admin)
    with pytest.raises(InputError, match="no such connection"):
        sign_in.finish(core, flow, "page-1", None, admin)
    assert [one.state for one in connected(core)] == ["removed"]
