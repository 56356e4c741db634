"""Contract instances, and the calls that publish classes and instances.

Authority: @aztec/aztec.js src/deployment/{publish_class,publish_instance}.ts, @aztec/stdlib
src/contract/contract_instance.ts (`getContractInstanceFromInstantiationParams`), src/abi/buffer.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.constants import (
    CONTRACT_CLASS_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_REGISTRY_ADDRESS,
    MAX_PUBLIC_BYTECODE_FIELDS,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractInstanceWithAddress,
    PublicKeys,
    contract_address,
    initialization_hash,
)
from aztecd.pxe.accounts.calls import call_of
from aztecd.pxe.accounts.errors import AccountsError
from aztecd.pxe.artifacts import ContractClass, FunctionAbi
from aztecd.pxe.requests import Capsule, ExecutionPayload, FunctionCall

__all__ = ["instantiate", "publish_class_payload", "publish_instance_call"]

BYTECODE_CAPSULE_SLOT: Final = fr(
    14193106819744442689484501689686180698286338820089744102289275815863062044599
)
"""@aztec/constants CONTRACT_CLASS_REGISTRY_BYTECODE_CAPSULE_SLOT."""

_CHUNK: Final = 31
_POINT: Final = "((Field,Field,bool))"
_PUBLISH_INSTANCE: Final = (
    f"publish_for_public_execution(Field,(Field),Field,({_POINT},{_POINT},{_POINT},{_POINT}),bool)"
)


def instantiate(
    class_id: Fr,
    *,
    initializer: FunctionAbi | None = None,
    arguments: Sequence[Fr] = (),
    salt: Fr,
    deployer: AztecAddress | None = None,
    public_keys: PublicKeys = DEFAULT_PUBLIC_KEYS,
) -> ContractInstanceWithAddress:
    """Describe an instance and derive its address; without a deployer anybody may deploy it.

    `arguments` are the initializer's, encoded. Raises InvalidContractError when the keys make no address.
    """
    hashed = FR_ZERO
    if initializer is not None:
        hashed = initialization_hash(int.from_bytes(initializer.selector, "big"), tuple(arguments))
    instance = ContractInstanceWithAddress(
        version=1,
        salt=salt,
        deployer=AztecAddress(FR_ZERO) if deployer is None else deployer,
        current_contract_class_id=class_id,
        original_contract_class_id=class_id,
        initialization_hash=hashed,
        public_keys=public_keys,
        address=AztecAddress(FR_ZERO),
    )
    return instance.replace(address=contract_address(instance))


def publish_class_payload(contract_class: ContractClass) -> ExecutionPayload:
    """Make the call that publishes a class, with its bytecode as a capsule. Raises AccountsError."""
    registry = AztecAddress(CONTRACT_CLASS_REGISTRY_ADDRESS)
    call = call_of(
        "publish(Field,Field,Field)",
        registry,
        [
            contract_class.artifact_hash,
            contract_class.private_functions_root,
            contract_class.public_bytecode_commitment,
        ],
    )
    capsule = Capsule(
        contract_address=registry,
        storage_slot=BYTECODE_CAPSULE_SLOT,
        data=_bytecode_as_fields(contract_class.packed_bytecode),
    )
    return ExecutionPayload(calls=(call,), capsules=(capsule,))


def publish_instance_call(instance: ContractInstanceWithAddress) -> FunctionCall:
    """Make the call that publishes an instance."""
    return call_of(
        _PUBLISH_INSTANCE,
        AztecAddress(CONTRACT_INSTANCE_REGISTRY_ADDRESS),
        [
            instance.salt,
            instance.current_contract_class_id,
            instance.initialization_hash,
            *instance.public_keys.to_fields(),
            fr(int(instance.deployer == FR_ZERO)),
        ],
    )


def _bytecode_as_fields(bytecode: bytes) -> tuple[Fr, ...]:
    """Give the length, chunks of 31 bytes behind a zero byte, and zeros up to the limit."""
    fields = [fr(len(bytecode))]
    fields += [
        Fr((b"\0" + bytecode[at : at + _CHUNK]).ljust(32, b"\0")) for at in range(0, len(bytecode), _CHUNK)
    ]
    if len(fields) > MAX_PUBLIC_BYTECODE_FIELDS:
        raise AccountsError(
            f"Input buffer exceeds maximum size: got {len(fields)} but max is {MAX_PUBLIC_BYTECODE_FIELDS}"
        )
    return (*fields, *[FR_ZERO] * (MAX_PUBLIC_BYTECODE_FIELDS - len(fields)))
