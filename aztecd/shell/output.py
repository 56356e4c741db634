"""Lines for people and for other programs."""

import sys

__all__ = ["say"]


def say(text: str) -> None:
    """Write a line that is read at once, also through a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
