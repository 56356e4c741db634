"""Function names by selector, as clients register them, for readable debug output.

Authority: @aztec/aztec-node src/aztec-node/server.ts (registerContractFunctionSignatures) (4.1.2).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence

from aztecd.protocol.hashes import function_selector

__all__ = ["FunctionSignatures"]

_SIGNATURE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,255}\(.*\)$")
"""Longer names than these 256 characters are not kept: anybody may register some."""
_MOST = 50_000


class FunctionSignatures:
    """A bounded map from u32 selector to function name; the oldest names go first."""

    def __init__(self) -> None:
        self._names: OrderedDict[int, str] = OrderedDict()

    def register(self, signatures: Sequence[str]) -> None:
        """Remember signatures such as `transfer(Field,Field)`; what is none is ignored."""
        for signature in signatures:
            if _SIGNATURE.match(signature):
                self._names[function_selector(signature)] = signature.partition("(")[0]
        while len(self._names) > _MOST:
            self._names.popitem(last=False)

    def name(self, selector: int) -> str | None:
        """Give a function's name, if a client registered it."""
        return self._names.get(selector)
