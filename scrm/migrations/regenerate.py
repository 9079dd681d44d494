"""Writes the first migrations anew from the models: `python -m scrm.migrations.regenerate`.

Only before the first release; afterwards a change of the models is a migration of its own (`make migration`). The
tables are split over several revisions so that each file stays readable.
"""

import tempfile
from pathlib import Path

from alembic import command

from scrm.migrations import FOLDER, config_for, opened
from scrm.models import Row

NAME = "2026_11_24_pre_first"
TABLES_EACH = 11


def main() -> None:
    """Replace every first revision."""
    for old in (FOLDER / "versions").glob(f"{NAME}_*.py"):
        old.unlink()
    tables = [table.name for table in Row.metadata.sorted_tables]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        for number, start in enumerate(range(0, len(tables), TABLES_EACH), start=1):
            _write(url, number, tables[: start + TABLES_EACH])
            with opened(url) as connection:
                command.upgrade(config_for(connection), "head")


def _write(url: str, number: int, tables: list[str]) -> None:
    with opened(url) as connection:
        made = command.revision(
            config_for(connection, only=tables), f"pre_first_{number}", autogenerate=True, rev_id=f"first_{number}"
        )
    if made is None or isinstance(made, list):
        raise RuntimeError("expected one revision")
    written = Path(made.path)
    lines = [line for line in written.read_text(encoding="utf-8").splitlines() if "# ### " not in line]
    lines[0] = f'"""The first tables, part {number}: made from the models, never edited after the first release."""'
    written.unlink()
    (FOLDER / "versions" / f"{NAME}_{number}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
