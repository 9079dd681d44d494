"""The app registered with a network: defaults, what was filled in, what is made by us, and that nothing leaks."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from scrm.connectors.registry import connector_for
from scrm.errors import InputError, SealError
from scrm.ingest.apps import missing, off_lists, redirect_address, save, values_of, webhook_address
from scrm.models import AuditEntry, NetworkApp
from scrm.runtime import Core
from tests import lagoon

FORM = {"client_id": "app-7", "client_secret": "canary-secret"}


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    lagoon.register()
    yield
    lagoon.unregister()


@pytest.fixture
def core(core: Core) -> Core:
    return replace(core, settings=replace(core.settings, allowed_hosts=("127.0.0.1:9",)))


def row_of(core: Core) -> NetworkApp | None:
    with core.db.read() as session:
        return session.get(NetworkApp, lagoon.KEY)


def test_before_anything_is_filled_in_the_defaults_stand_and_what_lacks_is_named(core: Core) -> None:
    values = values_of(core, lagoon.KEY)
    assert values["version"] == "v2"
    assert values["client_id"] == ""
    manifest = connector_for(lagoon.KEY).manifest
    assert [field.name for field in missing(manifest, values)] == ["client_id", "client_secret"]
    assert values_of(core, "mastodon") == {}


def test_what_is_filled_in_is_kept_sealed_and_what_is_ours_is_made_once(core: Core) -> None:
    save(core, lagoon.KEY, FORM, None)
    first = values_of(core, lagoon.KEY)
    assert (first["client_id"], first["client_secret"]) == ("app-7", "canary-secret")
    assert len(first["verify_token"]) >= 43
    assert missing(connector_for(lagoon.KEY).manifest, first) == ()
    save(core, lagoon.KEY, {**FORM, "verify_token": "mine", "client_id": "app-8", "client_secret": ""}, None)
    second = values_of(core, lagoon.KEY)
    assert second == {**first, "client_id": "app-8"}
    row = row_of(core)
    assert row is not None
    assert "canary" not in row.values
    with core.db.write("test.move") as session:
        session.get_one(NetworkApp, lagoon.KEY).network = lagoon.PLAIN
    with pytest.raises(SealError):
        values_of(core, lagoon.PLAIN)
    save(core, lagoon.PLAIN, FORM, None)  # filled in anew
    assert values_of(core, lagoon.PLAIN)["client_secret"] == "canary-secret"


def test_a_field_left_at_its_default_follows_the_default(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    save(core, lagoon.KEY, {**FORM, "version": "v2", "api_url": "https://api.lagoon.example/"}, None)
    connector = connector_for(lagoon.KEY)
    newer = tuple(
        replace(field, default="v3") if field.name == "version" else field for field in connector.manifest.app_fields
    )
    monkeypatch.setattr(connector, "manifest", replace(connector.manifest, app_fields=newer))
    assert values_of(core, lagoon.KEY)["version"] == "v3"
    assert values_of(core, lagoon.KEY)["api_url"] == "https://api.lagoon.example"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"client_id": " "}, "missing"),
        ({"client_secret": ""}, "missing"),
        ({"version": "v9"}, "not on the list"),
        ({"api_url": "http://lagoon.example"}, "https://"),
        ({"token_url": "https://127.0.0.1:10/token"}, "https://"),
        ({"authorize_url": "javascript:alert(1)"}, "https://"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_stored(core: Core, wrong: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        save(core, lagoon.KEY, {**FORM, **wrong}, None)
    assert row_of(core) is None


def test_a_private_host_may_be_named_when_the_settings_allow_it(core: Core) -> None:
    save(core, lagoon.KEY, {**FORM, "api_url": "http://127.0.0.1:9/"}, None)
    assert values_of(core, lagoon.KEY)["api_url"] == "http://127.0.0.1:9"


def test_the_books_say_which_fields_changed_and_never_to_what(core: Core) -> None:
    save(core, lagoon.KEY, FORM, None)
    save(core, lagoon.KEY, {**FORM, "client_secret": "canary-other"}, None)
    with core.db.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.after for entry in entries] == [
        {"changed": ["client_id", "client_secret", "verify_token"]},
        {"changed": ["client_secret"]},
    ]
    assert {entry.object for entry in entries} == {"network_app/lagoon"}


def test_two_admins_who_save_at_once_agree_on_what_was_made(core: Core) -> None:
    faults: list[Exception] = []

    def one(client_id: str) -> None:
        try:
            save(core, lagoon.KEY, {**FORM, "client_id": client_id}, None)
        except Exception as why:  # noqa: BLE001 - whatever it is, the test must hear of it
            faults.append(why)

    threads = [threading.Thread(target=one, args=(f"app-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = set()
    for thread in threads:
        thread.join()
        seen.add(values_of(core, lagoon.KEY)["verify_token"])
    assert faults == []
    assert len(seen) == 1


def test_the_addresses_are_those_that_the_network_is_told(core: Core) -> None:
    settings = replace(core.settings, public_url="https://crm.example/")
    assert redirect_address(settings, lagoon.KEY) == "https://crm.example/connections/sign-in/lagoon"
    assert webhook_address(settings, lagoon.KEY) == "https://crm.example/webhooks/lagoon"


def test_lists_that_the_apps_values_do_not_ask_for_are_off(core: Core) -> None:
    assert off_lists(core, "x") == {"keywords", "messages"}
    values = {"client_id": "id", "client_secret": "secret", "consumer_key": "key", "consumer_secret": "secret"}
    save(core, "x", {**values, "keywords": "gearbox", "direct_messages": "yes"}, None)
    assert off_lists(core, "x") == frozenset()
    assert off_lists(core, "mastodon") == frozenset()
