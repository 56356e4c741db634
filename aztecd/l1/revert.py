"""Say in words why a contract reverted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from aztecd.l1.abi import AbiError, abi_decode
from aztecd.l1.errors import L1DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ErrorTable", "RevertReason"]

RevertReason = tuple[str | None, str]
"""The custom error's name, if it is known, and the whole reason as text."""

_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")


class ErrorTable:
    """Finds custom errors by selector.

    `source` is called at the first revert: hashing some hundred signatures can wait until then.
    """

    def __init__(self, source: Callable[[], Iterable[AbiError]] = tuple) -> None:
        self._source = source

    @cached_property
    def _by_selector(self) -> dict[bytes, AbiError]:
        return {error.selector: error for error in self._source()}

    def describe(self, data: bytes | None) -> RevertReason:
        """Decode the bytes that a reverted call returned; the text is empty when there are none."""
        if not data:
            return None, ""
        selector, body = data[:4], data[4:]
        try:
            if selector == _ERROR_STRING:
                return "Error", str(abi_decode(["string"], body)[0])[:500]
            if selector == _PANIC:
                return "Panic", f"Panic(0x{abi_decode(['uint256'], body)[0]:02x})"
            error = self._by_selector.get(selector)
            if error is not None:
                values = abi_decode([kind for _, kind in error.parameters], body)
                return error.name, _call_text(error, values)
        except L1DecodeError:
            pass  # a damaged argument list: the raw bytes are the best answer
        return None, f"unknown error 0x{data[:68].hex()}"


def _call_text(error: AbiError, values: tuple[Any, ...]) -> str:
    parts = []
    for (name, _), value in zip(error.parameters, values, strict=True):
        text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
        parts.append(f"{name}={text}" if name else text)
    return f"{error.name}({', '.join(parts)})"
