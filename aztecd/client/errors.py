"""What the SDK refuses.

InvalidInputError
└── ClientError
    ├── ArgumentsError       arguments that a function does not take
    ├── DeploymentError      nothing to deploy, or an artifact that does not fit
    └── BridgeError          a deposit or an exit that can not be found or used
"""

from __future__ import annotations

from aztecd.errors import InvalidInputError

__all__ = ["ArgumentsError", "BridgeError", "ClientError", "DeploymentError"]


class ClientError(InvalidInputError):
    """The SDK can not do what was asked."""

    code = "client"


class ArgumentsError(ClientError):
    """A function does not take these arguments."""

    code = "arguments"


class DeploymentError(ClientError):
    """A deployment that makes no sense."""

    code = "deployment"


class BridgeError(ClientError):
    """Something about a deposit from L1, or an exit to it, is wrong."""

    code = "bridge"
