"""What applications can ask of a wallet, and what a wallet asks of its node and its PXE.

Authority: @aztec/aztec.js src/wallet/wallet.ts (`Wallet`) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.abi import AbiType
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from aztecd.pxe.results import ProfileResult, UtilityResult
from aztecd.wallet.intents import Intent
from aztecd.wallet.options import ProfileOptions, SendOptions, SimulateOptions
from aztecd.wallet.results import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    FoundEvent,
    SendResult,
    Simulation,
)

__all__ = ["EventDefinition", "PrivateEventQuery", "Wallet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDefinition:
    """How an event is recognised and decoded."""

    selector: FunctionSelector
    type: AbiType
    field_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateEventQuery:
    """Which private events are wanted; `to_block` is exclusive, no bound means all."""

    contract_address: AztecAddress
    scopes: tuple[AztecAddress, ...]
    from_block: BlockNumber | None = None
    to_block: BlockNumber | None = None
    tx_hash: TxHash | None = None


class Wallet(Protocol):
    """Accounts, and everything that is done in their name."""

    async def get_chain_info(self) -> ChainInfo:
        """Say which chain the wallet works on."""
        ...

    async def get_contract_metadata(self, address: AztecAddress) -> ContractMetadata:
        """Tell what is known about a contract."""
        ...

    async def get_function_name(self, address: AztecAddress, selector: FunctionSelector) -> str | None:
        """Give the name of a registered contract's function; None when it is not known."""
        ...

    async def get_class_metadata(self, class_id: Fr) -> ClassMetadata:
        """Tell what is known about a contract class."""
        ...

    async def get_private_events(
        self, definition: EventDefinition, query: PrivateEventQuery
    ) -> list[FoundEvent]:
        """Find private events of own accounts."""
        ...

    async def register_sender(self, address: AztecAddress, alias: str = "") -> AztecAddress:
        """Look for notes that this address sends."""
        ...

    async def get_address_book(self) -> list[Aliased[AztecAddress]]:
        """List the registered senders."""
        ...

    async def get_accounts(self) -> list[Aliased[AztecAddress]]:
        """List the own accounts."""
        ...

    async def register_contract(
        self,
        instance: ContractInstanceWithAddress,
        artifact: ContractArtifact | None = None,
        secret: Secret | None = None,
    ) -> ContractInstanceWithAddress:
        """Learn about a contract; with a secret, it is an account whose keys are kept."""
        ...

    async def simulate_tx(self, payload: ExecutionPayload, options: SimulateOptions) -> Simulation:
        """Tell what a transaction would do."""
        ...

    async def execute_utility(
        self, call: FunctionCall, *, scope: AztecAddress, auth_witnesses: Sequence[AuthWitness] = ()
    ) -> UtilityResult:
        """Run a utility function."""
        ...

    async def profile_tx(self, payload: ExecutionPayload, options: ProfileOptions) -> ProfileResult:
        """Tell what the steps of a transaction take."""
        ...

    async def send_tx(self, payload: ExecutionPayload, options: SendOptions) -> SendResult:
        """Make, prove and send a transaction, and wait for it if that is wanted."""
        ...

    async def create_auth_witness(self, account: AztecAddress, intent: Intent) -> AuthWitness:
        """Let an account approve what somebody else will do."""
        ...
