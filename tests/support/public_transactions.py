"""Make transactions with public calls without a wallet, and a Token contract to call.

As in `transactions`: a network without real proofs takes what no client proved, so calls may come from
anybody. The Token is the one of the recorded transactions; its bytecode comes from the contract packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from aztecd.constants import (
    CHONK_PROOF_LENGTH,
    CONTRACT_CLASS_PUBLISHED_TAG,
    CONTRACT_CLASS_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_PUBLISHED_TAG,
    PRIVATE_LOG_SIZE_IN_FIELDS,
    PROTOCOL_CONTRACTS_HASH,
    PUBLIC_TX_L2_GAS_OVERHEAD,
    TX_DA_GAS_OVERHEAD,
    VK_TREE_ROOT,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_from_hex
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.logs import ContractClassLogFields, PrivateLog
from aztecd.protocol.tx import HashedValues, Tx, calldata_hash
from aztecd.protocol.tx_data import (
    PartialForPublic,
    PrivateKernelTailPublicInputs,
    PrivateToPublicAccumulatedData,
    PublicCallRequest,
    ScopedLogHash,
    TxConstantData,
    TxContext,
)
from tests.support import avm_vectors
from tests.support.transactions import element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
    from aztecd.protocol.header import BlockHeader

GAS_LIMITS: Final = Gas(da_gas=196_608, l2_gas=6_540_000)
"""The most that a transaction may use."""

_LIFETIME_S: Final = 86_399
_INSTANCE_REGISTRY: Final = AztecAddress(fr(2))
_BYTES_PER_FIELD: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCall:
    """A call that private execution asked for."""

    sender: AztecAddress
    contract: AztecAddress
    calldata: tuple[Fr, ...]

    @property
    def request(self) -> PublicCallRequest:
        """The call as the kernel has it."""
        return PublicCallRequest(
            msg_sender=self.sender,
            contract_address=self.contract,
            is_static_call=False,
            calldata_hash=calldata_hash(self.calldata),
        )


def public_tx(
    anchor: BlockHeader,
    seed: Any,
    calls: Sequence[PublicCall],
    *,
    chain_id: int,
    version: int,
    max_fee: int,
    gas_limits: Gas = GAS_LIMITS,
    fee_payer: AztecAddress = TEST_ACCOUNTS[0].address,
    expiration_timestamp: int | None = None,
    contract_class: ContractClassPublic | None = None,
    instances: Sequence[ContractInstanceWithAddress] = (),
) -> Tx:
    """Make a transaction that publishes contracts, for good, and then makes the calls in its app logic.

    Equal seeds give equal nullifiers.
    """
    empty = PrivateToPublicAccumulatedData.empty()
    class_logs = [] if contract_class is None else [_class_log(contract_class)]
    deployed = [silo_nullifier(_INSTANCE_REGISTRY, each.address) for each in instances]
    non_revertible = empty.replace(
        nullifiers=_padded([element(seed, "nullifier", 0), *deployed], empty.nullifiers),
        private_logs=_padded([_instance_log(each) for each in instances], empty.private_logs),
        contract_class_logs_hashes=_padded(
            [
                ScopedLogHash(
                    value=fields.hash(),
                    length=fields.length(),
                    contract_address=AztecAddress(CONTRACT_CLASS_REGISTRY_ADDRESS),
                )
                for fields in class_logs
            ],
            empty.contract_class_logs_hashes,
        ),
    )
    revertible = empty.replace(
        public_call_requests=_padded([call.request for call in calls], empty.public_call_requests)
    )
    data = PrivateKernelTailPublicInputs(
        constants=TxConstantData(
            anchor_block_header=anchor,
            tx_context=TxContext(
                chain_id=chain_id,
                version=version,
                gas_settings=GasSettings(
                    gas_limits=gas_limits,
                    teardown_gas_limits=Gas(da_gas=0, l2_gas=0),
                    max_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=max_fee),
                    max_priority_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=0),
                ),
            ),
            vk_tree_root=VK_TREE_ROOT,
            protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
        ),
        gas_used=Gas(da_gas=TX_DA_GAS_OVERHEAD, l2_gas=PUBLIC_TX_L2_GAS_OVERHEAD),
        fee_payer=fee_payer,
        expiration_timestamp=expiration_timestamp or anchor.global_variables.timestamp + _LIFETIME_S,
        for_public=PartialForPublic(
            non_revertible_accumulated_data=non_revertible,
            revertible_accumulated_data=revertible,
            public_teardown_call_request=PublicCallRequest.empty(),
        ),
    )
    return Tx(
        tx_hash=data.tx_hash(),
        data=data,
        chonk_proof=bytes(32 * CHONK_PROOF_LENGTH),
        contract_class_log_fields=tuple(class_logs),
        public_function_calldata=tuple(
            HashedValues(values=call.calldata, hash=calldata_hash(call.calldata)) for call in calls
        ),
    )


# The Token.


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A Token contract as it was recorded, and calls of it."""

    contract_class: ContractClassPublic
    instance: ContractInstanceWithAddress
    constructor: PublicCall

    def mint(self, owner: AztecAddress, amount: int) -> PublicCall:
        """Call `mint_to_public` as the minter."""
        return self._call("token/mint", self.constructor.sender, owner, fr(amount))

    def transfer(self, owner: AztecAddress, receiver: AztecAddress, amount: int) -> PublicCall:
        """Call `transfer_in_public` as the owner."""
        return self._call("token/transfer", owner, owner, receiver, fr(amount), FR_ZERO)

    def _call(self, like: str, sender: AztecAddress, *arguments: Fr) -> PublicCall:
        selector = _recorded_call(like)["calldata"][0]
        return PublicCall(
            sender=sender,
            contract=self.instance.address,
            calldata=(fr_from_hex(selector), *arguments),
        )


