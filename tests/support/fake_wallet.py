"""A wallet that notes what it is asked and answers from what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector, TxHash
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.receipt import TxReceipt
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from aztecd.pxe.results import ProfileResult, Timings, UtilityResult
from aztecd.wallet import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    EventDefinition,
    FoundEvent,
    Intent,
    PrivateEventQuery,
    PrivateReturns,
    ProfileOptions,
    PublicReturns,
    SendOptions,
    SendResult,
    SimulateOptions,
    Simulation,
)

ALICE = AztecAddress(fr(0xA11CE))
BOB = AztecAddress(fr(0xB0B))


class FakeWallet:
    """Mutable: `sent`, `simulated`, `registered` and `approved` grow; `values` says what calls return."""

    def __init__(self) -> None:
        self.sent: list[tuple[ExecutionPayload, SendOptions]] = []
        self.simulated: list[tuple[ExecutionPayload, SimulateOptions]] = []
        self.registered: list[ContractInstanceWithAddress] = []
        self.approved: list[tuple[AztecAddress, Intent]] = []
        self.published: set[Fr] = set()
        self.values: dict[str, tuple[Fr, ...]] = {}
        self.names: dict[FunctionSelector, str] = {}

    async def get_chain_info(self) -> ChainInfo:
        return ChainInfo(chain_id=31337, version=4)

    async def get_contract_metadata(self, address: AztecAddress) -> ContractMetadata:
        return ContractMetadata(instance=None, is_initialized=True, is_published=False, is_updated=False)

    async def get_function_name(self, address: AztecAddress, selector: FunctionSelector) -> str | None:
        return self.names.get(selector)

    async def get_class_metadata(self, class_id: Fr) -> ClassMetadata:
        return ClassMetadata(is_artifact_registered=True, is_published=class_id in self.published)

    async def get_private_events(
        self, definition: EventDefinition, query: PrivateEventQuery
    ) -> list[FoundEvent]:
        return []

    async def register_sender(self, address: AztecAddress, alias: str = "") -> AztecAddress:
        return address

    async def get_address_book(self) -> list[Aliased[AztecAddress]]:
        return [Aliased(alias="bob", item=BOB)]

    async def get_accounts(self) -> list[Aliased[AztecAddress]]:
        return [Aliased(alias="alice", item=ALICE)]

    async def register_contract(
        self,
        instance: ContractInstanceWithAddress,
        artifact: ContractArtifact | None = None,
        secret: Secret | None = None,
    ) -> ContractInstanceWithAddress:
        self.registered.append(instance)
        return instance

    async def simulate_tx(self, payload: ExecutionPayload, options: SimulateOptions) -> Simulation:
        self.simulated.append((payload, options))
        nested = tuple(
            PrivateReturns(
                contract_address=call.to,
                selector=call.selector,
                args_hash=call.hashed().hash,
                values=self.values.get(call.name, ()),
            )
            for call in payload.calls
            if call.type.value == "private"
        )
        public = tuple(
            PublicReturns(
                contract_address=call.to,
                calldata_hash=call.hashed().hash,
                values=self.values.get(call.name, ()),
            )
            for call in payload.calls
            if call.type.value == "public"
        )
        root = PrivateReturns(
            contract_address=options.sender,
            selector=FunctionSelector(bytes(4)),
            args_hash=FR_ZERO,
            nested=nested,
        )
        data = PrivateKernelTailPublicInputs.empty()
        return Simulation(private=None, data=data, returns=root, public_returns=public)

    async def execute_utility(
        self, call: FunctionCall, *, scope: AztecAddress, auth_witnesses: Sequence[AuthWitness] = ()
    ) -> UtilityResult:
        return UtilityResult(values=self.values.get(call.name, ()), timings=Timings(total_s=0, sync_s=0))

    async def profile_tx(self, payload: ExecutionPayload, options: ProfileOptions) -> ProfileResult:
        raise NotImplementedError

    async def send_tx(self, payload: ExecutionPayload, options: SendOptions) -> SendResult:
        self.sent.append((payload, options))
        tx_hash = TxHash(fr(1))
        receipt = TxReceipt(tx_hash=tx_hash, status="checkpointed", execution_result="success")
        return SendResult(tx_hash=tx_hash, receipt=None if options.wait is None else receipt)

    async def create_auth_witness(self, account: AztecAddress, intent: Intent) -> AuthWitness:
        self.approved.append((account, intent))
        return AuthWitness(request_hash=fr(1), witness=(fr(2),))


def function(name: str, kind: str, parameters: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """Give a function of an artifact in the form in which clients send it."""
    return {
        "name": name,
        "functionType": kind,
        "isOnlySelf": False,
        "isStatic": False,
        "isInitializer": False,
        "parameters": list(parameters),
        "returnTypes": [],
        "errorTypes": {},
        **more,
    }
