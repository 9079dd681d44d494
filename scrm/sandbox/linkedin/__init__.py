"""A fake LinkedIn over real HTTP, built from LinkedIn's public collections and pages."""

from scrm.sandbox.linkedin.fake import LinkedIn
from scrm.sandbox.linkedin.routes import ROUTES

FAKE = LinkedIn

__all__ = ["FAKE", "ROUTES", "LinkedIn"]
