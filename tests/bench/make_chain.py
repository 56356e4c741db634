"""A chain of many checkpoints on an Anvil, made once and kept, to measure how fast a node catches up.

    python -m tests.bench.make_chain [--checkpoints N]

Blocks are made of drawn effects (`tests.bench.effects`), so nothing is executed or proven; roots, headers,
blobs, the contracts and the epochs' settlement are real. Anvil's saved state has everything: all blocks and
events, and the transactions with their blobs.

<cache>/bench/<checkpoints>x<transactions>-<version>/l1           Anvil's folder
<cache>/bench/<checkpoints>x<transactions>-<version>/blobs        the blobs again, as a blob file store
<cache>/bench/<checkpoints>x<transactions>-<version>/chain.json   what the chain is, written last
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts import fetch
from aztecd.artifacts.cache import cache_root
from aztecd.builder import assemble_checkpoint
from aztecd.constants import PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import FR_ZERO, Fr, fr_hex
from aztecd.crypto.kzg import Kzg
from aztecd.l1 import (
    ContractSet,
    DeployConfig,
    GenesisRoots,
    L1Client,
    ProposeRequest,
    Publisher,
    SlotPlan,
    deploy,
)
from aztecd.l1.blobs import BlobNamespace, BlobStore
from aztecd.l1.transaction import L1Transaction
from aztecd.localnet.accounts import FUNDED_ADDRESSES, genesis_public_data
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.protocol.basic import AztecAddress, CheckpointNumber
from aztecd.protocol.blobs import blob_sponge, block_fields
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.state import TreeId, TxChanges, WorldState, apply_tx
from aztecd.storage import MemoryStore
from tests.bench.effects import drawn_effects
from tests.support.l1_chain import CHAIN_ID, DEPLOYER, L1Chain
from tests.support.transactions import element

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.artifacts import Artifacts
    from aztecd.protocol.effect import TxEffect

__all__ = ["TXS_PER_CHECKPOINT", "KeptChain", "kept_chain"]

TXS_PER_CHECKPOINT = 5
_VERSION = 1
"""Of how the chain is made: a new one makes a new chain."""

_SEED = "catch-up"
_MANA_PER_TX = 800_000
_MESSAGE_EVERY = 10
_SAY_EVERY = 50
_BLOBS = "blobs"
_BLOB_STORE_BYTES = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChain:
    """A chain in the cache."""

    checkpoints: int
    txs: int
    registry: str
    rollup: str
    rollup_version: int
    archive: str
    """The archive root after the last block."""
    block_hash: str
    """Of the last block."""

    @staticmethod
    def folder(checkpoints: int) -> Path:
        """Where a chain of that length lies."""
        return cache_root() / "bench" / f"{checkpoints}x{TXS_PER_CHECKPOINT}-{_VERSION}"

    @property
    def blobs(self) -> Path:
        """A blob file store with its blobs, for nodes that can't ask Anvil."""
        return self.folder(self.checkpoints) / _BLOBS

    def anvil_options(self, artifacts: Artifacts) -> AnvilOptions:
        """How to start its Anvil; kill it afterwards, so that it does not write its state again."""
        return _anvil_options(artifacts, self.folder(self.checkpoints))


def kept_chain(checkpoints: int, artifacts: Artifacts, say: Callable[[str], None]) -> KeptChain:
    """Give the chain of that length; it is made if there is none yet."""
    folder = KeptChain.folder(checkpoints)
    facts = folder / "chain.json"
    if not facts.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        anvil = Anvil.start(_anvil_options(artifacts, folder))
        try:
            made = _make(anvil.url, checkpoints, artifacts, folder / _BLOBS, say)
            say("saving the L1 state")
            anvil.stop()
        finally:
            anvil.kill()
        facts.write_text(json.dumps(asdict(made), indent=1) + "\n")
    return KeptChain(**json.loads(facts.read_text()))


def _anvil_options(artifacts: Artifacts, folder: Path) -> AnvilOptions:
    return AnvilOptions(
        program=artifacts.anvil, data_dir=folder / "l1", port=0, start_timeout_s=600, stop_timeout_s=600
    )


def _make(
    url: str, checkpoints: int, artifacts: Artifacts, blobs: Path, say: Callable[[str], None]
) -> KeptChain:
    contracts = ContractSet(artifacts.l1_artifacts)
    world = WorldState.open(MemoryStore(), genesis_public_data())
    with closing(L1Client(url, errors=contracts.errors)) as client:
        config = DeployConfig(
            chain_id=CHAIN_ID,
            genesis=GenesisRoots(
                vk_tree_root=VK_TREE_ROOT,
                protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
                archive_root=world.genesis_archive_root,
            ),
            prefunded_accounts=len(FUNDED_ADDRESSES),
        )
        deployment = deploy(client, contracts, DEPLOYER, config)
        store = BlobStore.open(blobs, BlobNamespace.of(deployment), max_bytes=_BLOB_STORE_BYTES)
        maker = _Maker(L1Chain.of(client, contracts, deployment), world, store)
        for number in range(1, checkpoints + 1):
            maker.add()
            if number % _SAY_EVERY == 0:
                say(f"{number} checkpoints")
        maker.settle()
        assert maker.l1.reader.tips().proven == checkpoints
    return KeptChain(
        checkpoints=checkpoints,
        txs=checkpoints * TXS_PER_CHECKPOINT,
        registry=f"0x{deployment.addresses.registry_address.hex()}",
        rollup=f"0x{deployment.addresses.rollup_address.hex()}",
        rollup_version=deployment.rollup_version,
        archive=fr_hex(maker.last.archive.root),
        block_hash=fr_hex(maker.last.hash()),
    )


