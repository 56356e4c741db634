"""Make private-only transactions without a wallet.

A network without real proofs takes any transaction whose public inputs are right, from anybody: the fee
payer's signature is part of what a proof would show. So load can be made in a millisecond per transaction.
"""

from __future__ import annotations

import hashlib
from typing import Any

from aztecd.constants import CHONK_PROOF_LENGTH, PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import PrivateLog
from aztecd.protocol.tx import Tx
from aztecd.protocol.tx_data import (
    PartialForRollup,
    PrivateKernelTailPublicInputs,
    PrivateToRollupAccumulatedData,
    TxConstantData,
    TxContext,
)

_LIFETIME_S = 86_399


def element(*parts: Any) -> Fr:
    """Derive a field element from anything printable."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return Fr(b"\0" + digest[:31])


def private_tx(
    anchor: BlockHeader,
    seed: Any,
    *,
    chain_id: int,
    version: int,
    max_fee: int,
    priority_fee: int = 0,
    note_hashes: int = 2,
    nullifiers: int = 3,
    private_logs: int = 2,
    fee_payer: AztecAddress = TEST_ACCOUNTS[0].address,
    **changes: Any,
) -> Tx:
    """Make a transaction like a private transfer; equal seeds give equal nullifiers.

    `changes` replace members of the kernel's public inputs.
    """
    fields = tuple(element(seed, "log", index) for index in range(16))
    logs = tuple(
        PrivateLog(fields=(element(seed, "tag", index), *fields[1:]), emitted_length=16)
        for index in range(private_logs)
    )
    end = PrivateToRollupAccumulatedData.empty().replace(
        note_hashes=_padded([element(seed, "note", index) for index in range(note_hashes)]),
        nullifiers=_padded([element(seed, "nullifier", index) for index in range(nullifiers)]),
        private_logs=logs + (PrivateLog.empty(),) * (64 - len(logs)),
    )
    da_fields = 3 + note_hashes + nullifiers + 17 * private_logs
    data = PrivateKernelTailPublicInputs(
        constants=TxConstantData(
            anchor_block_header=anchor,
            tx_context=TxContext(
                chain_id=chain_id,
                version=version,
                gas_settings=GasSettings(
                    gas_limits=Gas(da_gas=196_608, l2_gas=6_540_000),
                    teardown_gas_limits=Gas(da_gas=0, l2_gas=0),
                    max_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=max_fee),
                    max_priority_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=priority_fee),
                ),
            ),
            vk_tree_root=VK_TREE_ROOT,
            protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
        ),
        gas_used=Gas(
            da_gas=32 * da_fields,
            l2_gas=440_000 + 9_200 * note_hashes + 16_000 * nullifiers + 2_500 * private_logs,
        ),
        fee_payer=fee_payer,
        expiration_timestamp=anchor.global_variables.timestamp + _LIFETIME_S,
        for_rollup=PartialForRollup(end=end),
    ).replace(**changes)
    return Tx(
        tx_hash=data.tx_hash(),
        data=data,
        chonk_proof=bytes(32 * CHONK_PROOF_LENGTH),
        contract_class_log_fields=(),
        public_function_calldata=(),
    )


def _padded(elements: list[Fr]) -> tuple[Fr, ...]:
    return (*elements, *(FR_ZERO,) * (64 - len(elements)))
