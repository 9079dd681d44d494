"""Jive: contents of a community, what is answered and liked, on wish private messages."""

from .connector import connector

__all__ = ["connector"]
