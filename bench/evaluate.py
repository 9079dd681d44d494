"""Precision and recall of the shipped match model on a labelled set.

    python -m bench.evaluate [FOLDER]

The folder holds contacts.csv.gz, profiles.jsonl.gz and truth.csv.gz; without one, the us-officials set that lies
beside the checkout is taken, and nothing is measured where there is none.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

from scrm.matching.evaluate import evaluate, load_labeled
from scrm.matching.model import SHIPPED


def main() -> None:
    shared = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[2] / "shared"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "data" / "matching" / "us-officials"
    if not folder.is_dir():
        sys.exit("no labelled set here: name a folder")
    print(json.dumps(dataclasses.asdict(evaluate(load_labeled(folder), SHIPPED)), indent=2))


if __name__ == "__main__":
    main()
