"""What an object holds: how many references lead on from it, and to what."""

from __future__ import annotations

import gc
from asyncio import AbstractEventLoop
from collections import Counter
from threading import Thread
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

__all__ = ["held_by"]

_SHARED = (type, ModuleType, CodeType, FrameType, Thread, AbstractEventLoop)
"""What does not belong to the object, and leads to all that the process has."""


def held_by(*roots: object) -> Counter[str]:
    """Count the references in all that is reachable from some objects, by the type of what they refer to.

    Not objects: a list of small numbers holds the same few again and again. Of functions only what they
    closed over counts, since through their globals everything could be reached. What C libraries keep is not
    seen.
    """
    counts: Counter[str] = Counter()
    seen: set[int] = set()
    todo: list[Any] = list(roots)
    while todo:
        found = todo.pop()
        if isinstance(found, _SHARED):
            continue
        counts[type(found).__qualname__] += 1
        if id(found) not in seen:
            seen.add(id(found))
            todo += (found.__closure__ or ()) if isinstance(found, FunctionType) else gc.get_referents(found)
    return counts
