"""SharePoint sites: their pages and lists, and what people say about them, for the company that owns them."""

from .connector import connector

__all__ = ["connector"]
