"""The preimages of hashes that travel through a transaction: arguments, return values, calldata.

Authority: @aztec/pxe src/contract_function_simulator/hashed_values_cache.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aztecd.crypto.field import FR_ZERO, Fr, fr_hex
from aztecd.protocol.tx import HashedValues
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["HashedValuesCache"]


class HashedValuesCache:
    """Shared by all calls of a transaction. Mutable. Whether hash and values fit is for circuits to check."""

    def __init__(self, initial: Iterable[HashedValues] = ()) -> None:
        self._values = {item.hash: item.values for item in initial}

    def store(self, values: Sequence[Fr], value_hash: Fr) -> None:
        """Keep the values of a hash."""
        self._values[value_hash] = tuple(values)

    def find(self, value_hash: Fr) -> tuple[Fr, ...] | None:
        """Give the values of a hash; the hash 0 stands for none at all."""
        return () if value_hash == FR_ZERO else self._values.get(value_hash)

    def load(self, value_hash: Fr) -> tuple[Fr, ...]:
        """Give the values of a hash. Raises OracleError when nobody has stored them."""
        values = self.find(value_hash)
        if values is None:
            raise OracleError(f"Preimage for hash {fr_hex(value_hash)} not found in cache")
        return values
