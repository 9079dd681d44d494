"""Seal everything anew with the newest key: portion by portion, safe to stop anywhere and to begin again.

A value is replaced only if it is still the one that was opened, so a token renewed meanwhile stays. Old keys open
what is not done yet; none is refused on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from scrm import tombstones
from scrm.models import (
    AuditChain,
    Connection,
    CrmConnection,
    Forgetting,
    Hook,
    NetworkApp,
    SignInFlow,
    TombstoneKey,
    WebhookEndpoint,
    audit,
)
from scrm.runtime import Core

PORTION: Final = 100


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A column of sealed values, and for which place each is sealed."""

    column: Any
    place: Callable[[Any], str]  # of the row's key
    key: Any  # the column that the place names

    @property
    def name(self) -> str:
        return f"{self.column.class_.__tablename__}.{self.column.key}"


def _named(column: Any, key: Any) -> Sealed:
    table, field = column.class_.__tablename__, column.key
    return Sealed(column=column, key=key, place=lambda value: f"{table}/{value}/{field}")


EVERYTHING: Final = (
    _named(Connection.credentials, Connection.public_id),
    _named(NetworkApp.values, NetworkApp.network),
    _named(SignInFlow.secrets, SignInFlow.state),
    _named(WebhookEndpoint.secrets, WebhookEndpoint.name),
    _named(Hook.secrets, Hook.public_id),
    _named(CrmConnection.credentials, CrmConnection.crm_id),
    _named(CrmConnection.token, CrmConnection.crm_id),
    _named(Forgetting.sought, Forgetting.public_id),
    Sealed(column=TombstoneKey.sealed, key=TombstoneKey.id, place=lambda _id: tombstones.PLACE),
    Sealed(column=AuditChain.sealed_key, key=AuditChain.id, place=lambda _id: audit.KEY),
)


def reseal(core: Core) -> int:
    """Seal anew whatever an older key sealed; returns how many values. Raises SealError for what no key opens."""
    done = sum(_column(core, one) for one in EVERYTHING)
    with core.db.read() as session:
        if tombstones.any_set(session):
            tombstones.write_down(session, core.settings)  # the file beside the database holds sealed keys, too
    return done


def left(core: Core) -> dict[str, int]:
    """How many values an older key sealed, by column; those without any are left out."""
    found = {}
    with core.db.read() as session:
        for one in EVERYTHING:
            count = len(session.scalars(select(one.key).where(_is_old(core, one))).all())
            if count:
                found[one.name] = count
    return found


def _is_old(core: Core, one: Sealed) -> Any:
    return one.column.is_not(None) & ~one.column.startswith(f"{core.vault.key_ids[0]}.", autoescape=True)


def _column(core: Core, one: Sealed) -> int:
    done = 0
    while True:
        with core.db.read() as session:
            rows = session.execute(select(one.key, one.column).where(_is_old(core, one)).limit(PORTION)).all()
        fresh = [(key, old, core.vault.reseal(old, one.place(key))) for key, old in rows]
        if not fresh:
            return done
        with core.db.write("keys.reseal") as session:
            for key, old, new in fresh:
                session.execute(
                    update(one.column.class_)
                    .where(one.key == key, one.column == old)
                    .values({one.column.key: new})
                    .execution_options(synchronize_session=False)
                )
        done += len(fresh)
