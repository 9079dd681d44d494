"""Contacts from files into the built-in CRM."""

from scrm.sync.imports.columns import Reject
from scrm.sync.imports.load import ImportReport, import_contacts

__all__ = ["ImportReport", "Reject", "import_contacts"]
