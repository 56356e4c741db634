"""From a URL to a wallet.

async with connect("http://127.0.0.1:8080", WalletSetup(...)) as client:
    account = await client.create_account()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aztecd.client.accounts import AccountManager
from aztecd.client.contract import Contract
from aztecd.client.deployment import Deployment
from aztecd.client.events import PublicEvents, get_public_events
from aztecd.client.node_http import HttpNode
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockNumber, EthAddress, TxHash
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret
from aztecd.storage import LevelStore, MemoryStore
from aztecd.wallet.api import EventDefinition
from aztecd.wallet.opening import WalletSetup, open_wallet
from aztecd.wallet.wallet import LocalWallet

if TYPE_CHECKING:
    from aztecd.client.bridge import FeeJuiceBridge, TokenPortal
    from aztecd.client.l1_contracts import L1Contracts

__all__ = ["Client", "connect"]


@dataclass(frozen=True, slots=True)
class Client:
    """A wallet and the node that it works on."""

    node: HttpNode
    wallet: LocalWallet

    async def create_account(
        self,
        kind: AccountKind = AccountKind.SCHNORR,
        *,
        secret: Secret | None = None,
        salt: Fr | None = None,
        signing_key: Secret | None = None,
        alias: str = "",
    ) -> AccountManager:
        """Take an account into the wallet; what is not given is drawn at random."""
        return await AccountManager.create(
            self.wallet, kind, secret=secret, salt=salt, signing_key=signing_key, alias=alias
        )

    def contract(self, address: AztecAddress, artifact: ContractArtifact) -> Contract:
        """Give a contract that exists."""
        return Contract.at(address, artifact, self.wallet)

    def deploy(self, artifact: ContractArtifact, *arguments: Any, **options: Any) -> Deployment[Contract]:
        """Prepare the deployment of a contract; the options are those of `Contract.deploy`."""
        return Contract.deploy(self.wallet, artifact, *arguments, **options)

    def open_l1(
        self, url: str, key: bytes, *, artifacts: Path | None = None
    ) -> AbstractAsyncContextManager[L1Contracts]:
        """Open an account on L1 by its key, for bridges; raises as `L1Contracts.open`."""
        from aztecd.client.l1_contracts import L1Contracts  # noqa: PLC0415 - web3 is slow to import

        return L1Contracts.open(self.node, l1_url=url, l1_key=key, l1_artifacts=artifacts)

    def fee_juice_bridge(self, l1: L1Contracts) -> FeeJuiceBridge:
        """Give the bridge that fee juice comes by."""
        from aztecd.client.bridge import FeeJuiceBridge  # noqa: PLC0415 - web3 is slow to import

        return FeeJuiceBridge(self.node, l1)

    def token_portal(self, l1: L1Contracts, address: EthAddress) -> TokenPortal:
        """Give a portal on L1 that exists."""
        from aztecd.client.bridge import TokenPortal  # noqa: PLC0415 - web3 is slow to import

        return TokenPortal(self.node, l1, address)

    async def public_events(
        self,
        definition: EventDefinition,
        *,
        contract_address: AztecAddress | None = None,
        from_block: BlockNumber | None = None,
        to_block: BlockNumber | None = None,
        tx_hash: TxHash | None = None,
    ) -> PublicEvents:
        """Find public events; `to_block` is exclusive."""
        return await get_public_events(
            self.node,
            definition,
            contract_address=contract_address,
            from_block=from_block,
            to_block=to_block,
            tx_hash=tx_hash,
        )


@asynccontextmanager
async def connect(
    url: str,
    setup: WalletSetup,
    *,
    data_dir: Path | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Client]:
    """Open a wallet against a node; without a data directory it is forgotten at the end.

    Raises as `open_wallet`, and errors of the node.
    """
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(HttpNode.connect(url, headers=headers))
        store = MemoryStore() if data_dir is None else LevelStore.open(data_dir)
        stack.enter_context(closing(store))
        wallet = await stack.enter_async_context(open_wallet(node, store, setup))
        yield Client(node, wallet)
