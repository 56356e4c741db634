"""What a failed public simulation means, in the words of the contract.

The node knows no artifacts: it gives the revert data and program counters. The text of the assertion, the
names and the places in the source come from the wallet's artifacts, as far as it has them.

Authority: @aztec/pxe src/error_enriching.ts; @aztec/simulator src/common/errors.ts
(`resolveAssertionMessageFromRevertData`) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from aztecd.crypto.field import Fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.simulation import FailedCall, SimulationFailure
from aztecd.pxe.abi import AbiDecodingError, assertion_message
from aztecd.pxe.artifacts import ArtifactError, ContractArtifact, FunctionKind, SourceLocation
from aztecd.pxe.errors import PublicExecutionError

__all__ = ["public_error"]

_DISPATCH: Final = 0
"""Public bytecode is one unconstrained function."""


def public_error(
    failure: SimulationFailure, artifact_of: Callable[[AztecAddress], ContractArtifact | None]
) -> PublicExecutionError:
    """Give the error that the user of a reverted simulation sees."""
    stack = failure.function_error_stack
    names = [_names(call, artifact_of(call.contract_address)) for call in stack]
    artifact = artifact_of(stack[-1].contract_address) if stack else None
    locations: Sequence[SourceLocation | str] = failure.noir_error_stack
    reason = failure.original_message
    if artifact is not None:
        reason += _assertion(artifact, failure.revert_data) or ""
        locations = _places(artifact, failure.noir_error_stack) or locations
    return PublicExecutionError(reason, failure, names, locations)


def _names(call: FailedCall, artifact: ContractArtifact | None) -> tuple[str | None, str | None]:
    if artifact is None:
        return None, None
    found = None if call.function_selector is None else artifact.abi_by_selector(call.function_selector)
    return artifact.name, None if found is None else found.name


def _assertion(artifact: ContractArtifact, revert_data: Sequence[Fr]) -> str | None:
    dispatch = next((item for item in artifact.functions if item.kind is FunctionKind.PUBLIC), None)
    if dispatch is None or not revert_data:
        return None
    selector, *payload = map(fr_int, revert_data)
    try:
        return assertion_message(dispatch.error_types, selector, payload)
    except AbiDecodingError:
        # Revert data of another contract that was passed on, or cut by the node.
        return None


def _places(artifact: ContractArtifact, opcodes: Sequence[str]) -> list[SourceLocation]:
    dispatch = next((item for item in artifact.functions if item.kind is FunctionKind.PUBLIC), None)
    if dispatch is None:
        return []
    try:
        return artifact.source_map(dispatch).call_stack(opcodes, _DISPATCH)
    except ArtifactError:
        return []
