"""X, once called Twitter: API v2, paid by what is read."""

from .connector import connector

__all__ = ["connector"]
