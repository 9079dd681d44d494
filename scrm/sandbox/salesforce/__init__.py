"""A fake Salesforce org over real HTTPS, built from Salesforce's public documents and recorded answers."""

from scrm.sandbox.salesforce.org import Salesforce

__all__ = ["Salesforce"]
