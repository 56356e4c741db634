"""An Aztec node in Python.

The packages, bottom up: `crypto`, `protocol`, `trees` and `storage`, `state`, `execution`, `chain`,
`mempool`, `builder` and `l1`, `node`, `localnet`, `rpc`, and `app`, the one composition root.
`aztecd/docs/architecture.md` has the map.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
