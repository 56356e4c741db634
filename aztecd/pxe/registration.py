"""Taking in contracts: their code, and which code is theirs.

Authority: @aztec/pxe src/pxe.ts (`registerContractClass`, `registerContract`, `updateContract`) (4.1.2),
whose error texts these are.
"""

from __future__ import annotations

from typing import Final

from aztecd.crypto.field import Fr, fr_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress, contract_address
from aztecd.pxe.artifacts import ContractArtifact, FunctionKind, contract_class_of
from aztecd.pxe.errors import RegistrationError
from aztecd.pxe.stores import Stores
from aztecd.pxe.sync import Job, NodeBridge, current_class_id

__all__ = ["register_class", "register_instance", "update_instance"]

_MAX_SIGNATURES: Final = 100


def register_class(stores: Stores, artifact: ContractArtifact) -> Fr:
    """Keep an artifact under its class id, and give that. Raises ArtifactError."""
    class_id = contract_class_of(artifact).id
    stores.contracts.add_class(class_id, artifact)
    return class_id


def register_instance(
    stores: Stores, node: NodeBridge, instance: ContractInstanceWithAddress, artifact: ContractArtifact | None
) -> None:
    """Make a contract known; without an artifact its class must be known already.

    Raises RegistrationError, ArtifactError, InvalidContractError.
    """
    if artifact is None:
        if not stores.contracts.has_class(instance.current_contract_class_id):
            raise RegistrationError(
                "Artifact not found when registering an instance. Contract class: "
                f"{fr_hex(instance.current_contract_class_id)}."
            )
    else:
        class_id = contract_class_of(artifact).id
        if class_id != instance.current_contract_class_id:
            raise RegistrationError(
                f"Artifact does not match expected class id (computed {fr_hex(class_id)} but "
                f"instance refers to {fr_hex(instance.current_contract_class_id)})"
            )
        if contract_address(instance) != instance.address:
            raise RegistrationError(
                "Added a contract in which the address does not match the contract instance."
            )
        stores.contracts.add_class(class_id, artifact)
        _register_signatures(node, artifact)
    stores.contracts.add_instance(instance)


def update_instance(job: Job, address: AztecAddress, artifact: ContractArtifact) -> None:
    """Replace the code of a contract that was updated on the chain. Raises RegistrationError."""
    instance = job.stores.contracts.instance(address)
    if instance is None:
        raise RegistrationError(
            f"Instance not found when updating a contract. Contract address: {fr_hex(address)}."
        )
    class_id = contract_class_of(artifact).id
    if class_id != current_class_id(job, instance):
        raise RegistrationError("Could not update contract to a class different from the current one.")
    _register_signatures(job.bridge, artifact)
    job.stores.contracts.add_class(class_id, artifact)
    job.stores.contracts.add_instance(instance.replace(current_contract_class_id=class_id))
    # The new code may make more of what the old one was given.
    job.stores.delivered_logs.forget()


def _register_signatures(node: NodeBridge, artifact: ContractArtifact) -> None:
    """Tell the node the names of public functions, for its debug output."""
    signatures = [abi.signature for abi in artifact.abis if abi.kind is FunctionKind.PUBLIC]
    chunks = [
        signatures[start : start + _MAX_SIGNATURES] for start in range(0, len(signatures), _MAX_SIGNATURES)
    ]
    node.run_all([node.node.register_contract_function_signatures(chunk) for chunk in chunks])
