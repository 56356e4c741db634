"""Run a command of aztecd to its end, and look at what it told."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["assert_told", "run"]


def run(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    limits: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AZTECD_")}
    clean |= {key: os.environ[key] for key in ("AZTECD_CACHE_DIR",) if key in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "aztecd", *arguments],
        env=clean | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=limits,
    )


def assert_told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line, which begins with `error:` and has the words; status 1; never ready."""
    assert done.returncode == 1, done.stderr
    assert "ready " not in done.stdout
    told = [line for line in done.stderr.splitlines() if not line.startswith(("{", "20"))]  # without the log
    assert len(told) == 1, done.stderr
    assert told[0].startswith("error: "), told[0]
    for word in words:
        assert word in told[0], told[0]
