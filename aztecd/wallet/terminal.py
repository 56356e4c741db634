"""Asking the user on the terminal what an application may do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence

from aztecd.wallet.capabilities import Capability, Manifest
from aztecd.wallet.guard import Question

__all__ = ["AskOnTerminal"]


def _read_line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline()


class AskOnTerminal:
    """Shows each question and waits for an answer; anything but `y` is a no. One question at a time."""

    def __init__(self, ask: Callable[[str], str] = _read_line) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()

    async def confirm(self, question: Question) -> bool:
        """Allow one action."""
        lines = [f"{_plain(question.app)} wants to {question.action}:"]
        lines += [f"  {_plain(line)}" for line in question.details]
        return await self._answer(lines)

    async def grant(self, app: str, manifest: Manifest) -> Sequence[Capability]:
        """Ask for each capability."""
        granted = []
        for item in manifest.capabilities:
            lines = [
                f"{_plain(app)} ({_plain(manifest.name)} {_plain(manifest.version)}) wants:",
                f"  {_plain(json.dumps(item))}",
            ]
            if await self._answer(lines):
                granted.append(item)
        return granted

    async def _answer(self, lines: Sequence[str]) -> bool:
        async with self._turn:
            given = await asyncio.to_thread(self._ask, "\n".join(lines) + "\nAllow? [y/N] ")
        return given.strip().lower() in {"y", "yes"}


def _plain(text: str) -> str:
    """Keep text from an application from moving the cursor."""
    return "".join(char if char.isprintable() else "?" for char in text)[:2000]
