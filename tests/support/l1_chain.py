"""A local L1 with the Aztec contracts, and checkpoints without transactions to publish on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from aztecd.l1 import (
    ContractSet,
    DeployConfig,
    Deployment,
    EpochSettler,
    GenesisRoots,
    L1Account,
    L1Client,
    L1Time,
    L1View,
    ProposeRequest,
    Publisher,
    RollupReader,
    SenderOptions,
    SlotPlan,
    TransactionSender,
    deploy,
)
from aztecd.l1.blob_tx import versioned_hash
from aztecd.protocol.basic import CheckpointNumber
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.gas import GasFees
from tests.support.vectors import load

if TYPE_CHECKING:
    from aztecd.artifacts import Artifacts

DEPLOYER = L1Account(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
CHAIN_ID = 31337
INFINITY = b"\xc0" + bytes(47)
EMPTY_BLOB = bytes(131072)


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def prunes(reader: RollupReader) -> int:
    """Count how often the rollup has cut off checkpoints that were not proven in time."""
    rollup = reader.rollup
    wanted = {
        "address": f"0x{rollup.address.hex()}",
        "topics": [f"0x{rollup.abi.event('PrunedPending').topic.hex()}"],
        "fromBlock": "0x0",
        "toBlock": "latest",
    }
    return len(reader.client.call("eth_getLogs", wanted))


class EmptyBlobProver:
    """Commits to empty blobs, for which everything is the point at infinity."""

    def commitment(self, blob: bytes) -> bytes:
        assert blob == EMPTY_BLOB
        return INFINITY

    def blob_proof(self, blob: bytes, commitment: bytes) -> bytes:
        assert (blob, commitment) == (EMPTY_BLOB, INFINITY)
        return INFINITY

    def cell_proofs(self, blob: bytes) -> list[bytes]:
        assert blob == EMPTY_BLOB
        return [INFINITY] * 128


def local_config() -> DeployConfig:
    genesis = load("l1.json.gz")["rollupVersion"]["genesis"]
    return DeployConfig(
        chain_id=CHAIN_ID,
        genesis=GenesisRoots(
            vk_tree_root=raw(genesis["vkTreeRoot"]),
            protocol_contracts_hash=raw(genesis["protocolContractsHash"]),
            archive_root=raw(genesis["genesisArchiveRoot"]),
        ),
        prefunded_accounts=5,
    )


@dataclass
class L1Chain:
    """Everything that talks to one deployment, and the tip that tests build on."""

    client: L1Client
    contracts: ContractSet
    deployment: Deployment
    reader: RollupReader
    sender: TransactionSender
    publisher: Publisher
    settler: EpochSettler
    time: L1Time
    view: L1View

    @classmethod
    def deploy(cls, url: str, artifacts: Artifacts) -> L1Chain:
        contracts = ContractSet(artifacts.l1_artifacts)
        client = L1Client(url, errors=contracts.errors)
        return cls.of(client, contracts, deploy(client, contracts, DEPLOYER, local_config()))

    @classmethod
    def of(
        cls,
        client: L1Client,
        contracts: ContractSet,
        deployment: Deployment,
        options: SenderOptions | None = None,
    ) -> L1Chain:
        reader = RollupReader(client, contracts, deployment)
        sender = TransactionSender(client, DEPLOYER, CHAIN_ID, options=options)
        return cls(
            client=client,
            contracts=contracts,
            deployment=deployment,
            reader=reader,
            sender=sender,
            publisher=Publisher(reader, sender, EmptyBlobProver()),
            settler=EpochSettler(reader, sender),
            time=L1Time(client, reader.clock),
            view=L1View(reader),
        )

    def plan(self) -> SlotPlan:
        """Choose the slot of the next checkpoint."""
        pending = self.reader.tips().pending
        return self.time.next_slot(self.reader.checkpoint(pending).slot_number if pending else 0)

    def request(self, plan: SlotPlan, **header: Any) -> ProposeRequest:
        """Make the next checkpoint, empty; keyword arguments replace members of its header."""
        vectors = load("l1.json.gz")
        number = CheckpointNumber(self.reader.tips().pending + 1)
        fields = CheckpointHeader(
            last_archive_root=self.reader.archive_at(number - 1),
            block_headers_hash=bytes(31) + b"\x01",
            blobs_hash=b"\0" + sha256(versioned_hash(INFINITY)).digest()[:31],
            in_hash=raw(vectors["inHash"]["empty"]),
            epoch_out_hash=raw(vectors["l2ToL1"]["emptyEpochOutHash"]),
            slot_number=plan.slot,
            timestamp=plan.timestamp,
            coinbase=DEPLOYER.address,
            fee_recipient=bytes(32),
            gas_fees=GasFees(fee_per_da_gas=0, fee_per_l2_gas=self.reader.mana_min_fee_at(plan.timestamp)),
            total_mana_used=0,
        )
        return ProposeRequest(
            checkpoint_number=number,
            archive=b"\0" + sha256(b"archive" + bytes([number])).digest()[:31],
            header=replace(fields, **header),
            blobs=(EMPTY_BLOB,),
        )

    def publish(self, count: int = 1) -> list[ProposeRequest]:
        """Publish empty checkpoints on top of the pending one."""
        requests = []
        for _ in range(count):
            plan = self.plan()
            requests.append(self.request(plan))
            self.publisher.publish(requests[-1], l1_timestamp=plan.l1_timestamp)
        return requests

    def settle_all(self) -> None:
        """Prove every pending checkpoint, one after the other."""
        tips = self.reader.tips()
        for number in range(tips.proven + 1, tips.pending + 1):
            self.settler.settle(CheckpointNumber(number))
