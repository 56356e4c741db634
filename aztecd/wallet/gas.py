"""Gas settings: what a transaction may use and cost, when the user does not say, and estimates of it.

Authority: @aztec/stdlib src/gas/gas_settings.ts, @aztec/aztec.js src/contract/get_gas_limits.ts,
@aztec/wallet-sdk src/base-wallet/base_wallet.ts, @aztec/constants src/constants.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from aztecd.constants import MAX_PROCESSABLE_L2_GAS
from aztecd.protocol.gas import Gas, GasFees, GasSettings, GasUsed
from aztecd.wallet.errors import GasEstimateError

__all__ = ["ESTIMATE_PADDING", "GasLimits", "GasOptions", "complete_gas", "estimated_limits", "padded_fees"]

_DEFAULT_LIMITS: Final = Gas(da_gas=196_608, l2_gas=MAX_PROCESSABLE_L2_GAS)
_DEFAULT_TEARDOWN: Final = Gas(da_gas=98_304, l2_gas=817_500)
_ESTIMATION_LIMITS: Final = Gas(da_gas=1_572_864, l2_gas=13_080_000)
_ESTIMATION_TEARDOWN: Final = Gas(da_gas=786_432, l2_gas=MAX_PROCESSABLE_L2_GAS)
ESTIMATE_PADDING: Final = 0.1
"""What estimates add to the gas that a simulation used, as a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GasOptions:
    """What a user says about gas; the wallet fills in what is None."""

    gas_limits: Gas | None = None
    teardown_gas_limits: Gas | None = None
    max_fees_per_gas: GasFees | None = None
    max_priority_fees_per_gas: GasFees | None = None

    def over(self, other: GasOptions) -> GasOptions:
        """Fill in what is None from other options."""
        return GasOptions(
            gas_limits=self.gas_limits or other.gas_limits,
            teardown_gas_limits=self.teardown_gas_limits or other.teardown_gas_limits,
            max_fees_per_gas=self.max_fees_per_gas or other.max_fees_per_gas,
            max_priority_fees_per_gas=self.max_priority_fees_per_gas or other.max_priority_fees_per_gas,
        )

    @classmethod
    def of(cls, settings: GasSettings | None) -> GasOptions:
        """Take complete settings as options; nothing gives empty ones."""
        if settings is None:
            return cls()
        return cls(
            gas_limits=settings.gas_limits,
            teardown_gas_limits=settings.teardown_gas_limits,
            max_fees_per_gas=settings.max_fees_per_gas,
            max_priority_fees_per_gas=settings.max_priority_fees_per_gas,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLimits:
    """Limits that a simulation suggests."""

    gas_limits: Gas
    teardown_gas_limits: Gas

    def options(self) -> GasOptions:
        """Give the limits as options for sending."""
        return GasOptions(gas_limits=self.gas_limits, teardown_gas_limits=self.teardown_gas_limits)


def padded_fees(fees: GasFees, padding: float) -> GasFees:
    """Raise fees by a part of themselves: the minimum may grow until a transaction is mined."""
    factor = 1 + Fraction(str(padding))
    return GasFees(
        fee_per_da_gas=ceil(fees.fee_per_da_gas * factor), fee_per_l2_gas=ceil(fees.fee_per_l2_gas * factor)
    )


def complete_gas(options: GasOptions, max_fees: GasFees, *, for_estimation: bool = False) -> GasSettings:
    """Fill in the defaults; for an estimation, limits that no real transaction reaches."""
    if for_estimation:
        limits, teardown = _ESTIMATION_LIMITS, _ESTIMATION_TEARDOWN
    else:
        limits = options.gas_limits or _DEFAULT_LIMITS
        teardown = options.teardown_gas_limits or _DEFAULT_TEARDOWN
    return GasSettings(
        gas_limits=limits,
        teardown_gas_limits=teardown,
        max_fees_per_gas=options.max_fees_per_gas or max_fees,
        max_priority_fees_per_gas=options.max_priority_fees_per_gas or GasFees.empty(),
    )


def estimated_limits(used: GasUsed, padding: float = ESTIMATE_PADDING) -> GasLimits:
    """Suggest limits from what a simulation used. Raises GasEstimateError when no block can hold it."""
    limits = _padded(used.total_gas, padding)
    if limits.l2_gas > MAX_PROCESSABLE_L2_GAS:
        raise GasEstimateError("Transaction consumes more l2 gas than the maximum processable gas")
    return GasLimits(gas_limits=limits, teardown_gas_limits=_padded(used.teardown_gas, padding))


def _padded(gas: Gas, padding: float) -> Gas:
    # In floating point, as the reference does it: the rounding must agree.
    return Gas(da_gas=ceil(gas.da_gas * (1 + padding)), l2_gas=ceil(gas.l2_gas * (1 + padding)))
