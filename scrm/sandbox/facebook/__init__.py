"""A fake Facebook over real HTTP: pages, their posts, comments and reactions, reviews and conversations."""

from scrm.sandbox.facebook.fake import Facebook
from scrm.sandbox.facebook.routes import ROUTES

FAKE = Facebook

__all__ = ["FAKE", "ROUTES", "Facebook"]
