"""LinkedIn pages, read in restricted mode: shown to the page's people for two days, never matched, never in a CRM."""

from .connector import connector

__all__ = ["connector"]
