"""Private execution: what a wallet does on the user's side of the node.

Responsible for: running private and utility functions of contracts, keys and accounts, notes and messages,
from an execution request to a proven-form transaction.
Not for: public execution (`aztecd.avm`), blocks and state (`aztecd.node` is asked through its API).

Authority: @aztec/pxe, @aztec/simulator src/private, @aztec/key-store, @aztec/stdlib (4.1.2).
"""

__all__: list[str] = []
