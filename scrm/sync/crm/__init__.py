"""CRM adapters behind one protocol."""

from scrm.db import Database
from scrm.errors import ConfigError
from scrm.runtime import Core
from scrm.sync.crm.base import Crm
from scrm.sync.crm.local import CRM_ID as LOCAL
from scrm.sync.crm.local import LocalCrm

__all__ = ["LOCAL", "Crm", "open_crm"]


def open_crm(core: Core | Database, crm_id: str) -> Crm:
    """The adapter for this CRM; raises ConfigError when there is none."""
    if crm_id != LOCAL:
        raise ConfigError([f"there is no CRM {crm_id!r}; expected {LOCAL}"])
    return LocalCrm(core.db if isinstance(core, Core) else core)
