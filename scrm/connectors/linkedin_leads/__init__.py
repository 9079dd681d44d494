"""LinkedIn Leads: what people send to the company, with their consent, to be contacted."""

from .connector import connector

__all__ = ["connector"]
