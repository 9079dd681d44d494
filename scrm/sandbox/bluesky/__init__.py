"""A Bluesky network (AT Protocol) over real HTTP on loopback; see `fake` for what it does and does not do."""

from scrm.sandbox.bluesky.calls import Terms
from scrm.sandbox.bluesky.fake import Bluesky
from scrm.sandbox.bluesky.sessions import Lifetimes

FAKE = Bluesky

__all__ = ["FAKE", "Bluesky", "Lifetimes", "Terms"]
