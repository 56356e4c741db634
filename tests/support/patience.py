"""How long a test waits: limits hold where a core is free, and grow with the machine's load."""

import os

__all__ = ["patience"]


def patience(seconds: float) -> float:
    """A time limit in seconds, times the runnable tasks for each core in the last minute; never shorter."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
