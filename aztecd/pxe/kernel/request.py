"""What a user asks for: the first private call of a transaction.

Authority: @aztec/stdlib src/tx/tx_request.ts, src/abi/function_selector.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.constants import DOM_SEP_TX_REQUEST
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.hashes import protocol_nullifier
from aztecd.protocol.tx_data import TxContext

__all__ = ["TxRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TxRequest:
    """15 fields; the salt makes equal requests different transactions."""

    origin: Fr
    args_hash: Fr
    tx_context: TxContext
    selector: Fr
    salt: Fr
    is_private: bool = True

    def to_fields(self) -> list[Fr]:
        """Give the fields in the order that is hashed."""
        is_private = fr(1) if self.is_private else FR_ZERO
        return [
            self.origin,
            self.args_hash,
            *self.tx_context.to_fields(),
            self.selector,
            is_private,
            self.salt,
        ]

    def hash(self) -> Fr:
        """Hash the request."""
        return hash_with_separator(DOM_SEP_TX_REQUEST, self.to_fields())

    def protocol_nullifier(self) -> Fr:
        """Give the nullifier of a transaction that emits none of its own before its revertible phase."""
        return protocol_nullifier(self.hash())
