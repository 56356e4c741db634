"""The wallet's methods: `wallet_<name>`, the names and shapes of aztec.js' `WalletSchema`.

Authority: @aztec/aztec.js src/wallet/wallet.ts (`WalletSchema`) (4.1.2).
"""

from __future__ import annotations

from typing import Any, Final

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import JsonValue, SchemaError
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from aztecd.pxe.results import ProfileResult, UtilityResult
from aztecd.rpc import kinds, wallet_kinds, wallet_results
from aztecd.rpc.calls import InvalidParamsError, read_params
from aztecd.rpc.kinds import TextKind
from aztecd.rpc.method import Method, param
from aztecd.wallet.api import EventDefinition, PrivateEventQuery
from aztecd.wallet.capabilities import Manifest
from aztecd.wallet.guard import GuardedWallet
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

__all__ = ["WALLET_METHODS", "WALLET_NAMESPACES", "WalletService"]

WALLET_NAMESPACES: Final = ("wallet",)
_MAX_ALIAS: Final = 200
_MAX_BATCH: Final = 100


_PAYLOAD: Final = param("exec", wallet_kinds.PAYLOAD)

_SINGLE: Final = (
    Method(
        name="getChainInfo",
        doc="Say which chain the wallet works on.",
        result=wallet_results.CHAIN_INFO,
        is_async=True,
    ),
    Method(
        name="getContractMetadata",
        doc="Tell what wallet and chain know about a contract.",
        params=(param("address", kinds.AZTEC_ADDRESS),),
        result=wallet_results.CONTRACT_METADATA,
        is_async=True,
    ),
    Method(
        name="getContractClassMetadata",
        doc="Tell what wallet and chain know about a contract class.",
        params=(param("id", kinds.FIELD),),
        result=wallet_results.CLASS_METADATA,
        is_async=True,
    ),
    Method(
        name="getPrivateEvents",
        doc="Find private events of own accounts.",
        params=(
            param("eventMetadata", wallet_kinds.EVENT_DEFINITION),
            param("eventFilter", wallet_kinds.EVENT_QUERY),
        ),
        result=wallet_results.EVENTS,
        is_async=True,
    ),
    Method(
        name="registerSender",
        doc="Look for notes that an address sends.",
        params=(
            param("address", kinds.AZTEC_ADDRESS),
            param("alias", TextKind(_MAX_ALIAS), optional=True, default=""),
        ),
        result=wallet_results.ADDRESS,
        is_async=True,
    ),
    Method(
        name="getAddressBook",
        doc="List the registered senders.",
        result=wallet_results.ALIASED,
        is_async=True,
    ),
    Method(name="getAccounts", doc="List the own accounts.", result=wallet_results.ALIASED, is_async=True),
    Method(
        name="registerContract",
        doc="Make a contract known to the wallet; with a secret, an account's.",
        params=(
            param("instance", wallet_kinds.INSTANCE),
            param("artifact", wallet_kinds.ARTIFACT, optional=True),
            param("secretKey", wallet_kinds.SECRET, optional=True),
        ),
        result=wallet_results.RECORD,
        reads_tx=True,
        is_async=True,
    ),
    Method(
        name="simulateTx",
        doc="Tell what a transaction would do.",
        params=(_PAYLOAD, param("opts", wallet_kinds.SIMULATE_OPTIONS)),
        result=wallet_results.SIMULATION,
        is_async=True,
    ),
    Method(
        name="executeUtility",
        doc="Run a utility function.",
        params=(param("call", wallet_kinds.FUNCTION_CALL), param("opts", wallet_kinds.UTILITY_OPTIONS)),
        result=wallet_results.UTILITY,
        is_async=True,
    ),
    Method(
        name="profileTx",
        doc="Tell what the steps of a transaction take.",
        params=(_PAYLOAD, param("opts", wallet_kinds.PROFILE_OPTIONS)),
        result=wallet_results.PROFILE,
        is_async=True,
    ),
    Method(
        name="sendTx",
        doc="Make, prove and send a transaction, and wait for it unless told otherwise.",
        params=(_PAYLOAD, param("opts", wallet_kinds.SEND_OPTIONS)),
        result=wallet_results.SENT,
        is_async=True,
    ),
    Method(
        name="createAuthWit",
        doc="Let an account approve what somebody else will do.",
        params=(
            param("from", kinds.AZTEC_ADDRESS),
            param("messageHashOrIntent", wallet_kinds.INTENT),
        ),
        result=wallet_results.RECORD,
        is_async=True,
    ),
    Method(
        name="requestCapabilities",
        doc="Ask the user what the application may do from now on.",
        params=(param("manifest", wallet_kinds.MANIFEST),),
        result=wallet_results.AS_IT_IS,
        is_async=True,
    ),
)
_BY_NAME: Final = {method.name: method for method in _SINGLE}

