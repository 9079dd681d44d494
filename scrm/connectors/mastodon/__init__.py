"""Mastodon, on any server that speaks its API."""

from .connector import connector

__all__ = ["connector"]
