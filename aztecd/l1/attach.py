"""Read everything a node must know about an Aztec deployment from its Registry.

Authority: @aztec/ethereum src/contracts/registry.ts, src/queries.ts, src/l1_contract_addresses.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.crypto.keccak import keccak256
from aztecd.l1.client import L1Client, hex_quantity
from aztecd.l1.deploy_config import GenesisRoots
from aztecd.l1.errors import AttachError, L1DecodeError
from aztecd.l1.reads import BoundContract, hex_bytes, read_settled
from aztecd.protocol.basic import EthAddress
from aztecd.protocol.node_types import L1ContractAddresses

if TYPE_CHECKING:
    from aztecd.l1.contracts import ContractSet

__all__ = ["Deployment", "attach", "genesis_differences"]

_STF_STORAGE = int.from_bytes(keccak256(b"aztec.stf.storage"), "big")
_VK_TREE_ROOT_WORD = _STF_STORAGE + 3
_PROTOCOL_CONTRACTS_HASH_WORD = _STF_STORAGE + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One rollup on one chain: where its contracts are and what they were deployed with."""

    chain_id: int
    addresses: L1ContractAddresses
    rollup_version: int
    genesis_time: int
    """Timestamp of the L1 block that created the rollup; slot 0 starts there."""
    l1_start_block: int
    """The L1 block that created the rollup; no event of it is older."""
    slot_duration_s: int
    epoch_duration: int
    proof_submission_epochs: int
    target_committee_size: int
    mana_target: int
    vk_tree_root: bytes
    protocol_contracts_hash: bytes
    genesis_archive_root: bytes

    @property
    def mana_limit(self) -> int:
        """The most mana of a checkpoint: twice the target. Authority: l1-contracts FeeLib.sol."""
        return 2 * self.mana_target


def genesis_differences(deployment: Deployment, ours: GenesisRoots) -> str | None:
    """Say what the rollup was deployed with that we do not have, both values named; None if we agree."""
    pairs = {
        "genesis archive root": (deployment.genesis_archive_root, ours.archive_root),
        "tree of verification keys": (deployment.vk_tree_root, ours.vk_tree_root),
        "protocol contracts": (deployment.protocol_contracts_hash, ours.protocol_contracts_hash),
    }
    differences = [
        f"{name} 0x{theirs.hex()} on L1, 0x{own.hex()} here"
        for name, (theirs, own) in pairs.items()
        if theirs != own
    ]
    return "; ".join(differences) or None


def attach(
    client: L1Client,
    contracts: ContractSet,
    registry: EthAddress,
    *,
    version: int | None = None,
    known: L1ContractAddresses | None = None,
) -> Deployment:
    """Read a deployment, in three round trips.

    `version` picks a rollup, else it is the canonical one. `known` fills in the addresses that can't be
    found out from the Registry.

    Raises:
        AttachError: there is no Registry, or what it names is no complete deployment.
        L1UnavailableError: the node can't be reached.
    """
    registry_contract = BoundContract(contracts.abi("Registry"), registry)
    try:
        rollup_read = (
            registry_contract.read("getCanonicalRollup")
            if version is None
            else registry_contract.read("getRollup", version)
        )
        first = read_settled(client, [rollup_read, registry_contract.read("getGovernance")])
    except L1DecodeError as error:
        raise AttachError(f"the contract at 0x{registry.hex()} is no Aztec Registry") from error
    if None in first:
        which = "canonical rollup" if version is None else f"rollup with version {version}"
        raise AttachError(
            f"there is no Aztec Registry with a {which} at 0x{registry.hex()} on {client.display_url}"
        )
    return _attach_rollup(client, contracts, registry, rollup=first[0], governance=first[1], known=known)


