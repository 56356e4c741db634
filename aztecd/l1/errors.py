"""What can go wrong between us and the Ethereum node.

AztecdError
└── L1Error                      all of these; each is also one of the two families below
├── (InvalidInputError)
│   ├── L1ArtifactError          a contract artifact is missing or damaged
│   ├── L1DecodeError            bytes from L1 do not have the shape that the contract's ABI says
│   ├── L1RpcError               the node answered with a JSON-RPC error
│   │   └── ContractRevertError  ... because a contract reverted
│   ├── WrongChainError          the node serves another chain than the configured one
│   ├── DeployError              a deployment step failed, or the account can't be used for it
│   ├── AttachError              no (complete) Aztec deployment at the given address
│   ├── PublishError             L1 refuses a checkpoint or an epoch proof for good
│   │   ├── CheckpointConflictError   another checkpoint has that number on L1
│   │   └── ProofWindowClosedError    the epoch can't be proven any more
│   └── TransactionRevertedError a mined transaction failed
└── (UnavailableError)
├── L1UnavailableError       the node can't be reached
├── CalldataError            a transaction does not have what its event announces
└── TransactionTimeoutError  a transaction was not mined in time
"""

from __future__ import annotations

from aztecd.errors import AztecdError, InvalidInputError, UnavailableError

__all__ = [
    "AttachError",
    "CalldataError",
    "CheckpointConflictError",
    "ContractRevertError",
    "DeployError",
    "L1ArtifactError",
    "L1DecodeError",
    "L1Error",
    "L1RpcError",
    "L1UnavailableError",
    "ProofWindowClosedError",
    "PublishError",
    "TransactionRevertedError",
    "TransactionTimeoutError",
    "WrongChainError",
]


_METHOD_NOT_FOUND = -32601
_UNKNOWN_METHOD = (
    "not supported",
    "unsupported method",
    "method not found",
    "does not exist/is not available",
)
"""What nodes and the services before them say of a method, with one code or another."""


class L1Error(AztecdError):
    """Something is wrong with L1, or with what it says."""

    code = "l1"


class L1ArtifactError(L1Error, InvalidInputError):
    """A contract artifact is missing, damaged, or lacks what was asked of it."""

    code = "l1_artifact"


class L1DecodeError(L1Error, InvalidInputError):
    """Bytes from L1 do not have the expected shape."""

    code = "l1_decode"


class L1RpcError(L1Error, InvalidInputError):
    """The L1 node answered a request with a JSON-RPC error."""

    code = "l1_rpc"

    def __init__(self, method: str, rpc_code: int, message: str, data: bytes | None = None) -> None:
        super().__init__(f"L1 node refused {method}: {message} (code {rpc_code})")
        self.method = method
        self.rpc_code = rpc_code
        self.rpc_message = message
        self.data = data

    @property
    def is_unknown_method(self) -> bool:
        """Whether the node does not know the method (what a development method is on another node)."""
        text = self.rpc_message.lower()
        return self.rpc_code == _METHOD_NOT_FOUND or any(words in text for words in _UNKNOWN_METHOD)


class ContractRevertError(L1RpcError):
    """A contract call reverted; `name` is the custom error's name, or None for an unknown one."""

    code = "l1_revert"

    def __init__(
        self, method: str, rpc_code: int, reason: str, *, name: str | None, data: bytes | None = None
    ) -> None:
        super().__init__(method, rpc_code, reason, data)
        self.name = name
        self.reason = reason
        self.args = (f"contract reverted: {reason}",)


class WrongChainError(L1Error, InvalidInputError):
    """The L1 node serves another chain than the configured one."""

    code = "l1_wrong_chain"


class DeployError(L1Error, InvalidInputError):
    """The L1 contracts could not be deployed; `step` names the transaction that failed, if one did."""

    code = "l1_deploy"

    def __init__(self, message: str, *, step: str | None = None) -> None:
        super().__init__(message)
        self.step = step


class AttachError(L1Error, InvalidInputError):
    """There is no complete Aztec deployment at the given address."""

    code = "l1_attach"


class PublishError(L1Error, InvalidInputError):
    """L1 refuses a checkpoint or an epoch proof; sending it again does not help."""

    code = "l1_publish"

    def __init__(self, message: str, *, error_name: str | None = None) -> None:
        super().__init__(message)
        self.error_name = error_name


class CheckpointConflictError(PublishError):
    """L1 has another checkpoint under the same number, or none below it to build on."""

    code = "l1_checkpoint_conflict"


class ProofWindowClosedError(PublishError):
    """The epoch's proof window is over: L1 will prune its checkpoints."""

    code = "l1_proof_window_closed"


class TransactionRevertedError(L1Error, InvalidInputError):
    """A mined transaction failed; `name` is the custom error's name, or None for an unknown one."""

    code = "l1_transaction_reverted"

    def __init__(self, message: str, *, name: str | None) -> None:
        super().__init__(message)
        self.name = name


class L1UnavailableError(L1Error, UnavailableError):
    """The L1 node can't be reached or does not answer in time."""

    code = "l1_unavailable"


class CalldataError(L1Error, UnavailableError):
    """What a transaction proposed can't be found, or is no checkpoint: L1 contradicts itself.

    Either the node is wrong or in the middle of a reorganisation, and asking again helps, or the rollup took
    what nobody can build on, and its removal has to be waited for.
    """

    code = "l1_calldata"

    def __init__(self, message: str, *, tx_hash: bytes) -> None:
        super().__init__(message)
        self.tx_hash = tx_hash


class TransactionTimeoutError(L1Error, UnavailableError):
    """A transaction was not mined in time; it may still be."""

    code = "l1_transaction_timeout"
