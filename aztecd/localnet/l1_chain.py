"""The L1 chain of a local network: a child Anvil or a node that already runs, with the rollup's contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from aztecd.config import L1Config
from aztecd.constants import PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import Fr
from aztecd.l1 import (
    AttachError,
    ContractSet,
    DeployConfig,
    Deployment,
    GenesisRoots,
    L1Account,
    L1Client,
    attach,
    deploy,
)
from aztecd.localnet.accounts import FUNDED_ADDRESSES
from aztecd.localnet.anvil import Anvil, AnvilOptions
from aztecd.node.record import DataDirError, NetworkRecord
from aztecd.protocol.basic import EthAddress

__all__ = ["L1Chain", "l1_chain", "prepare_contracts"]

_log = structlog.get_logger("aztecd.localnet")


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Chain:
    """A running L1 node. What its methods are for is in our hands with an Anvil of our own only."""

    url: str
    anvil: Anvil | None = None

    def save(self) -> None:
        """Keep its state in case the power fails."""
        if self.anvil is not None:
            self.anvil.save()

    def trust_blobs_of(self, account: EthAddress) -> None:
        """Let nobody wait until the node can check blobs."""
        if self.anvil is not None:
            self.anvil.trust_blobs_of(account)

    def check_blobs_of(self, account: EthAddress) -> None:
        """Take no blobs unchecked any more."""
        if self.anvil is not None:
            self.anvil.check_blobs_of(account)


@contextmanager
def l1_chain(config: L1Config, *, program: Path, data_dir: Path, continues: bool = True) -> Iterator[L1Chain]:
    """Give the L1 node; an Anvil of our own is stopped, with its state saved, at the end.

    It begins a new chain unless it `continues`: a start that was cut short can leave half a deployment.
    """
    if config.rpc_url is not None:
        yield L1Chain(url=config.rpc_url)
        return
    anvil = Anvil.start(
        AnvilOptions(
            program=program,
            data_dir=data_dir / "l1",
            port=config.port,
            chain_id=config.chain_id,
            continues=continues,
        )
    )
    _log.debug("anvil_started", port=anvil.port, pid=anvil.pid)
    try:
        yield L1Chain(url=anvil.url, anvil=anvil)
    finally:
        anvil.stop()


def prepare_contracts(
    client: L1Client,
    contracts: ContractSet,
    account: L1Account,
    *,
    config: L1Config,
    data_dir: Path,
    genesis_archive_root: Fr,
    standard_contracts: bool,
) -> Deployment:
    """Find the contracts that the data directory belongs to, or deploy new ones for a new directory.

    `standard_contracts` is remembered of a new network.
    Raises DataDirError when directory and L1 do not belong together, or what deploying raises.
    """
    client.require_chain(config.chain_id)
    record = NetworkRecord.load(data_dir)
    if record is not None:
        return _attach_known(client, contracts, record, data_dir, genesis_archive_root)
    deployment = deploy(
        client,
        contracts,
        account,
        DeployConfig(
            chain_id=config.chain_id,
            genesis=GenesisRoots(
                vk_tree_root=VK_TREE_ROOT,
                protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
                archive_root=genesis_archive_root,
            ),
            prefunded_accounts=len(FUNDED_ADDRESSES),
        ),
        allow_used_account=config.rpc_url is not None,
    )
    NetworkRecord(
        chain_id=deployment.chain_id,
        rollup_version=deployment.rollup_version,
        addresses=deployment.addresses,
        genesis_time=deployment.genesis_time,
        prefunded=FUNDED_ADDRESSES,
        standard_contracts=standard_contracts,
    ).save(data_dir)
    return deployment


def _attach_known(
    client: L1Client, contracts: ContractSet, record: NetworkRecord, data_dir: Path, genesis_archive_root: Fr
) -> Deployment:
    try:
        deployment = attach(
            client,
            contracts,
            record.addresses.registry_address,
            version=record.rollup_version,
            known=record.addresses,
        )
    except AttachError as error:
        raise DataDirError(
            f"the data directory {data_dir} belongs to a rollup that the L1 chain at {client.display_url} "
            f"does not have ({error}); start with its own L1 chain, or with an empty data directory"
        ) from error
    if deployment.genesis_archive_root != genesis_archive_root:
        raise DataDirError(
            "the rollup was deployed for another genesis: archive root "
            f"0x{deployment.genesis_archive_root.hex()} on L1, 0x{genesis_archive_root.hex()} here"
        )
    return deployment
