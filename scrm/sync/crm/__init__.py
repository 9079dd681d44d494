"""CRM adapters behind one protocol."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.errors import ConfigError
from scrm.models import CrmConnection
from scrm.runtime import Core
from scrm.sync.crm.base import Crm
from scrm.sync.crm.local import CRM_ID as LOCAL
from scrm.sync.crm.local import LocalCrm

SALESFORCE = "salesforce"

__all__ = ["LOCAL", "SALESFORCE", "Crm", "active_crm", "crms_in_use", "open_crm"]


def active_crm(session: Session) -> str:
    """The CRM that people look at: the one outside if one is used, else the built-in one."""
    found = session.scalars(select(CrmConnection.crm_id).where(CrmConnection.is_active.is_(True))).first()
    return found or LOCAL


def crms_in_use(session: Session) -> list[str]:
    """Every CRM that contacts come from and entries go to; the built-in one may hold imported contacts beside."""
    return list(dict.fromkeys((LOCAL, active_crm(session))))


def open_crm(core: Core | Database, crm_id: str) -> Crm:
    """The adapter for this CRM, the built-in one on a database alone; raises ConfigError when there is none."""
    if crm_id == LOCAL:
        return LocalCrm(core.db if isinstance(core, Core) else core)
    if crm_id == SALESFORCE and isinstance(core, Core):
        from scrm.sync.crm.salesforce.adapter import SalesforceCrm  # noqa: PLC0415 - its library takes long to load

        return SalesforceCrm(core)
    raise ConfigError([f"there is no CRM {crm_id!r}; expected {LOCAL} or {SALESFORCE}"])