def _attach_rollup(
    client: L1Client,
    contracts: ContractSet,
    registry_address: EthAddress,
    *,
    rollup: EthAddress,
    governance: EthAddress,
    known: L1ContractAddresses | None,
) -> Deployment:
    rollup_contract = BoundContract(contracts.abi("Rollup"), rollup)
    names = (
        "getInbox",
        "getOutbox",
        "getFeeAsset",
        "getStakingAsset",
        "getFeeAssetPortal",
        "getRewardDistributor",
        "getGSE",
        "getVersion",
        "getGenesisTime",
        "L1_BLOCK_AT_GENESIS",
        "getSlotDuration",
        "getEpochDuration",
        "getProofSubmissionEpochs",
        "getTargetCommitteeSize",
        "getManaTarget",
    )
    reads = [rollup_contract.read(name) for name in names]
    reads.append(rollup_contract.read("archiveAt", 0))
    reads.append(BoundContract(contracts.abi("Governance"), governance).read("governanceProposer"))
    try:
        values = dict(
            zip((*names, "archiveAt", "governanceProposer"), read_settled(client, reads), strict=True)
        )
    except L1DecodeError as error:
        raise AttachError(f"the contract at 0x{rollup.hex()} is no Aztec rollup of 4.1.2") from error
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise AttachError(
            f"the contract at 0x{rollup.hex()} is no Aztec rollup of 4.1.2: no {', '.join(missing[:3])}"
        )

    fee_asset = BoundContract(contracts.abi("TestERC20"), values["getFeeAsset"])
    inbox = BoundContract(contracts.abi("Inbox"), values["getInbox"])
    owner, lag = read_settled(client, [fee_asset.read("owner"), inbox.read("LAG")])
    word = f"0x{rollup.hex()}"
    chain_id, vk_tree_root, protocol_contracts_hash = client.batch(
        [
            ("eth_chainId", []),
            ("eth_getStorageAt", [word, hex_quantity(_VK_TREE_ROOT_WORD), "latest"]),
            ("eth_getStorageAt", [word, hex_quantity(_PROTOCOL_CONTRACTS_HASH_WORD), "latest"]),
        ]
    )
    if lag is None:
        raise AttachError(f"the contract at 0x{inbox.address.hex()} is no Aztec Inbox of 4.1.2")
    addresses = L1ContractAddresses(
        registry_address=registry_address,
        rollup_address=rollup,
        inbox_address=values["getInbox"],
        outbox_address=values["getOutbox"],
        fee_juice_address=values["getFeeAsset"],
        staking_asset_address=values["getStakingAsset"],
        fee_juice_portal_address=values["getFeeAssetPortal"],
        coin_issuer_address=owner or EthAddress(bytes(20)),
        reward_distributor_address=values["getRewardDistributor"],
        governance_proposer_address=values["governanceProposer"],
        governance_address=governance,
        gse_address=values["getGSE"],
        slash_factory_address=known.slash_factory_address if known else None,
        fee_asset_handler_address=known.fee_asset_handler_address if known else None,
        staking_asset_handler_address=known.staking_asset_handler_address if known else None,
        zk_passport_verifier_address=known.zk_passport_verifier_address if known else None,
        date_gated_relayer_address=known.date_gated_relayer_address if known else None,
    )
    return Deployment(
        chain_id=int(chain_id, 16),
        addresses=addresses,
        rollup_version=values["getVersion"],
        genesis_time=values["getGenesisTime"],
        l1_start_block=values["L1_BLOCK_AT_GENESIS"],
        slot_duration_s=values["getSlotDuration"],
        epoch_duration=values["getEpochDuration"],
        proof_submission_epochs=values["getProofSubmissionEpochs"],
        target_committee_size=values["getTargetCommitteeSize"],
        mana_target=values["getManaTarget"],
        vk_tree_root=hex_bytes(vk_tree_root).rjust(32, b"\0"),
        protocol_contracts_hash=hex_bytes(protocol_contracts_hash).rjust(32, b"\0"),
        genesis_archive_root=values["archiveAt"],
    )
