"""Bluesky (AT Protocol): who mentions, answers, quotes, likes, reposts and follows an account."""

from .connector import connector

__all__ = ["connector"]
