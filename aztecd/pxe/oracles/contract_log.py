"""What contracts write with `utilityLog`.

Authority: @aztec/pxe src/contract_logging.ts; @aztec/foundation src/log/{log-levels,noir_debug_log_util}.ts
(4.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["ContractLog", "ContractLogger", "format_message", "level_name"]

_LEVELS: Final = ("silent", "fatal", "error", "warn", "info", "verbose", "debug", "trace")
_NUMBERED: Final = re.compile(r"\{(\d+)\}")
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
    """Put fields into a text: `{1}` is one of them, `{}` is all. Places without a field stay as they are."""
    values = [fr_hex(field) for field in fields]

    def value(match: re.Match[str]) -> str:
        digits = match[1]
        # More digits than any list has items: not a number worth reading.
        index = int(digits) if len(digits) < 10 else len(values)
        return values[index] if index < len(values) else match[0]

    return _NUMBERED.sub(value, template).replace("{}", ",".join(values))
