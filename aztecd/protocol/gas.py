"""Gas and fees. DA comes first, L2 second, in every form.

Authority: @aztec/stdlib src/gas/*.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.protocol.basic import U32, U128
from aztecd.protocol.record import Record, record

__all__ = ["Gas", "GasFees", "GasSettings", "GasUsed"]


@record
class Gas(Record):
    """Amounts of the two gas dimensions."""

    da_gas: U32
    l2_gas: U32

    def plus(self, other: Gas) -> Gas:
        """Add both dimensions."""
        return Gas(da_gas=self.da_gas + other.da_gas, l2_gas=self.l2_gas + other.l2_gas)


@record
class GasFees(Record):
    """Fees per unit of gas, in base units of fee juice (10^-18)."""

    fee_per_da_gas: U128
    fee_per_l2_gas: U128

    def cost(self, gas: Gas) -> int:
        """Give the price of `gas` in base units of fee juice."""
        return gas.da_gas * self.fee_per_da_gas + gas.l2_gas * self.fee_per_l2_gas


@record
class GasSettings(Record):
    """What a transaction allows: `gas_limits` covers all of it, teardown included."""

    gas_limits: Gas
    teardown_gas_limits: Gas
    max_fees_per_gas: GasFees
    max_priority_fees_per_gas: GasFees

    def fee_limit(self) -> int:
        """Give the most that the transaction can cost, in base units of fee juice."""
        return self.max_fees_per_gas.cost(self.gas_limits)


@record
class GasUsed(Record):
    """The four gas figures of an executed transaction; `billed_gas` decides the fee."""

    total_gas: Gas
    public_gas: Gas
    teardown_gas: Gas
    billed_gas: Gas
