"""What people may ask of us: retention, forgetting a person, exporting a person, purposes."""

from scrm.privacy.expiry import end_due
from scrm.privacy.forget import forget_due
from scrm.privacy.retention import purge

__all__ = ["end_due", "forget_due", "purge"]
