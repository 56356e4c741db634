"""The node: its public operations, the one writer, and the jobs that change its state.

Responsible for what a client can ask (`NodeApi`), for admission, for building and publishing, and for
agreeing with L1 after a restart. Not responsible for HTTP or JSON, nor for when a block is built
(`localnet`).

Authority: @aztec/aztec-node src/aztec-node/server.ts 4.1.2.
"""

from aztecd.node.api import BlockParameter, NodeApi

__all__ = ["BlockParameter", "NodeApi"]