@lru_cache(maxsize=1)
def token() -> Token:
    """Give the Token. Raises what reading the contract packages raises."""
    case = _recorded_case("token/constructor")
    prepared = avm_vectors.tx_case(case, avm_vectors.load("tx/token")["instances"])
    call = _recorded_call("token/constructor")
    address = AztecAddress(fr_from_hex(call["contractAddress"]))
    instance = prepared.contracts.instances[address]
    return Token(
        contract_class=prepared.contracts.classes[instance.current_contract_class_id],
        instance=instance,
        constructor=PublicCall(
            sender=AztecAddress(fr_from_hex(call["msgSender"])),
            contract=address,
            calldata=tuple(map(fr_from_hex, call["calldata"])),
        ),
    )


def _recorded_case(name: str) -> Any:
    (case,) = (case for case in avm_vectors.load("tx/token")["cases"] if case["name"] == name)
    return case


def _recorded_call(name: str) -> Any:
    (call,) = _recorded_case(name)["tx"]["appLogicCalls"]
    return call


# What publishes contracts.


def _class_log(contract_class: ContractClassPublic) -> ContractClassLogFields:
    packed = contract_class.packed_bytecode
    chunks = (
        Fr(b"\0" + packed[start : start + _BYTES_PER_FIELD].ljust(_BYTES_PER_FIELD, b"\0"))
        for start in range(0, len(packed), _BYTES_PER_FIELD)
    )
    return ContractClassLogFields.padded(
        (
            Fr(CONTRACT_CLASS_PUBLISHED_TAG),
            contract_class.id,
            fr(contract_class.version),
            contract_class.artifact_hash,
            contract_class.private_functions_root,
            fr(len(packed)),
            *chunks,
        )
    )


def _instance_log(instance: ContractInstanceWithAddress) -> PrivateLog:
    keys = instance.public_keys
    points = (
        keys.master_nullifier_public_key,
        keys.master_incoming_viewing_public_key,
        keys.master_outgoing_viewing_public_key,
        keys.master_tagging_public_key,
    )
    fields = (
        Fr(CONTRACT_INSTANCE_PUBLISHED_TAG),
        instance.address,
        fr(instance.version),
        instance.salt,
        instance.original_contract_class_id,
        instance.initialization_hash,
        *(Fr(part) for point in points for part in (point[:32], point[32:])),
        instance.deployer,
    )
    padding = (FR_ZERO,) * (PRIVATE_LOG_SIZE_IN_FIELDS - len(fields))
    return PrivateLog(fields=(*fields, *padding), emitted_length=len(fields))


def _padded(values: list[Any], empty: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*values, *empty[len(values) :])
