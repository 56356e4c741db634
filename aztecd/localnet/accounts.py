"""The addresses of a local network: test accounts, a token, and the contracts that pay fees.

Authority: @aztec/accounts src/testing/configuration.ts, @aztec/aztec
src/local-network/{local-network,banana_fpc,sponsored_fpc}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aztecd.crypto.field import Fr, fr, fr_from_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot

__all__ = [
    "BANANA_COIN",
    "BANANA_FPC",
    "DEVELOPMENT_CHAIN_ID",
    "FUNDED_ADDRESSES",
    "FUNDING_PER_ADDRESS",
    "SPONSORED_FPC",
    "TEST_ACCOUNTS",
    "TestAccount",
    "genesis_public_data",
]

DEVELOPMENT_CHAIN_ID = 31_337
"""Of Anvil and Hardhat, whose accounts everybody knows, as those of the local network."""

FUNDING_PER_ADDRESS = 10**22
"""Base units of fee juice that each address holds at genesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestAccount:
    """A Schnorr account whose secret everybody knows; salt zero, the signing key follows from the secret."""

    __test__ = False  # pytest: not a test class

    secret: Fr
    address: AztecAddress


TEST_ACCOUNTS = (
    TestAccount(
        secret=fr_from_hex("2153536ff6628eee01cf4024889ff977a18d9fa61d0e414422f7681cf085c281"),
        address=AztecAddress(fr_from_hex("0a60414ee907527880b7a53d4dacdeb9ef768bb98d9d8d1e7200725c13763331")),
    ),
    TestAccount(
        secret=fr_from_hex("aebd1b4be76efa44f5ee655c20bf9ea60f7ae44b9a7fd1fd9f189c7a0b0cdae"),
        address=AztecAddress(fr_from_hex("00cedf87a800bd88274762d77ffd93e97bc881d1fc99570d62ba97953597914d")),
    ),
    TestAccount(
        secret=fr_from_hex("0f6addf0da06c33293df974a565b03d1ab096090d907d98055a8b7f4954e120c"),
        address=AztecAddress(fr_from_hex("1dd551228da3a56b5da5f5d73728e08d8114f59897c27136f1bcdd4c05028905")),
    ),
)

SPONSORED_FPC = AztecAddress(fr_from_hex("09a4df73aa47f82531a038d1d51abfc85b27665c4b7ca751e2d4fa9f19caffb2"))
"""Pays for anybody."""

BANANA_COIN = AztecAddress(fr_from_hex("1a9dad3d9b9d55021a8ce457225fa3f89d413c05da170fdad413a74aefee2705"))
"""A token whose admin and minter is the first test account."""

BANANA_FPC = AztecAddress(fr_from_hex("099602ed42e355e5338ade3a9e314b3d15b6030b058a0c17c385f4a0f2d2b71a"))
"""Pays for who gives it banana coins."""

FUNDED_ADDRESSES = (*(account.address for account in TEST_ACCOUNTS), SPONSORED_FPC, BANANA_FPC)


def genesis_public_data(funded: Iterable[AztecAddress] = FUNDED_ADDRESSES) -> list[tuple[Fr, Fr]]:
    """Give the (leaf slot, value) pairs of the funded addresses, sorted by slot."""
    return sorted((fee_juice_balance_leaf_slot(address), fr(FUNDING_PER_ADDRESS)) for address in funded)
