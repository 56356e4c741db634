"""Find the rollup that a node is to join, and agree with it on the genesis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from aztecd.config import Config, ConfigError, Settings
from aztecd.constants import PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import FieldError, fr_from_hex
from aztecd.l1 import AttachError, ContractSet, Deployment, GenesisRoots, L1Client, attach
from aztecd.l1.attach import genesis_differences
from aztecd.localnet.accounts import DEVELOPMENT_CHAIN_ID, FUNDED_ADDRESSES, genesis_public_data
from aztecd.node.record import DataDirError, NetworkRecord
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.state import build_genesis

__all__ = ["Place", "Rollup", "join", "place_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a user must name: there is no default that would make sense."""

    l1_url: str
    registry: EthAddress
    data_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """The rollup that is joined."""

    deployment: Deployment
    prefunded: tuple[AztecAddress, ...]
    """Who holds fee juice at genesis."""


def place_of(config: Config) -> Place:
    """Take what must be named from the settings. Raises ConfigError that names all that is missing."""
    needed = {
        "--l1-rpc-url": config.l1.rpc_url,
        "--registry": config.l1.registry,
        "--data-dir": config.data_dir,
    }
    missing = [flag for flag, value in needed.items() if value is None]
    if missing or config.l1.rpc_url is None or config.l1.registry is None or config.data_dir is None:
        raise ConfigError(
            f"aztecd node needs {' and '.join(missing)}: it joins the rollup of a Registry on L1, and keeps "
            "the chain in a data directory"
        )
    registry = EthAddress(bytes.fromhex(config.l1.registry.removeprefix("0x")))
    return Place(l1_url=config.l1.rpc_url, registry=registry, data_dir=config.data_dir)


def join(
    settings: Settings, place: Place, client: L1Client, contracts: ContractSet, data_dir: Path
) -> Rollup:
    """Find the rollup, and remember it in a new data directory.

    Raises:
        DataDirError: the directory belongs to another chain, Registry, rollup or genesis.
        AttachError: there is no rollup, or it was deployed with another genesis or release.
        L1UnavailableError: the L1 node can't be reached.
    """
    config = settings.config
    if settings.is_given("l1.chain_id"):
        client.require_chain(config.l1.chain_id)
    record = NetworkRecord.load(data_dir)
    version = config.l1.rollup_version
    if record is not None:
        _require_same(record, place, client, version, data_dir)
        version = record.rollup_version
    deployment = attach(
        client,
        contracts,
        place.registry,
        version=version,
        known=None if record is None else record.addresses,
    )
    deployment = _with_faucet(deployment, config, client)
    prefunded = _prefunded(config, record, deployment.chain_id, data_dir)
    _require_genesis(deployment, prefunded)
    if record is None:
        NetworkRecord(
            chain_id=deployment.chain_id,
            rollup_version=deployment.rollup_version,
            addresses=deployment.addresses,
            genesis_time=deployment.genesis_time,
            prefunded=prefunded,
            standard_contracts=False,
        ).save(data_dir)
    elif record.genesis_time not in {None, deployment.genesis_time}:
        raise _other(
            data_dir,
            f"a rollup that was created at L1 time {record.genesis_time}",
            f"the one at {client.display_url} at {deployment.genesis_time}",
        )
    return Rollup(deployment=deployment, prefunded=prefunded)


def _with_faucet(deployment: Deployment, config: Config, client: L1Client) -> Deployment:
    """Add the address of the faucet, which must be a contract."""
    given = config.l1.fee_asset_handler
    if given is None:
        return deployment
    if client.call("eth_getCode", given, "latest") in {None, "0x"}:
        raise ConfigError(f"l1.fee_asset_handler: there is no contract at {given} on {client.display_url}")
    faucet = EthAddress(bytes.fromhex(given.removeprefix("0x")))
    return replace(deployment, addresses=deployment.addresses.replace(fee_asset_handler_address=faucet))


def _require_same(
    record: NetworkRecord, place: Place, client: L1Client, version: int | None, data_dir: Path
) -> None:
    chain_id = client.chain_id()
    if record.chain_id != chain_id:
        raise _other(data_dir, f"L1 chain {record.chain_id}", f"{client.display_url} has chain {chain_id}")
    registry = record.addresses.registry_address
    if registry != place.registry:
        raise _other(data_dir, f"the Registry 0x{registry.hex()}", f"not 0x{place.registry.hex()}")
    if version not in {None, record.rollup_version}:
        raise _other(data_dir, f"rollup version {record.rollup_version}", f"not {version}")


def _prefunded(
    config: Config, record: NetworkRecord | None, chain_id: int, data_dir: Path
) -> tuple[AztecAddress, ...]:
    chosen = config.genesis.prefunded_addresses
    wanted = None if chosen is None else tuple(dict.fromkeys(map(_address, chosen)))
    if record is None:
        if wanted is not None:
            return wanted
        return FUNDED_ADDRESSES if chain_id == DEVELOPMENT_CHAIN_ID else ()
    known = FUNDED_ADDRESSES if record.prefunded is None else record.prefunded
    if wanted is not None and set(wanted) != set(known):
        raise _other(data_dir, f"a genesis with {len(known)} prefunded addresses", "not with those given")
    return known


def _address(text: str) -> AztecAddress:
    try:
        return AztecAddress(fr_from_hex(text))
    except FieldError:
        raise ConfigError(f"genesis.prefunded_addresses: {text} is no field element") from None


def _require_genesis(deployment: Deployment, prefunded: tuple[AztecAddress, ...]) -> None:
    ours = GenesisRoots(
        vk_tree_root=VK_TREE_ROOT,
        protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
        archive_root=build_genesis(genesis_public_data(prefunded)).archive_root,
    )
    differences = genesis_differences(deployment, ours)
    if differences is None:
        return
    hint = (
        f"; the genesis here has {len(prefunded)} prefunded addresses, see --prefunded-address"
        if deployment.genesis_archive_root != ours.archive_root
        else ""
    )
    rollup = deployment.addresses.rollup_address
    raise AttachError(f"the rollup at 0x{rollup.hex()} was deployed with something else: {differences}{hint}")


def _other(data_dir: Path, ours: str, theirs: str) -> DataDirError:
    return DataDirError(
        f"the data directory {data_dir} belongs to {ours}, {theirs}: start with what belongs to it, or with "
        "an empty directory"
    )
