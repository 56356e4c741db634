"""Debug logs of contracts: kept within bounds, and made readable.

DEBUGLOG costs 9 gas whatever it carries, so that a contract can ask for much more memory than it pays for.
Each log reads a bounded number of cells, as in the reference. The bound of all logs of a transaction together
is ours: when it is reached, collecting ends and execution goes on.

Authority: @aztec/stdlib src/avm/avm.ts (`CollectionLimitsConfig`), src/logs/debug_log.ts, @aztec/foundation
src/log/noir_debug_log_util.ts (4.1.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aztecd.avm.errors import SimulationFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.avm.world import DebugMessage

__all__ = ["DebugCollector", "filled_in"]

_MAX_READS_PER_LOG: Final = 125_000
_MAX_CELLS_PER_TX: Final = 250_000
_CELLS_PER_LOG: Final = 8
"""What a log weighs beside its cells, so that empty ones are bounded too."""
_PLACEHOLDER = re.compile(r"\{(\d*)\}", re.ASCII)


class DebugCollector:
    """Takes the debug logs of one transaction. Mutable."""

    __slots__ = ("_is_strict", "_left", "logs")

    def __init__(self, *, is_open: bool = True, is_strict: bool = False) -> None:
        """A collector that is not open takes nothing; a strict one takes no transaction with a bad log."""
        self.logs: list[DebugMessage] = []
        self._is_strict = is_strict
        self._left = _MAX_CELLS_PER_TX if is_open else 0

    def asks(self) -> bool:
        """Tell a debug log that was reached whether it is taken."""
        return self._left > 0

    @property
    def max_reads(self) -> int:
        """How many cells one log may read: level, size, message and fields."""
        return _MAX_READS_PER_LOG

    def add(self, message: DebugMessage) -> None:
        """Keep a log."""
        self._left -= _CELLS_PER_LOG + len(message.message) + len(message.fields)
        self.logs.append(message)

    def refuse(self, reason: str) -> None:
        """Leave out a log that can not be read. Raises SimulationFailedError if strict."""
        if self._is_strict:
            raise SimulationFailedError(reason)


def filled_in(message: str, fields: Sequence[int], *, limit: int = 4096) -> str:
    """Replace `{0}` by the first field and so on, `{}` by all of them; numbers without a field stay.

    Cut at about `limit` characters; what is not printable is escaped.
    """
    # More can't be shown, however often a message of the greatest size repeats them.
    texts = [f"0x{value:064x}" for value in fields[:limit]]
    everything = ",".join(texts[: limit // len("0x,") + 1])[:limit]
    parts: list[str] = []
    size = position = 0
    for match in _PLACEHOLDER.finditer(message):
        number = match.group(1)
        index = int(number[:9]) if number else 0
        text = match.group() if index >= len(texts) else texts[index]
        parts += (message[position : match.start()], text if number else everything)
        size += len(parts[-2]) + len(parts[-1])
        position = match.end()
        if size > limit:
            break
    parts.append(message[position:])
    shown = "".join(parts)
    cut = shown if len(shown) <= limit else shown[:limit] + "..."
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in cut)
