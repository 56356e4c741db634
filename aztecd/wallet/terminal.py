"""Asking the user on the terminal what an application may do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from typing import Final

from aztecd.wallet.capabilities import Capability, Manifest
from aztecd.wallet.guard import Question

__all__ = ["AskOnTerminal"]

_SHOWN: Final = 200
_SHOWN_CAPABILITY: Final = 8_000
"""Some sixty functions by contract and name: the user is to read all of it, and nothing is granted unseen."""


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
        """Ask for each capability; one that is too long to be read is refused."""
        who = f"{_plain(app)} ({_plain(manifest.name)} {_plain(manifest.version)})"
        granted = []
        for item in manifest.capabilities:
            text = json.dumps(item)
            if len(text) > _SHOWN_CAPABILITY:
                await self._ask_in_turn(
                    f"{who} wants more of the kind {item['type']} than can be shown: it does not get it.\n"
                    "Go on with the Enter key. "
                )
            elif await self._answer([f"{who} wants:", f"  {text}"]):
                granted.append(item)
        return granted

    async def _answer(self, lines: Sequence[str]) -> bool:
        given = await self._ask_in_turn("\n".join(lines) + "\nAllow? [y/N] ")
        return given.strip().lower() in {"y", "yes"}

    async def _ask_in_turn(self, prompt: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._ask, prompt)


def _plain(text: str) -> str:
    """Keep text from an application from moving the cursor, and from filling the screen."""
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(char if char.isprintable() else "?" for char in shown)
