"""A fake IBM/HCL Connections over real HTTP, built from IBM's API pages and recorded answers of real servers."""

from scrm.sandbox.connections.fake import Connections
from scrm.sandbox.connections.routes import ROUTES

FAKE = Connections

__all__ = ["FAKE", "ROUTES", "Connections"]
