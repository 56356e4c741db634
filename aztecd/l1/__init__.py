"""Ethereum's side: contracts, deployment, publishing, settlement, and what L1 says about the rollup.

Responsible for every request to the L1 node. Not responsible for building checkpoints, for the node's own
chain, or for starting an L1 node.

Authority: @aztec/l1-artifacts l1-contracts/src, @aztec/ethereum src, @aztec/sequencer-client src/publisher
(4.1.2).
"""

__all__: list[str] = []
