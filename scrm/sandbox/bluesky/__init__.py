"""A Bluesky network (AT Protocol) over real HTTP on loopback; see `fake` for what it does and does not do."""

from scrm.sandbox.bluesky.calls import Terms
from scrm.sandbox.bluesky.fake import Bluesky
from scrm.sandbox.bluesky.sessions import Lifetimes

__all__ = ["Bluesky", "Lifetimes", "Terms"]
