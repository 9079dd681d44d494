"""Viva Engage, formerly Yammer: the company's own network."""

from scrm.connectors.yammer.connector import connector

__all__ = ["connector"]
