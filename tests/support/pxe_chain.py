"""A chain in memory that answers what wallets ask, and that can be reorganised."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.basic import BlockHash, BlockNumber
from aztecd.protocol.effect import IndexedTxEffect, TxEffect
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.protocol.node_types import BlockId, CheckpointId, L2Tip, L2Tips, NodeInfo, genesis_tip
from aztecd.protocol.receipt import DataInBlock, TxReceipt, TxStatus
from aztecd.pxe.keys import KeyStore, Plain, Secret, Vault
from aztecd.pxe.stores import ArtifactCache, Stage, Stores
from aztecd.pxe.sync import Anchor, Job, NodeBridge, TaggingSecrets
from aztecd.storage import KeyValueStore, MemoryStore, Prefix

LOGS_PER_PAGE = 10
MAX_ITEMS = 100


@dataclass(kw_only=True)
class Block:
    header: BlockHeader
    effects: list[TxEffect] = field(default_factory=list)
    logs: list[tuple[Fr, TxScopedL2Log]] = field(default_factory=list)


class FakeChain:
    """Satisfies PxeNode as far as synchronisation needs it. Counts the calls."""

    def __init__(self) -> None:
        self.blocks = [Block(header=header(0, 0, 0))]
        self.fork = 0
        self.finalized = 0
        self.dropped: set[Fr] = set()
        self.reverted: set[Fr] = set()
        self.storage: dict[tuple[Fr, Fr], Fr] = {}
        self.public: dict[tuple[Fr, Fr], list[TxScopedL2Log]] = {}
        self.version = 7
        self.signatures: list[str] = []
        self.calls: Counter[str] = Counter()

    # What tests do.

    def mine(
        self, *effects: TxEffect, logs: Iterable[tuple[Fr, Fr]] = (), timestamp: int | None = None
    ) -> int:
        """Add a block; `logs` are (siloed tag, tx hash). Gives its number."""
        number = len(self.blocks)
        time = 1000 * number if timestamp is None else timestamp
        made = Block(header=header(number, self.fork, time), effects=list(effects))
        by_hash = {effect.tx_hash: effect for effect in effects}
        for tag, tx_hash in logs:
            effect = by_hash[tx_hash]
            log = TxScopedL2Log(
                tx_hash=tx_hash,
                block_number=number,
                block_timestamp=time,
                log_data=(tag, fr(7)),
                note_hashes=effect.note_hashes,
                first_nullifier=effect.nullifiers[0],
            )
            made.logs.append((tag, log))
        self.blocks.append(made)
        return number

    def reorganise(self, last: int) -> None:
        """Drop the blocks after `last`; new ones have other hashes."""
        del self.blocks[last + 1 :]
        self.fork += 1
        self.finalized = min(self.finalized, last)

    # What wallets ask.

    async def get_node_info(self) -> NodeInfo:
        return NodeInfo.empty().replace(l1_chain_id=31337, rollup_version=self.version)

    async def register_contract_function_signatures(self, signatures: Sequence[str]) -> None:
        assert len(signatures) <= MAX_ITEMS
        self.signatures += signatures

    async def get_l2_tips(self) -> L2Tips:
        self.calls["get_l2_tips"] += 1
        newest = self._id(len(self.blocks) - 1)
        final = L2Tip(block=self._id(self.finalized), checkpoint=CheckpointId(number=0, hash=FR_ZERO))
        latest = L2Tip(block=newest, checkpoint=CheckpointId(number=0, hash=FR_ZERO))
        return L2Tips(proposed=newest, proven=final, finalized=final, checkpointed=latest)

    async def get_block_header(self, block: Any) -> BlockHeader | None:
        self.calls["get_block_header"] += 1
        if block == "latest":
            return self.blocks[-1].header
        if isinstance(block, bytes):
            return next((item.header for item in self.blocks if item.header.hash() == block), None)
        return self.blocks[block].header if block < len(self.blocks) else None

    async def get_tx_effect(self, tx_hash: Fr) -> IndexedTxEffect | None:
        self.calls["get_tx_effect"] += 1
        for number, block in enumerate(self.blocks):
            for index, effect in enumerate(block.effects):
                if effect.tx_hash == tx_hash:
                    return IndexedTxEffect(
                        l2_block_hash=block.header.hash(),
                        l2_block_number=number,
                        tx_index_in_block=index,
                        data=effect,
                    )
        return None

    async def get_tx_receipt(self, tx_hash: Fr) -> TxReceipt:
        self.calls["get_tx_receipt"] += 1
        found = await self.get_tx_effect(tx_hash)
        if found is None:
            status = TxStatus.DROPPED if tx_hash in self.dropped else TxStatus.PENDING
            return TxReceipt(tx_hash=tx_hash, status=status)
        status = TxStatus.FINALIZED if found.l2_block_number <= self.finalized else TxStatus.PROPOSED
        result = "app_logic_reverted" if tx_hash in self.reverted else "success"
        return TxReceipt(tx_hash=tx_hash, status=status, execution_result=result)

    async def find_leaves_indexes(
        self, block: Any, tree_id: int, leaves: Sequence[Fr]
    ) -> list[DataInBlock | None]:
        self.calls["find_leaves_indexes"] += 1
        assert len(leaves) <= MAX_ITEMS
        last = self._number(block)
        found: dict[Fr, DataInBlock] = {}
        for number, item in enumerate(self.blocks[: last + 1]):
            for effect in item.effects:
                for leaf in effect.nullifiers if tree_id == 0 else effect.note_hashes:
                    found[leaf] = DataInBlock(
                        l2_block_number=number, l2_block_hash=item.header.hash(), data=len(found)
                    )
        return [found.get(leaf) for leaf in leaves]

    async def get_public_storage_at(self, block: Any, contract: Fr, slot: Fr) -> Fr:
        self.calls["get_public_storage_at"] += 1
        self._number(block)
        return self.storage.get((contract, slot), FR_ZERO)

    async def get_private_logs_by_tags(
        self, tags: Sequence[Fr], page: int = 0, reference_block: Fr | None = None
    ) -> list[list[TxScopedL2Log]]:
        self.calls["get_private_logs_by_tags"] += 1
        assert len(tags) <= MAX_ITEMS
        last = self._number(reference_block)
        logs = [item for block in self.blocks[: last + 1] for item in block.logs]
        return [_page([log for found, log in logs if found == tag], page) for tag in tags]

    async def get_public_logs_by_tags_from_contract(
        self, contract: Fr, tags: Sequence[Fr], page: int = 0, reference_block: Fr | None = None
    ) -> list[list[TxScopedL2Log]]:
        self.calls["get_public_logs_by_tags_from_contract"] += 1
        self._number(reference_block)
        return [_page(self.public.get((contract, tag), []), page) for tag in tags]

    def _id(self, number: int) -> BlockId:
        if number == 0:
            return genesis_tip().block
        return BlockId(number=number, hash=self.blocks[number].header.hash())

    def _number(self, block: Any) -> int:
        for number, item in enumerate(self.blocks):
            if block in {number, item.header.hash()}:
                return number
        raise AssertionError(f"the node does not have block {block!r}")


def _page(logs: list[TxScopedL2Log], page: int) -> list[TxScopedL2Log]:
    return logs[page * LOGS_PER_PAGE : (page + 1) * LOGS_PER_PAGE]


def header(number: int, fork: int, timestamp: int) -> BlockHeader:
    variables = GlobalVariables.empty().replace(block_number=number, timestamp=timestamp)
    return BlockHeader.empty().replace(global_variables=variables, total_mana_used=fork)


def effect(number: int, *, note_hashes: Sequence[Fr] = (), nullifiers: Sequence[Fr] = ()) -> TxEffect:
    """Make a transaction of hash `number`; its first nullifier comes from the number too."""
    return TxEffect.empty().replace(
        tx_hash=fr(number),
        note_hashes=tuple(note_hashes),
        nullifiers=(fr(10**9 + number), *nullifiers),
    )


class LoopThread:
    """An event loop in a thread of its own, so that a test can be the job's thread."""

    def __enter__(self) -> asyncio.AbstractEventLoop:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self.loop

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def open_keys(store: KeyValueStore) -> KeyStore:
    vault = Vault(store, Prefix.PXE_VAULT.key)
    if vault.exists:
        vault.unlock(Plain())
    else:
        vault.create(Plain())
    return KeyStore(store, vault, Prefix.PXE_KEY.key)


def account(keys: KeyStore, number: int) -> Fr:
    """Register the account of a small secret, and give its address."""
    return keys.add_account(Secret(fr(number)), fr(number)).address


def job_at(chain: FakeChain, loop: asyncio.AbstractEventLoop, keys: KeyStore, store: Any = None) -> Job:
    """Make a job at the chain's newest block."""
    tip = chain.blocks[-1].header
    return Job(
        anchor=Anchor(
            header=tip,
            hash=BlockHash(tip.hash()),
            finalized=BlockNumber(chain.finalized),
            now=tip.global_variables.timestamp,
        ),
        stores=Stores(Stage(store or MemoryStore()), ArtifactCache()),
        bridge=NodeBridge(chain, loop),
        keys=keys,
        secrets=TaggingSecrets(keys),
    )
