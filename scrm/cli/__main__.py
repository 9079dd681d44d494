"""`python -m scrm.cli`: the command line without an installed script."""

from scrm.cli import main

if __name__ == "__main__":
    main(prog_name="scrm")
