"""The last step: split by phase, count gas, and write what becomes the transaction's data.

Authority: the private kernel tail and tail-to-public circuits; @aztec/stdlib src/kernel/, src/gas/;
@aztec/constants (gas of each effect) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from aztecd.constants import (
    DA_GAS_PER_FIELD,
    MAX_CONTRACT_CLASS_LOGS_PER_TX,
    MAX_ENQUEUED_CALLS_PER_TX,
    MAX_L2_TO_L1_MSGS_PER_TX,
    MAX_NOTE_HASHES_PER_TX,
    MAX_NULLIFIERS_PER_TX,
    MAX_PRIVATE_LOGS_PER_TX,
    PRIVATE_TX_L2_GAS_OVERHEAD,
    PUBLIC_TX_L2_GAS_OVERHEAD,
    TX_DA_GAS_OVERHEAD,
)
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.protocol.gas import Gas
from aztecd.protocol.logs import PrivateLog
from aztecd.protocol.tx_data import (
    PartialForPublic,
    PartialForRollup,
    PrivateKernelTailPublicInputs,
    PrivateToPublicAccumulatedData,
    PrivateToRollupAccumulatedData,
    PublicCallRequest,
    ScopedL2ToL1Message,
    ScopedLogHash,
    TxConstantData,
)
from aztecd.pxe.kernel.accumulate import Accumulated
from aztecd.pxe.kernel.errors import KernelError
from aztecd.pxe.kernel.public_inputs import EnqueuedRequest
from aztecd.pxe.kernel.reset import SiloedEffects

__all__ = ["tail"]

T = TypeVar("T")
_Numbered = list[tuple[int, T]]


@dataclass(frozen=True, slots=True)
class _Prices:
    """L2 gas of one of each effect."""

    note_hash: int
    nullifier: int
    message: int
    overhead: int


_PRIVATE_PRICES: Final = _Prices(9_200, 16_000, 5_200, PRIVATE_TX_L2_GAS_OVERHEAD)
_PUBLIC_PRICES: Final = _Prices(19_275, 30_800, 5_239, PUBLIC_TX_L2_GAS_OVERHEAD)
_PRIVATE_LOG_GAS: Final = 2_500
_CLASS_LOG_GAS: Final = 73_000
_ENQUEUED_CALL_GAS: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Effects:
    """Everything in its final form, each with its counter, sorted."""

    note_hashes: _Numbered[Fr]
    nullifiers: _Numbered[Fr]
    messages: _Numbered[ScopedL2ToL1Message]
    private_logs: _Numbered[PrivateLog]
    class_logs: _Numbered[ScopedLogHash]
    public_calls: _Numbered[PublicCallRequest]

    def where(self, condition: Callable[[int], bool]) -> _Effects:
        return _Effects(
            [item for item in self.note_hashes if condition(item[0])],
            [item for item in self.nullifiers if condition(item[0])],
            [item for item in self.messages if condition(item[0])],
            [item for item in self.private_logs if condition(item[0])],
            [item for item in self.class_logs if condition(item[0])],
            [item for item in self.public_calls if condition(item[0])],
        )


def tail(
    total: Accumulated, siloed: SiloedEffects, constants: TxConstantData, *, fee_payer: Fr
) -> PrivateKernelTailPublicInputs:
    """Write the transaction's data. Raises KernelError for too much of anything, or too little gas."""
    effects = _final(total, siloed)
    _check_counts(effects)
    gas_settings = constants.tx_context.gas_settings
    anchor = constants.anchor_block_header.global_variables.timestamp
    if total.expiration_timestamp <= anchor:
        raise KernelError(
            "Include-by timestamp must be greater than the anchor block timestamp. Anchor block timestamp: "
            f"{anchor}. Include-by timestamp: {total.expiration_timestamp}."
        )
    if fee_payer == FR_ZERO:
        raise KernelError("Fee payer can't be empty")
    gas = _gas(effects, _PRIVATE_PRICES if total.is_private_only else _PUBLIC_PRICES)
    if total.teardown_call is not None:
        gas = gas.plus(gas_settings.teardown_gas_limits)
    if gas.da_gas > gas_settings.gas_limits.da_gas or gas.l2_gas > gas_settings.gas_limits.l2_gas:
        raise KernelError("The gas used exceeds the gas limits")
    return PrivateKernelTailPublicInputs(
        constants=constants,
        gas_used=gas,
        fee_payer=AztecAddress(fee_payer),
        expiration_timestamp=total.expiration_timestamp,
        for_rollup=_for_rollup(effects) if total.is_private_only else None,
        for_public=None if total.is_private_only else _for_public(total, effects),
    )


def _final(total: Accumulated, siloed: SiloedEffects) -> _Effects:
    return _Effects(
        [(item.counter, item.value) for item in siloed.note_hashes],
        [(item.counter, item.value) for item in siloed.nullifiers],
        _sorted(
            (
                item.item.counter,
                ScopedL2ToL1Message(
                    recipient=EthAddress(item.item.recipient[12:]),
                    content=item.item.content,
                    contract_address=AztecAddress(item.contract),
                ),
            )
            for item in total.messages
        ),
        [
            (log.counter, PrivateLog(fields=log.fields, emitted_length=log.length))
            for log in siloed.private_logs
        ],
        _sorted(
            (
                item.item.counter,
                ScopedLogHash(
                    value=item.item.value,
                    length=item.item.length,
                    contract_address=AztecAddress(item.contract),
                ),
            )
            for item in total.class_logs
        ),
        _sorted((call.counter, _request(call.request)) for call in total.public_calls),
    )


