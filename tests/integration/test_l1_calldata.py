"""Proposals read back from a real Anvil, however they were sent to the unmodified rollup contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import eth_abi
import pytest
from eth_utils import keccak

from aztecd.l1 import RollupReader
from aztecd.l1.blob_tx import BlobTransaction
from aztecd.l1.call_traces import debug_calls, flat_calls
from aztecd.l1.calldata import CalldataReader
from aztecd.l1.committee import read_committee
from aztecd.l1.propose_input import PROPOSE_SELECTOR
from aztecd.l1.publisher import propose_arguments
from aztecd.l1.time_control import L1Time
from aztecd.l1.transaction import L1Transaction, create_address
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.protocol.basic import EpochNumber, EthAddress
from tests.support.l1_answers import MULTICALL3
from tests.support.l1_chain import DEPLOYER, INFINITY, L1Chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.artifacts import Artifacts
    from aztecd.l1 import ProposeRequest, SlotPlan
    from aztecd.l1.events import CheckpointProposed

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain(artifacts: Artifacts, tmp_path_factory) -> Iterator[L1Chain]:
    anvil = Anvil.start(
        AnvilOptions(program=artifacts.anvil, data_dir=tmp_path_factory.mktemp("anvil"), port=0)
    )
    try:
        yield L1Chain.deploy(anvil.url, artifacts)
    finally:
        anvil.kill()


def calldata_of(chain: L1Chain, request: ProposeRequest) -> bytes:
    return chain.reader.rollup.encode("propose", *propose_arguments(request, [INFINITY]))


def send(chain: L1Chain, request: ProposeRequest, plan: SlotPlan, to: EthAddress, data: bytes) -> None:
    sidecar = chain.publisher.prepare(request.blobs)
    receipt = chain.sender.send(
        BlobTransaction(to=to, data=data, gas=2_500_000, sidecar=sidecar),
        is_done=lambda: False,
        before=[L1Time.request(plan.l1_timestamp)],
    )
    assert receipt is not None
    assert receipt.succeeded


def event_of(chain: L1Chain, request: ProposeRequest) -> CheckpointProposed:
    (event,) = chain.reader.checkpoints_proposed(0, checkpoint=request.checkpoint_number)
    return event


def aggregate3(calls: list[tuple[bytes, bool, bytes]]) -> bytes:
    encoded = eth_abi.encode(["(address,bool,bytes)[]"], [[(f"0x{to.hex()}", *rest) for to, *rest in calls]])
    return keccak(text="aggregate3((address,bool,bytes)[])")[:4] + encoded


def selector_adder(rollup: bytes) -> bytes:
    """Creation code of a contract that calls the rollup with the selector of propose before its input."""
    runtime = (
        # The selector to the start of memory, the input behind it, and the call.
        b"\x63" + PROPOSE_SELECTOR + bytes.fromhex("60e01b5f52" "365f600437" "5f5f366004015f5f73") + rollup
        # Revert if it did.
        + bytes.fromhex("5af1" "6034575f5ffd5b00")
    )  # fmt: skip
    return bytes.fromhex(f"60{len(runtime):02x}8060095f395ff3") + runtime


def test_every_way_to_the_rollup_leads_back_to_the_checkpoint(chain: L1Chain):
    rollup = chain.deployment.addresses.rollup_address
    (direct,) = chain.publish()

    plan = chain.plan()
    bundled = chain.request(plan)
    # The first call has the same archive and another header; it fails, and the transaction goes on.
    failing = replace(
        bundled, header=replace(bundled.header, block_headers_hash=bytes(31) + b"\2", timestamp=1)
    )
    calls = [(rollup, True, calldata_of(chain, failing)), (rollup, True, calldata_of(chain, bundled))]
    send(chain, bundled, plan, EthAddress(bytes.fromhex(MULTICALL3[2:])), aggregate3(calls))

    nonce = int(chain.client.call("eth_getTransactionCount", f"0x{DEPLOYER.address.hex()}", "latest"), 16)
    creation = L1Transaction(to=None, data=selector_adder(rollup), gas=200_000)
    assert chain.sender.send(creation, is_done=lambda: False).succeeded
    plan = chain.plan()
    wrapped = chain.request(plan)
    wrapper = create_address(DEPLOYER.address, nonce)
    send(chain, wrapped, plan, wrapper, calldata_of(chain, wrapped)[4:])

    chain.settle_all()  # else the first checkpoints would be pruned now
    # Padding that is no zeros, and bytes behind: the contract does not look.
    plan = chain.plan()
    dirty = chain.request(plan)
    usual = calldata_of(chain, dirty)
    padding = -(1 + len(INFINITY)) % 32
    assert usual.endswith(INFINITY + bytes(padding))
    send(chain, dirty, plan, rollup, usual[:-padding] + b"\xff" * (padding + 5))

    # No padding at all.
    plan = chain.plan()
    short = chain.request(plan)
    send(chain, short, plan, rollup, calldata_of(chain, short)[:-padding])

    requests = [direct, bundled, wrapped, dirty, short]
    events = [event_of(chain, request) for request in requests]
    found = CalldataReader(chain.reader).read(events)
    for request, event, proposed in zip(requests, events, found, strict=True):
        assert proposed.log == event.log
        assert proposed.checkpoint_number == request.checkpoint_number
        assert proposed.archive == request.archive
        assert proposed.header == request.header
        assert proposed.blob_commitments == (INFINITY,)
        assert proposed.versioned_blob_hashes == event.versioned_blob_hashes

    tx_hash = f"0x{events[2].log.tx_hash.hex()}"
    flat = flat_calls(chain.client.call("trace_transaction", tx_hash), rollup)
    tree = debug_calls(chain.client.call("debug_traceTransaction", tx_hash, {"tracer": "callTracer"}), rollup)
    assert flat == tree == [calldata_of(chain, wrapped)]
    bundle_hash = f"0x{events[1].log.tx_hash.hex()}"
    flat = flat_calls(chain.client.call("trace_transaction", bundle_hash), rollup)
    tree = debug_calls(
        chain.client.call("debug_traceTransaction", bundle_hash, {"tracer": "callTracer"}), rollup
    )
    assert flat == tree == [calldata_of(chain, bundled)]


def test_committee_of_an_epoch_is_read_at_a_block(chain: L1Chain):
    deployment = replace(chain.deployment, target_committee_size=4)  # as if there were one: the list is empty
    reader = RollupReader(chain.client, chain.contracts, deployment)
    block = int(chain.client.call("eth_blockNumber"), 16)
    found = read_committee(reader, EpochNumber(0), block)
    assert (found.members, found.is_escape_hatch_open) == ((), False)
