"""IBM/HCL Connections, the company's own network: communities with forums, blogs and boards."""

from .connector import connector

__all__ = ["connector"]
