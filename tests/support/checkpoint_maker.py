"""Makes real checkpoints on Anvil, quickly, and others in the place of those that L1 forgot.

What it builds on is always L1's pending checkpoint: the stores after each checkpoint that it ever made are
kept under their archive root, so that it can go on from any of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aztecd.archiver import InboxSync
from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder, BlockLimits, BuiltBlock, assemble_checkpoint
from aztecd.chain import ChainStore
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.execution import TxExecutor, Validation
from aztecd.l1 import ProposeRequest, Publisher
from aztecd.l1.blob_tx import versioned_hash
from aztecd.l1.publisher import propose_arguments
from aztecd.l1.reads import call_request
from aztecd.l1.transaction import L1Transaction
from aztecd.localnet.accounts import FUNDED_ADDRESSES, genesis_public_data
from aztecd.mempool import Mempool
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import AztecAddress, BlockNumber, CheckpointNumber, EthAddress
from aztecd.protocol.blobs import blob_sponge
from aztecd.protocol.checkpoint import CheckpointData, L1PublishedData
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.tx_data import PartialForRollup, ScopedL2ToL1Message
from aztecd.state import WorldState, build_genesis
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import protocol_contracts
from tests.support.fake_world import FakeChain
from tests.support.l1_chain import CHAIN_ID, DEPLOYER, L1Chain
from tests.support.transactions import element, private_tx

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.crypto.kzg import Kzg
    from aztecd.l1.slots import SlotPlan
    from aztecd.l1.time_control import L1TimeReading
    from aztecd.protocol.block import L2Block
    from aztecd.protocol.tx import Tx
    from aztecd.storage import KeyValueStore

_MESSAGE_GAS = 500_000
_PROPOSE_GAS = 1_500_000
_CHECK_BLOB_SLOT = "0x4"
"""Where the rollup has its switch `checkBlob`."""
_LIMITS = BlockLimits.of_checkpoint(mana_limit=200_000_000, max_txs=32)


def open_ledger(store: KeyValueStore, *, epoch_duration: int) -> Ledger:
    """Open the stores of a local network, with a pool that lets everything in."""
    prefilled = genesis_public_data()
    genesis = build_genesis(prefilled)
    pool_view = FakeChain()
    return Ledger(
        store=store,
        world_state=WorldState.open(store, prefilled),
        chain=ChainStore(
            store,
            genesis_header=genesis.header,
            protocol_contracts=protocol_contracts(),
            epoch_duration=epoch_duration,
        ),
        mempool=Mempool.open(store, pool_view, now_ms=pool_view.now_ms),
        genesis_archive_root=genesis.archive_root,
    )


class CheckpointMaker:
    """Proposes, settles and sends messages, on whatever L1 has. Mutable: it counts what it makes.

    `blobs` has the blobs of all that it made, by versioned hash.
    """

    def __init__(self, l1: L1Chain, kzg: Kzg) -> None:
        self.l1 = replace(l1, publisher=Publisher(l1.reader, l1.sender, kzg))
        self.made = 0
        self.blobs: dict[bytes, bytes] = {}
        self._kzg = kzg
        self._checks_blobs = True
        self._requests: dict[bytes, ProposeRequest] = {}
        store = MemoryStore()
        self.ledger = self._opened(store)
        self._stores = {self.ledger.genesis_archive_root: _copied(store)}

    def keep(self) -> Callable[[], None]:
        """Give a function that forgets all that was made from now on."""
        made, requests, stores, ledger = self.made, dict(self._requests), dict(self._stores), self.ledger
        blobs = dict(self.blobs)
        kept = _copied(ledger.store)

        def forget() -> None:
            self.made, self._requests, self._stores = made, dict(requests), dict(stores)
            self.blobs, self._checks_blobs = dict(blobs), True
            self.ledger = self._opened(_copied(kept))

        return forget

    def check_blobs(self, *, are_checked: bool) -> None:
        """Let the rollup compare blobs, or not: then they are not sent, which saves most of the work."""
        self._checks_blobs = are_checked
        word = f"0x{int(are_checked):064x}"
        rollup = f"0x{self.l1.reader.rollup.address.hex()}"
        self.l1.client.call("anvil_setStorageAt", rollup, _CHECK_BLOB_SLOT, word)

    def resync(self) -> None:
        """Go to the checkpoint that L1 has as pending now; to the proven one if the rest is overdue."""
        status = self.l1.reader.status()
        archive = status.pending_archive
        if self.l1.reader.can_prune_at(self.time.next_timestamp):
            archive = status.proven_archive
        self.go_to(archive)

    def go_to(self, archive: bytes) -> None:
        """Go to the checkpoint with that archive root, one that was made here."""
        if self._newest_archive() != archive:
            self.ledger = self._opened(_copied(self._stores[Fr(archive)]))

    @property
    def time(self) -> L1TimeReading:
        """L1's time."""
        return self.l1.time.read()

    def plan(self) -> SlotPlan:
        """Choose the slot of the next checkpoint."""
        last = self.ledger.chain.checkpoint_data(self.ledger.chain.tips().checkpointed.checkpoint_number)
        return self.l1.time.next_slot(0 if last is None else last.header.slot_number)

    def propose(self, *, txs: tuple[int, ...] = (1,), settle: bool = True) -> CheckpointNumber:
        """Publish a checkpoint with a block for each entry of `txs`, of so many transactions.

        Older epochs are settled first, so that they are not pruned, unless told otherwise.
        """
        self.resync()
        if settle:
            self._settle_before(self.plan())
            self.resync()
        plan = self.plan()
        # The slot may have moved so far that L1 prunes with this very proposal.
        assert plan.l1_timestamp is not None
        if self.l1.reader.can_prune_at(plan.l1_timestamp):
            archive = self.l1.reader.status().proven_archive
            self.ledger = self._opened(_copied(self._stores[Fr(archive)]))
        number = CheckpointNumber(self.ledger.chain.tips().checkpointed.checkpoint_number + 1)
        # L1 compares what comes of it with what the Inbox has.
        InboxSync(self.ledger, self.l1.reader).sync()
        messages = self.ledger.chain.messages_of_checkpoint(number)
        blocks = self._build(number, plan, messages, txs)
        self._publish(blocks, messages, plan.l1_timestamp)
        return number

    def propose_again(self) -> bool:
        """Publish what was made on top of L1's pending checkpoint before, if its slot is not over.

        So the same checkpoint comes to another L1 block.
        """
        self.resync()
        request = self._requests.get(self._newest_archive())
        clock = self.l1.reader.clock
        now = self.time.next_timestamp
        if request is None or clock.slot_at(now) > request.header.slot_number:
            return False
        moment = max(now, request.header.timestamp)
        if self.l1.reader.can_prune_at(moment) or request.header.in_hash != self._in_hash(request):
            return False
        self._send(request, moment)
        return True

    def settle(self) -> bool:
        """Prove all that is pending; False when it is too late for that."""
        tips = self.l1.reader.tips()
        self.resync()
        epoch_of = self.l1.reader.clock.epoch_of
        for number in range(tips.proven + 1, tips.pending + 1):
            if self.l1.reader.can_prune_at(self.time.next_timestamp):
                return False
            this, following = self._checkpoint(number), self._checkpoint(number + 1)
            if following is None or epoch_of(following.header.slot_number) != epoch_of(
                this.header.slot_number
            ):
                self.l1.settler.settle(CheckpointNumber(number))
        return True

    def send_message(self) -> None:
        """Send a message to L2."""
        self.made += 1
        data = self.l1.reader.inbox.encode(
            "sendL2Message",
            (element("actor"), self.l1.deployment.rollup_version),
            element("content", self.made),
            element("secret", self.made),
        )
        receipt = self.l1.sender.send(
            L1Transaction(to=self.l1.reader.inbox.address, data=data, gas=_MESSAGE_GAS), is_done=lambda: False
        )
        assert receipt is not None
        assert receipt.succeeded

    # Parts.

    def _settle_before(self, plan: SlotPlan) -> None:
        tips = self.ledger.chain.tips()
        proven = self.l1.reader.tips().proven
        oldest = self._checkpoint(proven + 1)
        if tips.checkpointed.checkpoint_number > proven and oldest is not None:
            epoch_of = self.l1.reader.clock.epoch_of
            if epoch_of(oldest.header.slot_number) != epoch_of(plan.slot):
                self.settle()

    def _build(
        self,
        number: CheckpointNumber,
        plan: SlotPlan,
        messages: tuple[Fr, ...],
        txs: tuple[int, ...],
    ) -> list[L2Block]:
        blocks: list[L2Block] = []
        sponge = blob_sponge()
        for index, count in enumerate(txs):
            built = self._build_block(
                BlockNumber(self.ledger.world_state.tip + 1),
                plan,
                [self._tx() for _ in range(count)],
                checkpoint_number=number,
                index_within_checkpoint=index,
                messages=messages if index == 0 else (),
                sponge=sponge,
            )
            assert not built.failed, built.failed
            self.ledger.commit_block(built)
            blocks.append(built.block)
            sponge = built.sponge
        return blocks

    def _build_block(self, number: BlockNumber, plan: SlotPlan, txs: list[Tx], **place: Any) -> BuiltBlock:
        fee = self.l1.reader.mana_min_fee_at(plan.timestamp)
        builder = BlockBuilder(
            executor=TxExecutor(programs=ProgramCache()),
            check=lambda *_: Validation(),
            contracts=self.ledger.chain,
        )
        return builder.build(
            fork=self.ledger.world_state.fork(),
            global_variables=GlobalVariables(
                chain_id=CHAIN_ID,
                version=self.l1.deployment.rollup_version,
                block_number=number,
                slot_number=plan.slot,
                timestamp=plan.timestamp,
                coinbase=DEPLOYER.address,
                fee_recipient=AztecAddress(FR_ZERO),
                gas_fees=GasFees(fee_per_da_gas=0, fee_per_l2_gas=fee),
            ),
            candidates=txs,
            limits=_LIMITS,
            is_over=lambda: False,
            **place,
        )

    def _tx(self) -> Tx:
        """Make a private transaction; every second one has a message to L1."""
        self.made += 1
        tx = private_tx(
            self.ledger.chain.latest_header(),
            ("made", self.made),
            chain_id=CHAIN_ID,
            version=self.l1.deployment.rollup_version,
            max_fee=10**16,
            fee_payer=FUNDED_ADDRESSES[self.made % len(FUNDED_ADDRESSES)],
        )
        if self.made % 2:
            return tx
        part = tx.data.for_rollup
        assert part is not None
        message = ScopedL2ToL1Message(
            recipient=EthAddress(DEPLOYER.address),
            content=element("to L1", self.made),
            contract_address=AztecAddress(fr(77)),
        )
        end = part.end.replace(l2_to_l1_msgs=(message, *part.end.l2_to_l1_msgs[1:]))
        data = tx.data.replace(for_rollup=PartialForRollup(end=end))
        return tx.replace(data=data, tx_hash=data.tx_hash())

    def _publish(self, blocks: list[L2Block], messages: tuple[Fr, ...], l1_timestamp: int) -> None:
        parent = Fr(blocks[0].header.last_archive.root)
        epoch = self.l1.reader.clock.epoch_of(blocks[0].header.slot)
        earlier = [
            data.checkpoint_out_hash
            for data in self.ledger.chain.checkpoints_of_epoch(epoch)
            if data.checkpoint_number < blocks[0].checkpoint_number
        ]
        assembled = assemble_checkpoint(
            blocks=blocks,
            messages=messages,
            earlier_out_hashes=earlier,
            committer=self._kzg,
        )
        checkpoint = assembled.checkpoint
        request = ProposeRequest(
            checkpoint_number=CheckpointNumber(checkpoint.number),
            archive=checkpoint.archive.root,
            header=checkpoint.header,
            blobs=assembled.blobs,
            blob_commitments=assembled.commitments,
        )
        published = self._send(request, l1_timestamp)
        self.ledger.commit_checkpoint(
            CheckpointData(
                header=checkpoint.header,
                archive=checkpoint.archive,
                checkpoint_out_hash=assembled.out_hash,
                checkpoint_number=checkpoint.number,
                start_block=blocks[0].number,
                block_count=len(blocks),
                l1=published,
                attestations=(),
            )
        )
        self._requests[parent] = request
        self._stores[checkpoint.archive.root] = _copied(self.ledger.store)

    def _send(self, request: ProposeRequest, l1_timestamp: int) -> L1PublishedData:
        for blob, commitment in zip(request.blobs, request.blob_commitments, strict=True):
            self.blobs[versioned_hash(commitment)] = blob
        if self._checks_blobs:
            return self.l1.publisher.publish(request, l1_timestamp=l1_timestamp).published_data
        arguments = propose_arguments(request, request.blob_commitments)
        receipt = self.l1.sender.send(
            L1Transaction(
                to=self.l1.reader.rollup.address,
                data=self.l1.reader.rollup.encode("propose", *arguments),
                gas=_PROPOSE_GAS,
            ),
            is_done=lambda: False,
            before=(self.l1.time.request(l1_timestamp),),
        )
        assert receipt is not None
        assert receipt.succeeded
        return L1PublishedData(
            block_number=receipt.block_number, timestamp=l1_timestamp, block_hash=receipt.block_hash
        )

    def _in_hash(self, request: ProposeRequest) -> bytes:
        """Ask the Inbox for the root that a checkpoint must have."""
        [root] = self.l1.client.batch(
            [call_request(self.l1.reader.inbox.read("getRoot", request.checkpoint_number))]
        )
        return bytes.fromhex(root[2:])

    def _checkpoint(self, number: int) -> CheckpointData | None:
        return self.ledger.chain.checkpoint_data(CheckpointNumber(number))

    def _newest_archive(self) -> Fr:
        data = self._checkpoint(self.ledger.chain.tips().checkpointed.checkpoint_number)
        return self.ledger.genesis_archive_root if data is None else data.archive.root

    def _opened(self, store: MemoryStore) -> Ledger:
        return open_ledger(store, epoch_duration=self.l1.deployment.epoch_duration)


def _copied(store: KeyValueStore) -> MemoryStore:
    copy = MemoryStore()
    batch = copy.batch()
    for key, value in store.iterate(start=b"", stop=b"\xff"):
        batch.put(key, value)
    copy.write(batch)
    return copy
