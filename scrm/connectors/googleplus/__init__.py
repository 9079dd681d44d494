"""Google+: closed in 2019; what Takeout saved of it can be read."""

from scrm.connectors.googleplus.connector import connector

__all__ = ["connector"]
