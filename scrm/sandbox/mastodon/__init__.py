"""A fake Mastodon server over real HTTP, built from Mastodon's own API description."""

from scrm.sandbox.mastodon.fake import Mastodon
from scrm.sandbox.mastodon.routes import ROUTES

FAKE = Mastodon

__all__ = ["FAKE", "ROUTES", "Mastodon"]
