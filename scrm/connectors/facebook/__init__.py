"""Facebook pages."""

from scrm.connectors.facebook.connector import connector

__all__ = ["connector"]
