"""A fake SharePoint with Microsoft Graph and Entra over real HTTP, built from Microsoft's public pages."""

from scrm.sandbox.sharepoint.fake import SharePoint
from scrm.sandbox.sharepoint.routes import ROUTES

FAKE = SharePoint

__all__ = ["FAKE", "ROUTES", "SharePoint"]
