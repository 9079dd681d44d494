"""Instagram's professional accounts, through their own login."""

from .connector import connector

__all__ = ["connector"]
