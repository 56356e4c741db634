"""What contracts write with `utilityLog`.

Authority: @aztec/pxe src/contract_logging.ts; @aztec/foundation src/log/{log-levels,noir_debug_log_util}.ts
(4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aztecd.crypto.field import Fr, fr_hex, fr_int
from aztecd.execution import filled_in
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["ContractLog", "ContractLogger", "format_message", "level_name"]

_LEVELS: Final = ("silent", "fatal", "error", "warn", "info", "verbose", "debug", "trace")
_MAX_MESSAGE: Final = 1 << 16
"""Contracts say how often a message repeats their fields, and memory has an end."""
_ADDRESS_DIGITS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLog:
    """A line that a contract wrote; `level` is one of the reference's, from `silent` to `trace`."""

    level: str
    contract: AztecAddress
    contract_name: str | None
    message: str

    @property
    def logger_name(self) -> str:
        """The name that the reference logs under."""
        return f"contract_log::{self.contract_name or 'Unknown'}({fr_hex(self.contract)[:_ADDRESS_DIGITS]})"


ContractLogger: TypeAlias = Callable[[ContractLog], None]
"""Takes the lines of contracts; called in the thread of the execution."""


def level_name(level: int) -> str:
    """Give the name of a level. Raises OracleError when there is none."""
    if level >= len(_LEVELS):
        raise OracleError(f"Invalid log level: {level}")
    return _LEVELS[level]


def format_message(template: str, fields: Sequence[Fr]) -> str:
    """Put fields into a text: `{1}` is one of them, `{}` is all. Places without a field stay as they are.

    Cut at 2^16 characters; what is not printable is escaped, for it may be on its way to a terminal.
    """
    return filled_in(template, [fr_int(field) for field in fields], limit=_MAX_MESSAGE)
