"""What public functions print reaches the user, whoever ran them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.gas import GasFees, GasUsed
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.node_types import NodeInfo
from aztecd.protocol.receipt import DebugLog, TxReceipt
from aztecd.protocol.simulation import PublicSimulationOutput
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import ExecutionPayload, FunctionCall
from aztecd.wallet import NOBODY, SendOptions, SimulateOptions
from aztecd.wallet.wallet import LocalWallet

LINE = DebugLog(contract_address=fr(9), level="info", message="{0}", fields=(fr(1),))
CALL = FunctionCall(
    name="view",
    to=AztecAddress(fr(9)),
    selector=FunctionSelector(bytes(4)),
    type=FunctionKind.PUBLIC,
    hide_msg_sender=False,
    is_static=True,
    args=(),
    return_types=(),
)


class Node:
    async def get_node_info(self):
        return NodeInfo.empty()

    async def get_current_min_fees(self):
        return GasFees.empty()

    async def simulate_public_calls(self, tx, skip_fee_enforcement):
        return PublicSimulationOutput(
            global_variables=GlobalVariables.empty(),
            tx_effect=TxEffect.empty(),
            public_return_values=(),
            gas_used=GasUsed.empty(),
            debug_logs=(LINE,),
        )

    async def get_tx_effect(self, tx_hash):
        return None

    async def send_tx(self, tx):
        pass

    async def get_tx_receipt(self, tx_hash):
        return TxReceipt.empty().replace(
            tx_hash=tx_hash, status="checkpointed", execution_result="success", debug_logs=(LINE,)
        )


class Pxe:
    def __init__(self):
        self.lines = []

    async def log_public_lines(self, lines):
        self.lines += lines

    def get_synced_block_header(self):
        return BlockHeader.empty()

    async def prove_tx(self, request, scopes):
        private = SimpleNamespace(offchain_effects=lambda: ())
        return SimpleNamespace(private=private, tx=SimpleNamespace(tx_hash=fr(5)))


@pytest.fixture
def pxe():
    return Pxe()


@pytest.fixture
def wallet(pxe):
    return LocalWallet(pxe=pxe, node=Node(), accounts=None, contacts=None, apps=None, artifacts=None)


async def test_of_a_view_that_the_node_answers(wallet, pxe):
    await wallet.simulate_tx(ExecutionPayload(calls=(CALL,)), SimulateOptions(sender=NOBODY))
    assert pxe.lines == [LINE]


async def test_of_a_transaction_that_was_mined(wallet, pxe):
    sent = await wallet.send_tx(ExecutionPayload(calls=(CALL,)), SendOptions(sender=NOBODY, wait=None))
    assert (sent.receipt, pxe.lines) == (None, [])
    await wallet.send_tx(ExecutionPayload(calls=(CALL,)), SendOptions(sender=NOBODY))
    assert pxe.lines == [LINE]
