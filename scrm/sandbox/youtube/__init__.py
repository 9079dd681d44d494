"""A fake YouTube over real HTTP: Data API v3, Google's OAuth and the WebSub hub, built from public descriptions."""

from scrm.sandbox.youtube.fake import YouTube
from scrm.sandbox.youtube.problems import error_body
from scrm.sandbox.youtube.routes import ROUTES

FAKE = YouTube

__all__ = ["FAKE", "ROUTES", "YouTube", "error_body"]
