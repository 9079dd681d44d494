"""What Instagram gives those who download their information: told by its folder, and refused.

Posts, comments and messages in it have no ids, and people are known by their names alone (samples in public
importers, read 2026-11-24), so nothing in it could be told from what the API gave already, and nobody from their
namesakes.
"""

from pathlib import Path

from scrm.connectors.archive import open_archive
from scrm.connectors.base import RefusedArchive
from scrm.errors import InputError
from scrm.i18n import N_

FOLDER = "your_instagram_activity/"


def recognizes(path: Path) -> bool:
    """Whether it has the folder that all such archives have."""
    try:
        return any(name.startswith(FOLDER) or f"/{FOLDER}" in name for name in open_archive(path).names)
    except InputError:
        return False


ARCHIVE = RefusedArchive(
    kind="instagram-download",
    label=N_("Instagram information, downloaded"),
    recognizes=recognizes,
    why=N_(
        "What Instagram lets people download names neither posts nor people by their ids: it would double what is"
        " here and mix up namesakes. Connect the account instead. Nothing was read."
    ),
)