def _sorted(items: Iterable[tuple[int, T]]) -> _Numbered[T]:
    return sorted(items, key=lambda item: item[0])


def _request(request: EnqueuedRequest) -> PublicCallRequest:
    return PublicCallRequest(
        msg_sender=AztecAddress(request.msg_sender),
        contract_address=AztecAddress(request.contract_address),
        is_static_call=request.is_static,
        calldata_hash=request.calldata_hash,
    )


def _check_counts(effects: _Effects) -> None:
    limits: tuple[tuple[str, Sequence[object], int], ...] = (
        ("note hashes", effects.note_hashes, MAX_NOTE_HASHES_PER_TX),
        ("nullifiers", effects.nullifiers, MAX_NULLIFIERS_PER_TX),
        ("private logs", effects.private_logs, MAX_PRIVATE_LOGS_PER_TX),
        ("L2 to L1 messages", effects.messages, MAX_L2_TO_L1_MSGS_PER_TX),
        ("contract class logs", effects.class_logs, MAX_CONTRACT_CLASS_LOGS_PER_TX),
        ("public calls", effects.public_calls, MAX_ENQUEUED_CALLS_PER_TX),
    )
    for name, items, limit in limits:
        if len(items) > limit:
            raise KernelError(f"Number of {name} exceeds the limit.")


def _gas(effects: _Effects, prices: _Prices) -> Gas:
    log_fields = sum(log.emitted_length + 1 for _, log in effects.private_logs)
    class_log_fields = sum(log.length + 1 for _, log in effects.class_logs)
    single_fields = len(effects.note_hashes) + len(effects.nullifiers) + len(effects.messages)
    return Gas(
        da_gas=TX_DA_GAS_OVERHEAD + DA_GAS_PER_FIELD * (single_fields + log_fields + class_log_fields),
        l2_gas=prices.overhead
        + prices.note_hash * len(effects.note_hashes)
        + prices.nullifier * len(effects.nullifiers)
        + prices.message * len(effects.messages)
        + _PRIVATE_LOG_GAS * len(effects.private_logs)
        + _CLASS_LOG_GAS * len(effects.class_logs)
        + _ENQUEUED_CALL_GAS * len(effects.public_calls),
    )


def _for_rollup(effects: _Effects) -> PartialForRollup:
    return PartialForRollup(
        end=PrivateToRollupAccumulatedData(
            note_hashes=_padded(effects.note_hashes, FR_ZERO, MAX_NOTE_HASHES_PER_TX),
            nullifiers=_padded(effects.nullifiers, FR_ZERO, MAX_NULLIFIERS_PER_TX),
            l2_to_l1_msgs=_padded(effects.messages, ScopedL2ToL1Message.empty(), MAX_L2_TO_L1_MSGS_PER_TX),
            private_logs=_padded(effects.private_logs, PrivateLog.empty(), MAX_PRIVATE_LOGS_PER_TX),
            contract_class_logs_hashes=_padded(
                effects.class_logs, ScopedLogHash.empty(), MAX_CONTRACT_CLASS_LOGS_PER_TX
            ),
        )
    )


def _for_public(total: Accumulated, effects: _Effects) -> PartialForPublic:
    split = total.min_revertible_counter
    if split == 0:
        raise KernelError("min_revertible_side_effect_counter must not be 0 for tail_to_public")
    if effects.nullifiers[0][0] >= split:
        raise KernelError("First nullifier must be non revertible")
    teardown = PublicCallRequest.empty() if total.teardown_call is None else _request(total.teardown_call)
    return PartialForPublic(
        non_revertible_accumulated_data=_phase(effects.where(lambda counter: counter < split)),
        revertible_accumulated_data=_phase(effects.where(lambda counter: counter >= split)),
        public_teardown_call_request=teardown,
    )


def _phase(effects: _Effects) -> PrivateToPublicAccumulatedData:
    return PrivateToPublicAccumulatedData(
        note_hashes=_padded(effects.note_hashes, FR_ZERO, MAX_NOTE_HASHES_PER_TX),
        nullifiers=_padded(effects.nullifiers, FR_ZERO, MAX_NULLIFIERS_PER_TX),
        l2_to_l1_msgs=_padded(effects.messages, ScopedL2ToL1Message.empty(), MAX_L2_TO_L1_MSGS_PER_TX),
        private_logs=_padded(effects.private_logs, PrivateLog.empty(), MAX_PRIVATE_LOGS_PER_TX),
        contract_class_logs_hashes=_padded(
            effects.class_logs, ScopedLogHash.empty(), MAX_CONTRACT_CLASS_LOGS_PER_TX
        ),
        public_call_requests=_padded(
            effects.public_calls, PublicCallRequest.empty(), MAX_ENQUEUED_CALLS_PER_TX
        ),
    )


def _padded(items: _Numbered[T], filler: T, size: int) -> tuple[T, ...]:
    return tuple(item for _, item in items) + (filler,) * (size - len(items))
