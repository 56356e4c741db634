"""Every recorded answer of `isValidTx`, with the state as the recording describes it."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.execution import (
    DEFAULT_ALLOW_LIST,
    TOKEN_ALLOW_LIST,
    Sources,
    TxMeta,
    ValidationContext,
    rpc_rules,
    validate,
)
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.tx import Tx
from tests.support.fake_world import FakeContracts, FakeState
from tests.support.txs import VECTORS, base_tx, gas_fees, patched_body
from tests.support.vectors import load

CASES = load(VECTORS)["validation"]["cases"]
PREFUNDED = 10**22
"""The balance that a local network gives its accounts."""


def world() -> tuple[ValidationContext, Sources]:
    """The chain of the recording: base transactions are valid, fees per L2 gas above 1."""
    bases = [base_tx(name) for name in ("priv1", "pub1", "cls", "fpc", "revert")]
    state = FakeState()
    contracts = FakeContracts()
    for tx in bases:
        meta = TxMeta.of(tx)
        state.archive.add(meta.anchor_block_hash)
        state.set_balance(meta.fee_payer, PREFUNDED)
    # The case "existing nullifier" changes the last nullifier of pub1 into one that the chain has.
    existing = next(case for case in CASES if case["label"] == "existing nullifier")
    changed = Tx.from_json(patched_body(existing["base"], existing["patch"]))
    state.nullifiers |= set(changed.data.nullifiers()) - set(base_tx("pub1").data.nullifiers())
    # Two tokens: what pub1 calls, and what the fee contract of fpc calls in setup.
    for token in (
        base_tx("pub1").data.app_logic_calls()[0].contract_address,
        base_tx("fpc").data.setup_calls()[1].contract_address,
    ):
        contracts.instances[token] = ContractInstanceWithAddress.empty().replace(
            address=token,
            current_contract_class_id=TOKEN_ALLOW_LIST[0].class_id,
            original_contract_class_id=fr(5),
        )
    constants = base_tx("pub1").data.constants
    context = ValidationContext(
        chain_id=constants.tx_context.chain_id,
        rollup_version=constants.tx_context.version,
        block_number=BlockNumber(constants.anchor_block_header.number + 2),
        timestamp=constants.anchor_block_header.global_variables.timestamp + 72,
        min_fees=gas_fees(2),
        allow_list=DEFAULT_ALLOW_LIST + TOKEN_ALLOW_LIST,
    )
    return context, Sources(state=state, contracts=contracts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_answer(case):
    tx = Tx.from_json(patched_body(case["base"], case["patch"]))
    assert "0x" + tx.tx_hash.hex() == case["txHash"]
    options = case.get("options", {})
    rules = rpc_rules(
        is_simulation=bool(options.get("isSimulation")),
        skip_fee_enforcement=bool(options.get("skipFeeEnforcement")),
    )
    context, sources = world()
    assert validate(tx, rules, context, sources).to_result().to_json() == case["result"]
