"""Worker entry: load settings, set up logging, run RQ on one queue, nothing else."""

from dotenv import load_dotenv

from scrm.cli.opening import settings_for_service
from scrm.cli.worker import run

if __name__ == "__main__":
    load_dotenv(".env")
    run(settings_for_service())