WALLET_METHODS: Final = (
    *_SINGLE,
    Method(
        name="batch",
        doc="Call several methods in order; each result comes with its method's name.",
        params=(param("methods", wallet_kinds.RAW_LIST),),
        result=wallet_results.AS_IT_IS,
        is_async=True,
    ),
)


class WalletService:
    """The methods of one application's wallet, as the table names them."""

    def __init__(self, wallet: GuardedWallet) -> None:
        self._wallet = wallet

    async def get_chain_info(self) -> ChainInfo:
        """Say which chain the wallet works on."""
        return await self._wallet.get_chain_info()

    async def get_contract_metadata(self, address: AztecAddress) -> ContractMetadata:
        """Tell what is known about a contract."""
        return await self._wallet.get_contract_metadata(address)

    async def get_contract_class_metadata(self, class_id: Fr) -> ClassMetadata:
        """Tell what is known about a class."""
        return await self._wallet.get_class_metadata(class_id)

    async def get_private_events(
        self, definition: EventDefinition, query: PrivateEventQuery
    ) -> list[FoundEvent]:
        """Find private events."""
        return await self._wallet.get_private_events(definition, query)

    async def register_sender(self, address: AztecAddress, alias: str) -> AztecAddress:
        """Register a sender."""
        return await self._wallet.register_sender(address, alias)

    async def get_address_book(self) -> list[Aliased[AztecAddress]]:
        """List the senders."""
        return await self._wallet.get_address_book()

    async def get_accounts(self) -> list[Aliased[AztecAddress]]:
        """List the accounts."""
        return await self._wallet.get_accounts()

    async def register_contract(
        self,
        instance: ContractInstanceWithAddress,
        artifact: ContractArtifact | None,
        secret: Secret | None,
    ) -> ContractInstanceWithAddress:
        """Register a contract."""
        return await self._wallet.register_contract(instance, artifact, secret)

    async def simulate_tx(self, payload: ExecutionPayload, options: SimulateOptions) -> Simulation:
        """Simulate a transaction."""
        return await self._wallet.simulate_tx(payload, options)

    async def execute_utility(self, call: FunctionCall, options: dict[str, Any]) -> UtilityResult:
        """Run a utility function."""
        return await self._wallet.execute_utility(call, **options)

    async def profile_tx(self, payload: ExecutionPayload, options: ProfileOptions) -> ProfileResult:
        """Profile a transaction."""
        return await self._wallet.profile_tx(payload, options)

    async def send_tx(self, payload: ExecutionPayload, options: SendOptions) -> SendResult:
        """Send a transaction."""
        return await self._wallet.send_tx(payload, options)

    async def create_auth_wit(self, account: AztecAddress, intent: Intent) -> AuthWitness:
        """Make a witness."""
        return await self._wallet.create_auth_witness(account, intent)

    async def request_capabilities(self, manifest: Manifest) -> JsonValue:
        """Ask for capabilities."""
        return await self._wallet.request_capabilities(manifest)

    async def batch(self, methods: list[JsonValue]) -> JsonValue:
        """Call several methods in order; the first that fails ends it. Raises InvalidParamsError."""
        if len(methods) > _MAX_BATCH:
            raise InvalidParamsError(f"Array must contain at most {_MAX_BATCH} element(s) (0)")
        # All of them are read before the first one does anything.
        items = [_item(value, index) for index, value in enumerate(methods)]
        read = [(method, read_params(method, args)) for method, args in items]
        results = []
        for method, args in read:
            value = await getattr(self, method.python_name)(*args)
            results.append({"name": method.name, "result": method.result.to_json(value)})
        return results


def _item(value: JsonValue, index: int) -> tuple[Method, list[JsonValue]]:
    path = f"0.{index}"
    if not isinstance(value, dict):
        raise SchemaError("Expected object", path)
    name = value.get("name")
    method = _BY_NAME.get(name) if isinstance(name, str) else None
    if method is None:
        names = " | ".join(f"'{name}'" for name in _BY_NAME)
        raise SchemaError(f"Invalid discriminator value. Expected {names}", f"{path}.name")
    args = value.get("args")
    if not isinstance(args, list):
        raise SchemaError("Expected array", f"{path}.args")
    return method, args
