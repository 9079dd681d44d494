"""What a process holds while it runs: settings, database, keys, and a way to wake others. Opened after any fork."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from scrm import failpoints
from scrm.config import Settings
from scrm.db import Database
from scrm.models import AuditChain, Connection, CrmConnection, Hook, NetworkApp, TombstoneKey, WebhookEndpoint
from scrm.vault import VAULT, Vault

Wake = Callable[[str, int | None], None]


def sleepers(_kind: str, _subject: int | None = None) -> None:
    """Wake nobody: the sweeper will find the row. For processes without Redis and for tests that drain themselves."""


@dataclass(frozen=True, kw_only=True)
class Core:
    """Passed explicitly to whatever needs it; there is no global."""

    settings: Settings
    db: Database
    vault: Vault
    wake: Wake = sleepers  # wake("read", stream_state_id); a lost wake-up costs delay and nothing else

    def __post_init__(self) -> None:
        """Sessions bring the vault along: whoever stores something asks whether it is of somebody forgotten."""
        self.db.info[VAULT] = self.vault


def open_core(settings: Settings, *, wake: Wake = sleepers) -> Core:
    """Open the database (already migrated) and the keys. Raises ConfigError."""
    failpoints.arm_by(settings.failpoint_file or None)
    db = Database(settings.database)
    try:
        vault = Vault.load(settings.keys, settings.state_dir, sealed_rows_exist=_has_sealed_rows(db))
    except BaseException:
        db.close()
        raise
    return Core(settings=settings, db=db, vault=vault, wake=wake)


def _has_sealed_rows(db: Database) -> bool:
    questions = (
        select(Connection.id).where(Connection.credentials.is_not(None)),
        select(WebhookEndpoint.id),
        select(Hook.id),
        select(NetworkApp.network),
        select(CrmConnection.crm_id),
        select(TombstoneKey.id),
        select(AuditChain.id),
    )
    with db.read() as session:
        return any(session.execute(question.limit(1)).first() for question in questions)
