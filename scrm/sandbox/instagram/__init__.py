"""A fake Instagram over real HTTP: professional accounts with Instagram Login, built from Meta's descriptions."""

from scrm.sandbox.instagram.errors import error_body
from scrm.sandbox.instagram.fake import Instagram
from scrm.sandbox.instagram.routes import ROUTES

FAKE = Instagram

__all__ = ["FAKE", "ROUTES", "Instagram", "error_body"]
