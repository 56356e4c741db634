"""Run the command line: `python -m aztecd`."""

from aztecd.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
