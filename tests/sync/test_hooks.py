"""Hooks are made with a checked address, their secrets sealed; every change stands in the audit."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from scrm.errors import ConfigError, InputError
from scrm.models import Announcement, AuditEntry, Hook, HookEvent, HookState
from scrm.runtime import Core, open_core
from scrm.sync.hooks import Wish, find_hook, make_hook, remove, replay_one, rotate_hook, secrets_of, send_test, switch

ADDRESS = "https://crm.example/hook"


def wish(**values: Any) -> Wish:
    return Wish(**{"name": "crm", "address": ADDRESS, "events": [HookEvent.LINKED], **values})


def make(core: Core, **values: Any) -> tuple[Hook, str]:
    with core.db.write("test.make") as session:
        return make_hook(session, core, wish(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"name": "CRM"},
        {"name": ""},
        {"name": "a" * 41},
        {"name": "a/b"},
        {"events": []},
        {"events": [HookEvent.TEST]},
        {"address": "http://crm.example/hook"},
        {"address": "ftp://crm.example"},
        {"address": "https://user:word@crm.example/"},
        {"address": "https://crm.example:8443/"},
        {"address": "https:///hook"},
        {"address": "https://crm.example:port/"},
        {"address": "https://[::1/"},
        {"address": "https://crm.example/\nhook"},
        {"address": "https://crm.example/a b"},
        {"address": "https://crm.example/" + "a" * 500},
        {"address": "javascript:alert(1)"},
    ],
)
def test_what_cannot_be_called_is_refused(core: Core, values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        make(core, **values)


def test_a_name_is_taken_once(core: Core) -> None:
    make(core)
    with pytest.raises(InputError):
        make(core)


def test_a_private_host_that_the_operator_allowed_may_be_called(core: Core) -> None:
    core = replace(core, settings=replace(core.settings, allowed_hosts=("10.1.2.3:8080",)))
    assert make(core, address="http://10.1.2.3:8080/hook")[0].state == HookState.ON


def test_the_secret_is_sealed_and_shown_once(core: Core) -> None:
    row, secret = make(core)
    assert secret.startswith("whsec_")
    assert secret not in row.secrets
    assert secrets_of(core.vault, row, core.db.clock.now()) == [secret]


def test_two_rotations_in_a_row_keep_the_last_two(core: Core) -> None:
    row, _first = make(core)
    with core.db.write("test.rotate") as session:
        found = find_hook(session, row.name)
        second = rotate_hook(session, core.vault, found, core.db.clock.now())
        third = rotate_hook(session, core.vault, found, core.db.clock.now())
    assert secrets_of(core.vault, found, core.db.clock.now()) == [third, second]


def test_a_missing_key_file_is_noticed_when_only_a_hook_is_sealed(core: Core) -> None:
    make(core)
    (core.settings.state_dir / "keys").unlink()
    with pytest.raises(ConfigError):
        open_core(core.settings)


def test_every_change_is_audited_without_the_address(core: Core) -> None:
    row, _secret = make(core)
    with core.db.write("test.changes") as session:
        found, now = find_hook(session, row.name), core.db.clock.now()
        rotate_hook(session, core.vault, found, now)
        switch(session, found, now, is_on=False)
        switch(session, found, now, is_on=False)  # it is off already
        switch(session, found, now, is_on=True)
        with pytest.raises(InputError):
            replay_one(session, found, row.public_id, now)
        send_test(session, found, now)
        remove(session, found, now)
    with core.db.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert session.scalars(select(Announcement)).all() == session.scalars(select(Hook)).all() == []
    assert [entry.action for entry in entries] == [
        "hook.made",
        "hook.rotated",
        "hook.switched-off",
        "hook.switched-on",
        "hook.removed",
    ]
    assert not any("crm.example" in str(entry.after) for entry in entries)


def test_a_hook_that_nobody_made_is_not_found(core: Core) -> None:
    with core.db.write("test.find") as session, pytest.raises(InputError):
        find_hook(session, "erp")
