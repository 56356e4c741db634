"""What has to be true of a network after a crash, asked over its public interfaces only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from eth_utils import keccak

from tests.support.json_rpc import RpcClient
from tests.support.load import IN_A_BLOCK, ON_L1, wait_until

if TYPE_CHECKING:
    from tests.support.daemon import Daemon
    from tests.support.load import Promises


def l1_url(daemon: Daemon) -> str:
    """Read the L1 node's URL from the start card."""
    match = re.search(r"L1 URL\s+(\S+)", daemon.text)
    assert match is not None, daemon.text
    return match[1]


def settle(rpc: RpcClient, *, timeout_s: float = 60) -> None:
    """Wait until nothing is pending and all blocks are on L1 and proven."""

    def is_done() -> bool:
        tips = rpc.call("aztec_getL2Tips")
        return (
            rpc.call("aztec_getPendingTxCount") == 0
            and tips["proposed"]["number"] == tips["proven"]["block"]["number"]
        )

    wait_until(is_done, timeout_s=timeout_s, what="all transactions mined, published and proven")


def check_kept(rpc: RpcClient, promises: Promises) -> None:
    """Nothing acknowledged is lost, nothing that was on L1 has moved; blocks may still be built."""
    for tx_hash, place in promises.settled.items():
        receipt = rpc.call("aztec_getTxReceipt", tx_hash)
        assert receipt["status"] in ON_L1, f"{tx_hash} was in block {place}, is now {receipt}"
        assert (receipt["blockNumber"], receipt["blockHash"]) == place
    for group in sorted(set(promises.acknowledged.values())):
        statuses = statuses_of(rpc, promises.sent[group])
        assert any(status != "dropped" for status in statuses.values()), f"lost: {group} {statuses}"


def check_mined(rpc: RpcClient, promises: Promises) -> int:
    """Every group with an acknowledged transaction has exactly one in a block. Gives their number."""
    groups = sorted(set(promises.acknowledged.values()))
    for group in groups:
        statuses = statuses_of(rpc, promises.sent[group])
        mined = [tx_hash for tx_hash, status in statuses.items() if status in IN_A_BLOCK]
        assert len(mined) == 1, f"{group}: {statuses}"
        effect = rpc.call("aztec_getTxEffect", mined[0])
        assert effect is not None
        assert effect["data"]["txHash"] == mined[0]
    return len(groups)


def statuses_of(rpc: RpcClient, hashes: list[str]) -> dict[str, str]:
    """Ask for the receipts."""
    return {tx_hash: rpc.call("aztec_getTxReceipt", tx_hash)["status"] for tx_hash in hashes}


def check_l1_agrees(rpc: RpcClient, l1: RpcClient) -> None:
    """The rollup contract's tips and archive are the node's; asked of L1 without any of our code."""
    rollup = rpc.call("aztec_getNodeInfo")["l1ContractAddresses"]["rollupAddress"]

    def read(signature: str, *arguments: int) -> bytes:
        data = keccak(text=signature)[:4] + b"".join(value.to_bytes(32, "big") for value in arguments)
        answer = l1.call("eth_call", {"to": rollup, "data": f"0x{data.hex()}"}, "latest")
        return bytes.fromhex(answer[2:])

    tips = rpc.call("aztec_getL2Tips")
    pending, proven = (int.from_bytes(word, "big") for word in _words(read("getTips()")))
    assert tips["checkpointed"]["checkpoint"]["number"] == pending
    assert tips["proven"]["checkpoint"]["number"] == proven
    block = rpc.call("aztec_getBlock", tips["checkpointed"]["block"]["number"])
    archive = bytes.fromhex(block["archive"]["root"][2:]) if block else b""
    if pending:
        assert read("archiveAt(uint256)", pending) == archive


def _words(packed: bytes) -> list[bytes]:
    return [packed[start : start + 32] for start in range(0, len(packed), 32)]


def check_roots(rpc: RpcClient, first: int = 1) -> None:
    """Each block builds on the one before; each header's state is what the trees have at that block."""
    last = rpc.call("aztec_getBlockNumber")
    previous = rpc.call("aztec_getBlockHeader", first - 1)
    for number in range(first, last + 1):
        block = rpc.call("aztec_getBlock", number)
        header = block["header"]
        assert header["globalVariables"]["blockNumber"] == number
        if first > 1 or number > 1:
            earlier = rpc.call("aztec_getBlock", number - 1)
            assert header["lastArchive"] == earlier["archive"]
        for effect in block["body"]["txEffects"]:
            for nullifier in effect["nullifiers"][:1]:
                assert rpc.call("aztec_getNullifierMembershipWitness", number, nullifier) is not None
                assert rpc.call("aztec_getNullifierMembershipWitness", number - 1, nullifier) is None
        previous = header
    assert previous is not None


def anvils_of(data_dir: Path) -> list[int]:
    """Find running Anvil processes that work in a data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            is_there = (entry / "cwd").readlink().is_relative_to(data_dir.resolve())
            is_anvil = b"anvil" in (entry / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if is_there and is_anvil:
            found.append(int(entry.name))
    return found
