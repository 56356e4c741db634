"""The JSON-RPC server: HTTP, dispatch, codecs of parameters and results, errors, limits, description.

Responsible for everything between a client's bytes and the node's methods. Not responsible for what the
methods do. Authority: @aztec/foundation src/json-rpc, @aztec/stdlib src/interfaces/aztec-node.ts (4.1.2).
"""

from aztecd.rpc.dispatch import CallMetrics
from aztecd.rpc.errors import ListenError, PortInUseError
from aztecd.rpc.limits import RpcLimits
from aztecd.rpc.listening import LOOPBACK, Port
from aztecd.rpc.server import RpcServer, ServerAddress

__all__ = [
    "LOOPBACK",
    "CallMetrics",
    "ListenError",
    "Port",
    "PortInUseError",
    "RpcLimits",
    "RpcServer",
    "ServerAddress",
]
