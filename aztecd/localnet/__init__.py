"""What only a local development network has: Anvil as a child process.

Responsible for starting and stopping the L1 node. Not responsible for what is on it.

Authority: Anvil 1.5.1, as observed.
"""

__all__: list[str] = []
