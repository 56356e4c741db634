"""Which of the contracts that a local network has from its start are on the chain.

Accounts are initialized but not published: nobody calls them in public. Of the sponsor nothing is on the
chain but its fee juice: it has no constructor, and what it does is private.

Authority: @aztec/aztec src/local-network/{local-network,banana_fpc,sponsored_fpc}.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, TEST_ACCOUNTS
from aztecd.node.api import NodeApi
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import silo_nullifier

__all__ = ["are_deployed", "is_initialized", "is_published"]


def are_deployed(node: NodeApi) -> bool:
    """Tell whether the chain has all of the contracts."""
    return all(is_initialized(node, account.address) for account in TEST_ACCOUNTS) and all(
        is_published(node, address) for address in (BANANA_COIN, BANANA_FPC)
    )


def is_initialized(node: NodeApi, address: AztecAddress) -> bool:
    """Tell whether a contract's constructor has run: its nullifier is the contract's own address."""
    return node.get_nullifier_membership_witness("latest", silo_nullifier(address, address)) is not None


def is_published(node: NodeApi, address: AztecAddress) -> bool:
    """Tell whether a contract's public functions can be called."""
    return node.get_contract(address) is not None
