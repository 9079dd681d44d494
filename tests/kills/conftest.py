"""A folder whose path is short: Unix socket paths end at 107 bytes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="scrm"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
