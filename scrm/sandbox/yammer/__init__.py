"""A fake Viva Engage (Yammer) with its sign-in and the Graph calls beside it, over real HTTP."""

from scrm.sandbox.yammer.fake import Yammer
from scrm.sandbox.yammer.routes import ROUTES

FAKE = Yammer

__all__ = ["FAKE", "ROUTES", "Yammer"]
