"""A connector to copy: small, complete and tested; `scrm new-connector` does the copying."""

from .connector import connector

__all__ = ["connector"]
