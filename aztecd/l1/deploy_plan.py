"""The transactions that deploy the local network's contracts, worked out before anything is sent.

A contract's address follows from its creator's address and nonce, so all constructor arguments are known
in advance and the transactions can be sent together. With account 0 of the development mnemonic on a fresh
chain, the addresses and the rollup version are those of the reference's local network.

Authority: @aztec/l1-artifacts l1-contracts/script/deploy/DeployAztecL1Contracts.s.sol (4.1.2) for the steps
and their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aztecd.l1.deploy_config import CONFIG_TYPE, GENESIS_TYPE, GOVERNANCE_CONFIG, ZERO_ADDRESS, DeployConfig
from aztecd.l1.errors import L1ArtifactError
from aztecd.l1.transaction import L1Transaction, create2_address, create_address
from aztecd.protocol.basic import EthAddress
from aztecd.protocol.node_types import L1ContractAddresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aztecd.l1.contracts import ContractSet

__all__ = [
    "CREATE2_FACTORY",
    "LIBRARIES",
    "MULTICALL3",
    "MULTICALL3_DEPLOYER",
    "DeploymentPlan",
    "PlannedStep",
    "Present",
    "library_addresses",
    "plan_deployment",
]

MULTICALL3 = EthAddress(bytes.fromhex("cA11bde05977b3631167028862bE2a173976CA11"))
MULTICALL3_DEPLOYER = EthAddress(bytes.fromhex("05f32b3cc3888453ff71b01135b34ff8e41263f2"))
CREATE2_FACTORY = EthAddress(bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C"))

LIBRARIES = (
    "EmpireSlasherDeploymentExtLib",
    "ValidatorOperationsExtLib",
    "TallySlasherDeploymentExtLib",
    "RollupOperationsExtLib",
    "RewardExtLib",
)

_SALT = bytes(32)
_E18 = 10**18
_DATE_GATED_RELAYER_DATE = 1798761600
_BYPASS_ADDRESS = bytes.fromhex("3b218d0F26d15B36C715cB06c949210a0d630637")
_PASSPORT_DOMAIN = "sequencer.alpha-testnet.aztec.network"
_PASSPORT_SCOPE = "personhood"

# Gas that each step used on Anvil; limits are a bit above, so that no estimate has to be asked for.
_GAS = {
    "fund the Multicall3 deployer": 21_000,
    "library EmpireSlasherDeploymentExtLib": 2_261_212,
    "library ValidatorOperationsExtLib": 5_014_854,
    "library TallySlasherDeploymentExtLib": 4_464_513,
    "library RollupOperationsExtLib": 5_369_451,
    "library RewardExtLib": 2_383_048,
    "staking asset": 759_996,
    "fee asset": 760_008,
    "mint fee asset": 70_674,
    "CoinIssuer": 468_190,
    "GSE": 3_730_262,
    "Registry": 695_071,
    "GovernanceProposer": 2_002_530,
    "Governance": 3_096_745,
    "set governance of GSE": 29_189,
    "DateGatedRelayer": 330_656,
    "FeeAssetHandler": 283_100,
    "let FeeAssetHandler mint": 47_337,
    "MockZKPassportVerifier": 219_872,
    "StakingAssetHandler": 1_621_827,
    "fund StakingAssetHandler": 70_722,
    "fund RewardDistributor": 53_598,
    "MockVerifier": 127_471,
    "Rollup": 8_559_976,
    "SlashFactory": 891_662,
    "fund FeeJuicePortal": 53_598,
    "register rollup": 97_368,
    "register rollup at GSE": 91_193,
    "give rollup to governance": 28_647,
    "give Registry to governance": 28_665,
    "give GSE to governance": 28_625,
    "offer fee asset to CoinIssuer": 47_833,
    "accept fee asset": 57_159,
    "give CoinIssuer to DateGatedRelayer": 28_671,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the chain has already."""

    multicall3: bool = False
    create2_factory: bool = True
    libraries: frozenset[EthAddress] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One transaction of the deployer."""

    label: str
    nonce: int
    transaction: L1Transaction
    creates: EthAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan:
    """All transactions, and what will be where once they are mined."""

    steps: tuple[PlannedStep, ...]
    addresses: L1ContractAddresses
    libraries: Mapping[str, EthAddress]
    verifier: EthAddress
    rollup_version: int
    needs_multicall3: bool


def library_addresses(contracts: ContractSet) -> dict[str, EthAddress]:
    """Where the CREATE2 factory puts the libraries."""
    return {
        name: create2_address(CREATE2_FACTORY, _SALT, contracts.artifact(name).creation_code())
        for name in LIBRARIES
    }


class _Planner:
    """Collects steps and counts nonces."""

    def __init__(self, contracts: ContractSet, sender: EthAddress, nonce: int) -> None:
        self.contracts = contracts
        self.sender = sender
        self.nonce = nonce
        self.steps: list[PlannedStep] = []

    def send(
        self,
        label: str,
        to: EthAddress | None,
        data: bytes,
        value: int = 0,
        creates: EthAddress | None = None,
    ) -> None:
        gas = _GAS[label] if not data else _GAS[label] * 115 // 100
        transaction = L1Transaction(to=to, data=data, gas=gas, value=value)
        self.steps.append(
            PlannedStep(label=label, nonce=self.nonce, transaction=transaction, creates=creates)
        )
        self.nonce += 1

    def create(
        self,
        contract: str,
        *arguments: Any,
        label: str | None = None,
        libraries: Mapping[str, bytes] | None = None,
    ) -> EthAddress:
        data = self.contracts.artifact(contract).deployment(*arguments, libraries=libraries)
        address = create_address(self.sender, self.nonce)
        self.send(label or contract, None, data, creates=address)
        return address

    def call(self, label: str, contract: str, address: EthAddress, function: str, *arguments: Any) -> None:
        data = self.contracts.abi(contract).function(function).encode(*arguments)
        self.send(label, address, data)


def plan_deployment(
    contracts: ContractSet, config: DeployConfig, *, sender: EthAddress, nonce: int, present: Present
) -> DeploymentPlan:
    """Work out every transaction of a deployment that starts at the sender's given nonce.

    Raises L1ArtifactError when an artifact is missing or does not fit.
    """
    _check_rollup_types(contracts)
    plan = _Planner(contracts, sender, nonce)
    if not present.multicall3:
        plan.send("fund the Multicall3 deployer", MULTICALL3_DEPLOYER, b"", 10**17)
    libraries = _plan_libraries(plan, present)

    stk = plan.create("TestERC20", "Staking", "STK", sender, label="staking asset")
    fee = plan.create("TestERC20", "FeeJuice", "FEE", sender, label="fee asset")
    plan.call("mint fee asset", "TestERC20", fee, "mint", sender, _E18)
    coin_issuer = plan.create("CoinIssuer", fee, _E18 // 5, sender)
    gse = plan.create("GSE", sender, stk, 100 * _E18, 50 * _E18)
    registry = plan.create("Registry", sender, fee)
    reward_distributor = create_address(registry, 1)
    proposer = plan.create("GovernanceProposer", registry, gse, 151, 300)
    governance = plan.create("Governance", stk, proposer, ZERO_ADDRESS, GOVERNANCE_CONFIG)
    plan.call("set governance of GSE", "GSE", gse, "setGovernance", governance)
    relayer = plan.create("DateGatedRelayer", governance, _DATE_GATED_RELAYER_DATE)
    fee_handler = plan.create("FeeAssetHandler", sender, fee, 1000 * _E18)
    plan.call("let FeeAssetHandler mint", "TestERC20", fee, "addMinter", fee_handler)
    passport = plan.create("MockZKPassportVerifier")
    staking_handler = plan.create(
        "StakingAssetHandler",
        (
            sender,
            stk,
            registry,
            10**6 * _E18,
            passport,
            [_BYPASS_ADDRESS],
            _PASSPORT_DOMAIN,
            _PASSPORT_SCOPE,
            True,
        ),
    )
    plan.call("fund StakingAssetHandler", "TestERC20", stk, "mint", staking_handler, 10**11 * _E18)
    plan.call("fund RewardDistributor", "TestERC20", fee, "mint", reward_distributor, 200_000 * 500 * _E18)
    verifier = plan.create("MockVerifier")

    version = config.version(reward_distributor)
    rollup = plan.create(
        "Rollup",
        fee,
        stk,
        gse,
        verifier,
        sender,
        config.genesis_state(),
        config.rollup_config(reward_distributor, version),
        libraries=libraries,
    )
    # The rollup's first creation is the reward booster, then Inbox (which makes the portal) and Outbox.
    inbox, outbox = create_address(rollup, 2), create_address(rollup, 3)
    portal = create_address(inbox, 1)
    slash_factory = plan.create("SlashFactory", rollup)
    plan.call("fund FeeJuicePortal", "TestERC20", fee, "mint", portal, config.portal_balance)
    plan.call("register rollup", "Registry", registry, "addRollup", rollup)
    plan.call("register rollup at GSE", "GSE", gse, "addRollup", rollup)
    plan.call("give rollup to governance", "Rollup", rollup, "transferOwnership", governance)
    plan.call("give Registry to governance", "Registry", registry, "transferOwnership", governance)
    plan.call("give GSE to governance", "GSE", gse, "transferOwnership", governance)
    plan.call("offer fee asset to CoinIssuer", "TestERC20", fee, "transferOwnership", coin_issuer)
    plan.call("accept fee asset", "CoinIssuer", coin_issuer, "acceptTokenOwnership")
    plan.call("give CoinIssuer to DateGatedRelayer", "CoinIssuer", coin_issuer, "transferOwnership", relayer)

    return DeploymentPlan(
        steps=tuple(plan.steps),
        addresses=L1ContractAddresses(
            registry_address=registry,
            rollup_address=rollup,
            inbox_address=inbox,
            outbox_address=outbox,
            fee_juice_address=fee,
            staking_asset_address=stk,
            fee_juice_portal_address=portal,
            coin_issuer_address=coin_issuer,
            reward_distributor_address=reward_distributor,
            governance_proposer_address=proposer,
            governance_address=governance,
            gse_address=gse,
            slash_factory_address=slash_factory,
            fee_asset_handler_address=fee_handler,
            staking_asset_handler_address=staking_handler,
            zk_passport_verifier_address=passport,
            date_gated_relayer_address=relayer,
        ),
        libraries=libraries,
        verifier=verifier,
        rollup_version=version,
        needs_multicall3=not present.multicall3,
    )


def _plan_libraries(plan: _Planner, present: Present) -> dict[str, EthAddress]:
    """Create the libraries by CREATE2, or directly on chains that have no CREATE2 factory.

    Both ways use one nonce per library, so the other addresses do not depend on the way.
    """
    libraries: dict[str, EthAddress] = {}
    for name in LIBRARIES:
        code = plan.contracts.artifact(name).creation_code()
        label = f"library {name}"
        if not present.create2_factory:
            libraries[name] = create_address(plan.sender, plan.nonce)
            plan.send(label, None, code, creates=libraries[name])
            continue
        address = libraries[name] = create2_address(CREATE2_FACTORY, _SALT, code)
        if address not in present.libraries:
            plan.send(label, CREATE2_FACTORY, _SALT + code, creates=address)
    return libraries


def _check_rollup_types(contracts: ContractSet) -> None:
    """Refuse artifacts of another protocol version: the structs would be encoded wrongly."""
    inputs: Sequence[str] = contracts.abi("Rollup").constructor_inputs
    if list(inputs[-2:]) != [GENESIS_TYPE, CONFIG_TYPE]:
        raise L1ArtifactError("the Rollup artifact is not of protocol version 4.1.2; run `aztecd fetch`")
