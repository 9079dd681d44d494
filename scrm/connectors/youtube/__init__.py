"""YouTube, through Data API v3: a channel's videos, what is said below them, and who subscribes."""

from .connector import connector

__all__ = ["connector"]
