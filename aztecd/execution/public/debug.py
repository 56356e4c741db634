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

    __slots__ = ("_left", "logs", "was_asked")

    def __init__(self, *, is_open: bool = True) -> None:
        """A collector that is not open takes nothing."""
        self.logs: list[DebugMessage] = []
        self.was_asked = False
        """Whether a debug log was reached while they were taken."""
        self._left = _MAX_CELLS_PER_TX if is_open else 0

    def asks(self) -> bool:
        """Tell a debug log that was reached whether it is taken."""
        is_open = self._left > 0
        self.was_asked |= is_open
        return is_open

    @property
    def max_reads(self) -> int:
        """How many cells one log may read: level, size, message and fields."""
        return _MAX_READS_PER_LOG

    def add(self, message: DebugMessage) -> None:
        """Keep a log."""
        self._left -= _CELLS_PER_LOG + len(message.message) + len(message.fields)
        self.logs.append(message)

    def close(self) -> None:
        """Take no more; what is there stays."""
        self._left = 0


def filled_in(message: str, fields: Sequence[int]) -> str:
    """Replace `{0}` by the first field and so on, `{}` by all of them; numbers without a field stay."""
    texts = [f"0x{value:064x}" for value in fields]

    def text(match: re.Match[str]) -> str:
        number = match.group(1)
        if not number:
            return ",".join(texts)
        # Longer numbers than any count of fields need not be converted.
        position = int(number) if len(number) < len(str(len(texts))) + 1 else len(texts)
        return texts[position] if position < len(texts) else match.group(0)

    return _PLACEHOLDER.sub(text, message)