class _Maker:
    """Adds checkpoints of one block each. Mutable: it grows with the chain."""

    def __init__(self, l1: L1Chain, world: WorldState, blobs: BlobStore) -> None:
        self.l1 = l1
        self._world = world
        self._blobs = blobs
        self._effects = drawn_effects(_SEED)
        self._kzg = Kzg()
        self._publisher = Publisher(l1.reader, l1.sender, self._kzg)
        self._blocks: list[L2Block] = []
        self._epoch: list[Fr] = []
        """Out hashes of the checkpoints in the epoch of the last block."""

    @property
    def last(self) -> L2Block:
        """The newest block."""
        return self._blocks[-1]

    def add(self) -> None:
        """Build and publish a checkpoint; an epoch that it ends is settled first."""
        clock = self.l1.reader.clock
        last_slot = self.last.header.slot if self._blocks else 0
        plan = self.l1.time.next_slot(last_slot)
        if self._blocks and clock.epoch_of(plan.slot) != clock.epoch_of(last_slot):
            self.settle()
            self._epoch.clear()
            plan = self.l1.time.next_slot(last_slot)
        number = CheckpointNumber(len(self._blocks) + 1)
        if number % _MESSAGE_EVERY == 1:
            self._send_message(number)
        sent = self.l1.reader.messages_sent(self.l1.deployment.l1_start_block, checkpoint=number)
        messages = [Fr(message.leaf) for message in sorted(sent, key=lambda message: message.index)]
        effects = tuple(islice(self._effects, TXS_PER_CHECKPOINT))
        block = self._build(number, plan, messages, effects)
        assembled = assemble_checkpoint(
            blocks=[block], messages=messages, earlier_out_hashes=self._epoch, committer=self._kzg
        )
        request = ProposeRequest(
            checkpoint_number=number,
            archive=block.archive.root,
            header=assembled.checkpoint.header,
            blobs=assembled.blobs,
            blob_commitments=assembled.commitments,
        )
        self._publisher.publish(request, l1_timestamp=plan.l1_timestamp)
        for blob, commitment in zip(assembled.blobs, assembled.commitments, strict=True):
            self._blobs.put(blob, commitment)
        self._blocks.append(block)
        self._epoch.append(assembled.out_hash)

    def settle(self) -> None:
        """Prove the epoch of the last block."""
        last = CheckpointNumber(len(self._blocks))
        self.l1.settler.settle(last, first=CheckpointNumber(last - len(self._epoch) + 1))

    def _send_message(self, number: int) -> None:
        """Send a message to L2; a checkpoint soon after has to insert it."""
        inbox, version = self.l1.reader.inbox, self.l1.deployment.rollup_version
        data = inbox.encode(
            "sendL2Message",
            (element(number, "recipient"), version),
            element(number, "content"),
            element(number, "secret hash"),
        )
        self.l1.sender.send(L1Transaction(to=inbox.address, data=data, gas=500_000), is_done=lambda: False)

    def _build(
        self, number: CheckpointNumber, plan: SlotPlan, messages: list[Fr], effects: tuple[TxEffect, ...]
    ) -> L2Block:
        fork = self._world.fork()
        last_archive = fork.snapshot(TreeId.ARCHIVE)
        fork.append_l1_to_l2_messages(messages)
        for effect in effects:
            writes = [(write.leaf_slot, write.value) for write in effect.public_data_writes]
            apply_tx(
                fork,
                TxChanges(
                    note_hashes=effect.note_hashes, nullifiers=effect.nullifiers, public_data_writes=writes
                ),
            )
        header = BlockHeader(
            last_archive=last_archive,
            state=fork.state_reference(),
            sponge_blob_hash=FR_ZERO,
            global_variables=GlobalVariables(
                chain_id=CHAIN_ID,
                version=self.l1.deployment.rollup_version,
                block_number=number,
                slot_number=plan.slot,
                timestamp=plan.timestamp,
                coinbase=DEPLOYER.address,
                fee_recipient=AztecAddress(FR_ZERO),
                gas_fees=GasFees(
                    fee_per_da_gas=0, fee_per_l2_gas=self.l1.reader.mana_min_fee_at(plan.timestamp)
                ),
            ),
            total_fees=sum(effect.transaction_fee for effect in effects),
            total_mana_used=_MANA_PER_TX * len(effects),
        )
        sponge = blob_sponge()
        sponge.absorb(b"".join(block_fields(header, effects, is_first_in_checkpoint=True)))
        header = header.replace(sponge_blob_hash=sponge.squeeze())
        fork.append_block_header_hash(header.hash())
        archive = fork.snapshot(TreeId.ARCHIVE)
        self._world.commit(fork)
        return L2Block(
            archive=archive,
            header=header,
            body=Body(tx_effects=effects),
            checkpoint_number=number,
            index_within_checkpoint=0,
        )


def main(arguments: list[str] | None = None) -> int:
    """Make the chain."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.make_chain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoints", type=int, default=1000, metavar="N", help="how long (%(default)s)")
    options = parser.parse_args(arguments)
    chain = kept_chain(options.checkpoints, fetch(), lambda line: print(line, file=sys.stderr, flush=True))
    print(KeptChain.folder(chain.checkpoints))
    return 0


if __name__ == "__main__":
    sys.exit(main())
