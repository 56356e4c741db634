"""What the local network's rollup is deployed with, and the rollup version that follows from it.

Authority: @aztec/l1-artifacts l1-contracts/script/deploy/{DeployAztecL1Contracts.s,RollupConfiguration}.sol,
generated/default.json; @aztec/aztec src/local-network/local-network.ts for the overrides (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aztecd.crypto.keccak import keccak256
from aztecd.l1.abi import abi_encode
from aztecd.protocol.basic import EthAddress

__all__ = [
    "CONFIG_TYPE",
    "GENESIS_TYPE",
    "GOVERNANCE_CONFIG",
    "ZERO_ADDRESS",
    "DeployConfig",
    "GenesisRoots",
    "rollup_version",
]

ZERO_ADDRESS = EthAddress(bytes(20))

GENESIS_TYPE = "(bytes32,bytes32,bytes32)"
CONFIG_TYPE = (
    "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256[3],uint256,uint8,"
    "address,uint256,uint256,uint256,uint32,uint256,uint256,(address,uint32,address,uint96),"
    "(uint32,uint32,uint32,uint32,uint32),(uint256,uint256,uint256,uint256,uint256),uint256,uint256,uint256)"
)

_E18 = 10**18

GOVERNANCE_CONFIG = (
    (30 * 86400, 10**6 * _E18),  # lock delay and amount of a proposal
    60,  # voting delay
    3600,  # voting duration
    60,  # execution delay
    7 * 86400,  # grace period
    _E18 // 10,  # quorum
    4 * _E18 // 100,  # required yea margin
    400 * _E18,  # minimum votes
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenesisRoots:
    """What ties the rollup contract to the software that builds on it. All are 32 bytes."""

    vk_tree_root: bytes
    protocol_contracts_hash: bytes
    archive_root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployConfig:
    """The choices of a local network; everything else is fixed."""

    chain_id: int
    genesis: GenesisRoots
    prefunded_accounts: int
    """Accounts that genesis gives fee juice; the portal is funded for them."""
    slot_duration_s: int = 72
    epoch_duration: int = 2
    mana_target: int = 100_000_000

    @property
    def portal_balance(self) -> int:
        """Fee juice behind the prefunded accounts: 10^22 each."""
        return self.prefunded_accounts * 10_000 * _E18

    def rollup_config(self, reward_distributor: bytes, version: int) -> tuple[Any, ...]:
        """The constructor's configuration struct, in the order of `RollupConfigInput`."""
        slashing_round = 4 * self.epoch_duration
        return (
            self.slot_duration_s,
            self.epoch_duration,
            0,  # target committee size: anybody may propose
            2,  # lag in epochs for the validator set
            1,  # lag in epochs for randao
            1,  # proof submission epochs
            slashing_round // 2 + 1,  # slashing quorum
            slashing_round,
            5,  # slashing lifetime in rounds
            0,  # slashing execution delay in rounds
            (10 * _E18, 20 * _E18, 50 * _E18),
            2,  # slashing offset in rounds
            0,  # slasher flavour: none
            ZERO_ADDRESS,  # slashing vetoer
            5 * 86400,  # slashing disable duration
            self.mana_target,
            2 * 86400,  # exit delay
            version,
            100,  # proving cost per mana, in wei
            10**7,  # ETH per fee asset, with precision 10^12
            (reward_distributor, 7000, ZERO_ADDRESS, 500 * _E18),
            (125000, 15000000, 1000, 100000, 1000000),  # reward boost
            (0, 0, 48, 2, 48),  # staking queue
            98 * _E18,  # local ejection threshold
            0,  # earliest time at which rewards can be claimed
            1,  # inbox lag
        )

    def genesis_state(self) -> tuple[bytes, bytes, bytes]:
        """The constructor's genesis struct."""
        return (self.genesis.vk_tree_root, self.genesis.protocol_contracts_hash, self.genesis.archive_root)

    def version(self, reward_distributor: bytes) -> int:
        """The rollup version that this configuration gives."""
        return rollup_version(self.rollup_config(reward_distributor, 0), self.genesis_state())


def rollup_version(config: tuple[Any, ...], genesis: tuple[bytes, bytes, bytes]) -> int:
    """Hash configuration (with version 0) and genesis state to the 32-bit rollup version.

    Rule: DeployRollupLib.sol, `_computeConfigVersion`.
    """
    return int.from_bytes(keccak256(abi_encode([CONFIG_TYPE, GENESIS_TYPE], [config, genesis]))[:4], "big")
