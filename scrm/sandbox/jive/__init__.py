"""A fake Jive community over real HTTP: REST v3, OAuth 2 of an add-on, webhooks."""

from scrm.sandbox.jive.fake import Jive
from scrm.sandbox.jive.routes import ROUTES

FAKE = Jive

__all__ = ["FAKE", "ROUTES", "Jive"]
