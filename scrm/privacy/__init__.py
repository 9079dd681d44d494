"""What people may ask of us: retention, forgetting a person, exporting a person, purposes."""

from scrm.privacy.forget import forget_due
from scrm.privacy.retention import purge

__all__ = ["forget_due", "purge"]
