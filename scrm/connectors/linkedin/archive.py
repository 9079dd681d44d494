"""The archive LinkedIn hands out to members: told by its table of connections, and refused.

Its terms keep data of members out of CRMs and sales (restricted uses of li-lms-2026-05, read 2026-11-23), and an
archive holds the same people. What it looks like: public importers on GitHub, read 2026-11-24.
"""

from pathlib import Path

from scrm.connectors.archive import open_archive
from scrm.connectors.base import RefusedArchive
from scrm.errors import InputError
from scrm.i18n import N_

CONNECTIONS = "Connections.csv"
BEGINNING = ["First Name", "Last Name"]
NOTES = 10  # lines that may stand before the headings


def recognizes(path: Path) -> bool:
    """Whether there is LinkedIn's table of connections in it."""
    try:
        archive = open_archive(path)
        if archive.find(CONNECTIONS) is None:
            return False
        with archive.open(CONNECTIONS) as reader:
            return any(row[:2] == BEGINNING for _, row in zip(range(NOTES), reader.rows(), strict=False))
    except InputError:
        return False


ARCHIVE = RefusedArchive(
    kind="linkedin-archive",
    label=N_("LinkedIn account archive"),
    recognizes=recognizes,
    why=N_("LinkedIn's terms do not allow its members' data to be matched or put into a CRM. Nothing was read."),
)
