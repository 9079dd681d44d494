"""Ids as Microsoft writes them: GUIDs that stay the same in every run, and times.

`nordwerk.sharepoint.com` and `nordwerk.onmicrosoft.com` are the names under which the company's directory is known.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SPACE = uuid.UUID("5c0f6d53-64c5-5f0e-9c2b-8b8c6f6f7a10")
DIRECTORY_DOMAIN = "nordwerk.onmicrosoft.com"
HOST = "nordwerk.sharepoint.com"


def guid(*parts: object) -> str:
    """Return the GUID of what these words name."""
    return str(uuid.uuid5(SPACE, "/".join(str(part) for part in parts)))


DIRECTORY_ID = guid("directory")
CLIENT_ID = guid("application", "Nordwerk Social CRM")


def stamp(at: datetime) -> str:
    """Return a time as Graph writes it, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def fine_stamp(at: datetime) -> str:
    """Return a time as SharePoint's own REST writes it, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def login_name(upn: str) -> str:
    """Return the claim under which SharePoint knows somebody; it is written in small letters."""
    return f"i:0#.f|membership|{upn.lower()}"
