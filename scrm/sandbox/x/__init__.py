"""A fake X (API v2) over real HTTP, built from X's own API description; see `fake` for what it does not do."""

from scrm.sandbox.x.errors import error_body
from scrm.sandbox.x.fake import X
from scrm.sandbox.x.routes import ROUTES
from scrm.sandbox.x.state import Standing

FAKE = X

__all__ = ["FAKE", "ROUTES", "Standing", "X", "error_body"]
