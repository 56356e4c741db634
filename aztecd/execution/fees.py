"""What a transaction costs, and what it may cost at most. All amounts in base units of fee juice.

Authority: @aztec/stdlib src/fees/transaction_fee.ts, src/gas/gas_settings.ts; @aztec/p2p
src/msg_validators/tx_validator/fee_payer_balance.ts, src/mem_pools/tx_pool/priority.ts (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.constants import FEE_JUICE_ADDRESS
from aztecd.crypto.field import fr, fr_int
from aztecd.execution.errors import FeePaymentError
from aztecd.protocol.gas import Gas, GasFees, GasSettings

if TYPE_CHECKING:
    from aztecd.protocol.tx import Tx

__all__ = ["claim_amount", "effective_gas_fees", "priority_fee", "transaction_fee"]

_INCREASE_PUBLIC_BALANCE = fr(0xE7F045FF)
"""Selector of FeeJuice `_increase_public_balance((Field),u128)`, as field 0 of the calldata."""


def effective_gas_fees(gas_fees: GasFees, settings: GasSettings) -> GasFees:
    """Add the priority fees, as far as the maximum fees leave room, to the block's fees.

    Raises: FeePaymentError if a maximum fee is below the block's fee.
    """
    return GasFees(
        fee_per_da_gas=_effective(
            "feePerDaGas",
            gas_fees.fee_per_da_gas,
            settings.max_fees_per_gas.fee_per_da_gas,
            settings.max_priority_fees_per_gas.fee_per_da_gas,
        ),
        fee_per_l2_gas=_effective(
            "feePerL2Gas",
            gas_fees.fee_per_l2_gas,
            settings.max_fees_per_gas.fee_per_l2_gas,
            settings.max_priority_fees_per_gas.fee_per_l2_gas,
        ),
    )


def transaction_fee(gas_fees: GasFees, settings: GasSettings, billed_gas: Gas) -> int:
    """Price the billed gas at a block's fees. Raises FeePaymentError if the maximum fees are too low."""
    return effective_gas_fees(gas_fees, settings).cost(billed_gas)


def priority_fee(settings: GasSettings) -> int:
    """Give the priority in the mempool: the L2 priority fee, at most the L2 maximum fee."""
    return min(settings.max_fees_per_gas.fee_per_l2_gas, settings.max_priority_fees_per_gas.fee_per_l2_gas)


def claim_amount(tx: Tx) -> int:
    """Give the fee juice that the fee payer claims in the setup phase of the same transaction."""
    calldata_of = tx.calldata_by_hash()
    for call in tx.data.setup_calls():
        if (
            call.contract_address != FEE_JUICE_ADDRESS
            or call.msg_sender != FEE_JUICE_ADDRESS
            or call.is_static_call
        ):
            continue
        calldata = calldata_of.get(call.calldata_hash, ())
        if len(calldata) > 2 and calldata[0] == _INCREASE_PUBLIC_BALANCE and calldata[1] == tx.data.fee_payer:
            return fr_int(calldata[2])
    return 0


def _effective(dimension: str, base: int, maximum: int, priority: int) -> int:
    if maximum < base:
        raise FeePaymentError(
            f"maxFeesPerGas.{dimension} must be greater than or equal to gasFees.{dimension}, "
            f"but got maxFeesPerGas.{dimension}={maximum} and gasFees.{dimension}={base}"
        )
    return base + min(priority, maximum - base)
