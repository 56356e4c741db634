"""Ethereum's side: contracts, deployment, publishing, settlement, and what L1 says about the rollup.

Responsible for every request to the L1 node. Not responsible for building checkpoints, for the node's own
chain, or for starting an L1 node.

Authority: @aztec/l1-artifacts l1-contracts/src, @aztec/ethereum src, @aztec/sequencer-client src/publisher
(4.1.2).
"""

from aztecd.l1.attach import Deployment, attach
from aztecd.l1.blob_tx import BlobProver, BlobSidecar, SidecarForm
from aztecd.l1.client import L1Client
from aztecd.l1.contracts import ContractSet
from aztecd.l1.deploy import deploy
from aztecd.l1.deploy_config import DeployConfig, GenesisRoots
from aztecd.l1.errors import (
    AttachError,
    CalldataError,
    CheckpointConflictError,
    ContractRevertError,
    DeployError,
    L1ArtifactError,
    L1DecodeError,
    L1Error,
    L1RpcError,
    L1UnavailableError,
    ProofWindowClosedError,
    PublishError,
    TransactionRevertedError,
    TransactionTimeoutError,
    WrongChainError,
)
from aztecd.l1.publisher import CheckpointOnL1, ProposeRequest, Publisher
from aztecd.l1.rollup import RollupReader, RollupStatus, RollupTips
from aztecd.l1.sender import SenderOptions, TransactionSender, sleep_until_stopped
from aztecd.l1.settlement import EpochSettler, Settlement
from aztecd.l1.slots import SlotClock, SlotPlan
from aztecd.l1.time_control import L1Time
from aztecd.l1.transaction import L1Account
from aztecd.l1.view import L1Snapshot, L1View
from aztecd.l1.warm_up import warm_up_blobs

__all__ = [
    "AttachError",
    "BlobProver",
    "BlobSidecar",
    "CalldataError",
    "CheckpointConflictError",
    "CheckpointOnL1",
    "ContractRevertError",
    "ContractSet",
    "DeployConfig",
    "DeployError",
    "Deployment",
    "EpochSettler",
    "GenesisRoots",
    "L1Account",
    "L1ArtifactError",
    "L1Client",
    "L1DecodeError",
    "L1Error",
    "L1RpcError",
    "L1Snapshot",
    "L1Time",
    "L1UnavailableError",
    "L1View",
    "ProofWindowClosedError",
    "ProposeRequest",
    "PublishError",
    "Publisher",
    "RollupReader",
    "RollupStatus",
    "RollupTips",
    "SenderOptions",
    "Settlement",
    "SidecarForm",
    "SlotClock",
    "SlotPlan",
    "TransactionRevertedError",
    "TransactionSender",
    "TransactionTimeoutError",
    "WrongChainError",
    "attach",
    "deploy",
    "sleep_until_stopped",
    "warm_up_blobs",
]
