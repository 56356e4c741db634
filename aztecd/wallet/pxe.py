"""What a wallet asks of its PXE.

Authority: @aztec/pxe src/pxe.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.receipt import DebugLog
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.execution.views import Scopes
from aztecd.pxe.keys import CompleteAddress, Secret
from aztecd.pxe.requests import AuthWitness, FunctionCall, TxExecutionRequest
from aztecd.pxe.results import PrivateEvent, ProfileResult, ProvingResult, SimulationResult, UtilityResult
from aztecd.pxe.stores import ContractOverride

__all__ = ["WalletPxe"]


class WalletPxe(Protocol):
    """Private execution, notes and keys."""

    async def register_account(self, secret: Secret, partial_address: Fr) -> CompleteAddress: ...  # noqa: D102
    def get_registered_accounts(self) -> Sequence[CompleteAddress]: ...  # noqa: D102
    async def register_sender(self, address: AztecAddress) -> AztecAddress: ...  # noqa: D102
    def get_senders(self) -> Sequence[AztecAddress]: ...  # noqa: D102
    async def register_contract(  # noqa: D102
        self, instance: ContractInstanceWithAddress, artifact: ContractArtifact | None = None
    ) -> None: ...
    async def update_contract(self, address: AztecAddress, artifact: ContractArtifact) -> None: ...  # noqa: D102
    def get_contract_instance(  # noqa: D102
        self, address: AztecAddress
    ) -> ContractInstanceWithAddress | None: ...
    async def get_contract_artifact(self, class_id: Fr) -> ContractArtifact | None: ...  # noqa: D102
    def get_synced_block_header(self) -> BlockHeader | None: ...  # noqa: D102
    async def prove_tx(self, request: TxExecutionRequest, scopes: Scopes) -> ProvingResult: ...  # noqa: D102
    async def simulate_tx(  # noqa: D102
        self,
        request: TxExecutionRequest,
        *,
        simulate_public: bool,
        skip_tx_validation: bool = False,
        skip_fee_enforcement: bool = False,
        overrides: Mapping[AztecAddress, ContractOverride] | None = None,
        scopes: Scopes,
    ) -> SimulationResult: ...
    async def profile_tx(self, request: TxExecutionRequest, *, scopes: Scopes) -> ProfileResult: ...  # noqa: D102
    async def execute_utility(  # noqa: D102
        self, call: FunctionCall, *, auth_witnesses: Sequence[AuthWitness] = (), scopes: Scopes
    ) -> UtilityResult: ...
    async def log_public_lines(self, lines: Sequence[DebugLog]) -> None: ...  # noqa: D102
    async def get_private_events(  # noqa: D102
        self,
        selector: FunctionSelector,
        *,
        contract: AztecAddress,
        scopes: tuple[AztecAddress, ...],
        from_block: BlockNumber | None = None,
        to_block: BlockNumber | None = None,
        tx_hash: TxHash | None = None,
    ) -> Sequence[PrivateEvent]: ...
