"""Deposits: who keeps the secret beforehand can claim, whatever happens to the program."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.client.bridge import FeeJuiceBridge, TokenPortal
from aztecd.client.errors import BridgeError
from aztecd.crypto.field import FR_MODULUS, fr, fr_int
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.protocol.hashes import secret_hash

PORTAL, TOKEN = EthAddress(b"\1" * 20), EthAddress(b"\2" * 20)
RECIPIENT = AztecAddress(fr(5))
HASH_NAMES = {
    "DepositToAztecPublic": "secretHash",
    "DepositToAztecPrivate": "secretHashForL2MessageConsumption",
}


class FakeL1:
    """Emits the event of a deposit; `breaks`: the connection is gone once the deposit is sent."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.sent: list[tuple[str, tuple[object, ...]]] = []
        self.breaks = breaks

    async def read(self, contract, address, name, *arguments):
        return {"underlying": TOKEN}[name]

    async def write(self, contract, address, name, *arguments):
        self.sent.append((name, arguments))
        if self.breaks and name != "approve":
            raise BridgeError("nobody knows whether it was mined")
        return []

    def events(self, contract, name, logs):
        *_, hashed = self.sent[-1][1]
        return [{HASH_NAMES[name]: hashed, "index": 7, "key": bytes(32)}]


class Node:
    async def get_node_info(self):
        addresses = SimpleNamespace(fee_juice_portal_address=PORTAL, fee_juice_address=TOKEN)
        return SimpleNamespace(l1_contract_addresses=addresses)


def deposits(l1):
    portal = TokenPortal(Node(), l1, PORTAL)
    return (
        lambda **secret: portal.deposit_public(RECIPIENT, 10, **secret),
        lambda **secret: portal.deposit_private(10, **secret),
        lambda **secret: FeeJuiceBridge(Node(), l1).deposit(RECIPIENT, 10, **secret),
    )


@pytest.mark.parametrize("way", range(3))
async def test_a_secret_that_is_kept_already(way):
    l1 = FakeL1()
    kept = fr(0x5EC)
    made = await deposits(l1)[way](secret=kept)
    assert (made.claim.secret, made.claim.amount, made.claim.leaf_index) == (kept, 10, 7)
    assert l1.sent[-1][1][-1] == bytes(secret_hash(kept))
    broken = FakeL1(breaks=True)
    with pytest.raises(BridgeError):
        await deposits(broken)[way](secret=kept)
    assert broken.sent[-1][1][-1] == bytes(secret_hash(kept))


@pytest.mark.parametrize("way", range(3))
async def test_else_it_is_random_and_not_shown(way):
    first, second = [await deposits(FakeL1())[way]() for _ in range(2)]
    assert first.claim.secret != second.claim.secret
    assert 0 < fr_int(first.claim.secret) < FR_MODULUS
    assert first.claim.secret.hex() not in repr(first)
