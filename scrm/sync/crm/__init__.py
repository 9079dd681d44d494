"""CRM adapters behind one protocol."""

from scrm.db import Database
from scrm.errors import ConfigError
from scrm.runtime import Core
from scrm.sync.crm.base import Crm
from scrm.sync.crm.local import CRM_ID as LOCAL
from scrm.sync.crm.local import LocalCrm

SALESFORCE = "salesforce"

__all__ = ["LOCAL", "SALESFORCE", "Crm", "open_crm"]


def open_crm(core: Core | Database, crm_id: str) -> Crm:
    """The adapter for this CRM, the built-in one on a database alone; raises ConfigError when there is none."""
    if crm_id == LOCAL:
        return LocalCrm(core.db if isinstance(core, Core) else core)
    if crm_id == SALESFORCE and isinstance(core, Core):
        from scrm.sync.crm.salesforce.adapter import SalesforceCrm  # noqa: PLC0415 - its library takes long to load

        return SalesforceCrm(core)
    raise ConfigError([f"there is no CRM {crm_id!r}; expected {LOCAL} or {SALESFORCE}"])
