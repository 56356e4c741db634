"""Bringing fee juice and tokens from L1 to Aztec, and tokens back.

A deposit on L1 leaves a message; whoever knows its secret claims it on L2, once the message is in the tree of
messages, which happens with the next checkpoints. An exit on L2 leaves a message too; it is consumed in the
Outbox on L1, once its epoch is settled.

Authority: @aztec/aztec.js src/ethereum/portal_manager.ts, @aztec/l1-artifacts
l1-contracts/src/core/messagebridge (4.1.2).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aztecd.client.errors import BridgeError
from aztecd.client.fees import Claim
from aztecd.client.l1_contracts import L1Contracts
from aztecd.client.messages import (
    MessageNode,
    MessageToL1,
    find_message_to_l1,
    wait_for_message_from_l1,
    wait_until,
)
from aztecd.crypto.field import Fr, fr_from_bytes
from aztecd.crypto.keccak import keccak256
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol.basic import AztecAddress, EthAddress, TxHash
from aztecd.protocol.hashes import l2_to_l1_message_hash, secret_hash
from aztecd.protocol.node_types import L1ContractAddresses
from aztecd.pxe.accounts import random_nonce
from aztecd.pxe.node import PxeNode

__all__ = ["Deposit", "FeeJuiceBridge", "TokenPortal", "Withdrawal"]

_NOBODY: Final = EthAddress(bytes(20))
_WITHDRAW: Final = keccak256(b"withdraw(address,uint256,address)")[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A deposit on L1 and how to claim it; the message hash names it in the tree.

    Without recipient whoever knows the secret may claim it, for anybody. The secret is nowhere but here: who
    makes a deposit that must survive the end of the program gives a secret that is kept already.
    """

    recipient: AztecAddress | None
    claim: Claim
    message_hash: Fr


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An exit that waits on L1: what was sent there, and its proof. `caller`: who alone may take it out."""

    recipient: EthAddress
    amount: int
    caller: EthAddress | None
    proof: MessageToL1


class FeeJuiceBridge:
    """Sends from one L1 account."""

    def __init__(self, node: PxeNode, l1: L1Contracts) -> None:
        self._node = node
        self._l1 = l1

    @classmethod
    @asynccontextmanager
    async def open(
        cls, node: PxeNode, *, l1_url: str, l1_key: bytes, l1_artifacts: Path | None = None
    ) -> AsyncIterator[FeeJuiceBridge]:
        """Connect to L1 for this bridge alone. Parameters and errors are those of `L1Contracts.open`."""
        async with L1Contracts.open(node, l1_url=l1_url, l1_key=l1_key, l1_artifacts=l1_artifacts) as l1:
            yield cls(node, l1)

    async def mint_amount(self) -> int:
        """Say how much the test network's faucet gives at once. Raises BridgeError without a faucet."""
        return int(await self._l1.read("FeeAssetHandler", await self._faucet(), "mintAmount"))

    async def deposit(
        self,
        recipient: AztecAddress,
        amount: int | None = None,
        *,
        mints: bool = False,
        secret: Fr | None = None,
    ) -> Deposit:
        """Deposit fee juice for an account; with `mints`, what the faucet gives.

        Without a secret one is drawn. Raises BridgeError, ContractRevertError.
        """
        addresses = await _addresses(self._node)
        if mints:
            given = await self.mint_amount()
            if amount is not None and amount != given:
                raise BridgeError(f"Minting amount must be {given}")
            amount = given
            await self._l1.write("FeeAssetHandler", await self._faucet(), "mint", self._l1.account)
        if amount is None:
            raise BridgeError("say how much, or let the faucet mint it")
        portal = addresses.fee_juice_portal_address
        await self._l1.write("TestERC20", addresses.fee_juice_address, "approve", portal, amount)
        return await _deposit_public(self._l1, "FeeJuicePortal", portal, recipient, amount, secret)

    async def wait_until_claimable(
        self, deposit: Deposit, *, timeout_s: float = 300, interval_s: float = 1
    ) -> None:
        """Wait until the message is in the tree, which takes new blocks. Raises WaitTimeoutError."""
        await wait_for_message_from_l1(
            self._node, deposit.message_hash, timeout_s=timeout_s, interval_s=interval_s
        )

    async def _faucet(self) -> EthAddress:
        address = (await _addresses(self._node)).fee_asset_handler_address
        if address is None or not any(address):
            raise BridgeError("Minting handler was not provided: the network has no faucet")
        return address


class TokenPortal:
    """A token's portal on L1, as the reference's example contract is: TokenPortal there, TokenBridge on L2.

    Sends from one L1 account. On L2 the bridge contract is called as any other:

        bridge.methods.claim_public(recipient, *deposit.claim.arguments())
        bridge.methods.exit_to_l1_public(recipient_on_l1, amount, caller_on_l1, nonce)
    """

    def __init__(self, node: MessageNode, l1: L1Contracts, address: EthAddress) -> None:
        self.address = address
        self._node = node
        self._l1 = l1

    async def token(self) -> EthAddress:
        """Name the token on L1."""
        return EthAddress(await self._read("underlying"))

    async def bridge(self) -> AztecAddress:
        """Name the contract on L2 that the portal's messages are for."""
        return AztecAddress(fr_from_bytes(await self._read("l2Bridge")))

    async def deposit_public(
        self, recipient: AztecAddress, amount: int, *, secret: Fr | None = None
    ) -> Deposit:
        """Deposit for the public balance of an account. Raises BridgeError, ContractRevertError."""
        await self._approve(amount)
        return await _deposit_public(self._l1, "TokenPortal", self.address, recipient, amount, secret)

    async def deposit_private(self, amount: int, *, secret: Fr | None = None) -> Deposit:
        """Deposit for a private balance; L1 does not learn whose. Raises BridgeError, ContractRevertError."""
        await self._approve(amount)
        secret = random_nonce() if secret is None else secret
        logs = await self._write("depositToAztecPrivate", amount, bytes(secret_hash(secret)))
        events = self._l1.events("TokenPortal", "DepositToAztecPrivate", logs)
        return _found(events, "secretHashForL2MessageConsumption", secret, None, amount)

    async def wait_until_claimable(
        self, deposit: Deposit, *, timeout_s: float = 300, interval_s: float = 1
    ) -> None:
        """Wait until the message is in the tree, which takes new blocks. Raises WaitTimeoutError."""
        await wait_for_message_from_l1(
            self._node, deposit.message_hash, timeout_s=timeout_s, interval_s=interval_s
        )

    async def exit_message(self, recipient: EthAddress, amount: int, caller: EthAddress | None = None) -> Fr:
        """Give the message that an exit sends to L1."""
        content = sha256_trunc(
            _WITHDRAW + _word(recipient) + amount.to_bytes(32) + _word(_NOBODY if caller is None else caller)
        )
        info = await self._node.get_node_info()
        return l2_to_l1_message_hash(
            sender=await self.bridge(),
            recipient=self.address,
            content=content,
            version=info.rollup_version,
            chain_id=self._l1.chain_id,
        )

    async def withdrawal(
        self,
        tx_hash: TxHash,
        recipient: EthAddress,
        amount: int,
        *,
        caller: EthAddress | None = None,
        index_in_tx: int | None = None,
    ) -> Withdrawal:
        """Prove an exit that a transaction made. Raises BridgeError when it made none like this."""
        message = await self.exit_message(recipient, amount, caller)
        proof = await find_message_to_l1(self._node, message, tx_hash, index_in_tx=index_in_tx)
        if proof is None:
            raise BridgeError(f"transaction 0x{tx_hash.hex()} is in no checkpoint yet")
        return Withdrawal(recipient=recipient, amount=amount, caller=caller, proof=proof)

    async def is_settled(self, withdrawal: Withdrawal) -> bool:
        """Whether the Outbox has the epoch's messages, so that `withdraw` works.

        When the epoch has grown since, the withdrawal must be proved anew.
        """
        outbox = (await _addresses(self._node)).outbox_address
        root = await self._l1.read("Outbox", outbox, "getRootData", withdrawal.proof.epoch)
        return bytes(root) == withdrawal.proof.witness.root

    async def is_withdrawn(self, withdrawal: Withdrawal) -> bool:
        """Whether the message was consumed."""
        outbox = (await _addresses(self._node)).outbox_address
        proof = withdrawal.proof
        name = "hasMessageBeenConsumedAtEpoch"
        return bool(await self._l1.read("Outbox", outbox, name, proof.epoch, proof.witness.leaf_id))

    async def wait_until_settled(
        self,
        tx_hash: TxHash,
        recipient: EthAddress,
        amount: int,
        *,
        caller: EthAddress | None = None,
        index_in_tx: int | None = None,
        timeout_s: float = 3600,
        interval_s: float = 1,
    ) -> Withdrawal:
        """Wait until the epoch of an exit is settled, and give its proof for then.

        Raises WaitTimeoutError, and as `withdrawal`.
        """
        found: list[Withdrawal] = []

        async def is_settled() -> bool:
            found[:] = [
                await self.withdrawal(tx_hash, recipient, amount, caller=caller, index_in_tx=index_in_tx)
            ]
            return await self.is_settled(found[0])

        what = f"the epoch of transaction 0x{tx_hash.hex()} settled"
        await wait_until(is_settled, what, timeout_s=timeout_s, interval_s=interval_s)
        return found[0]

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Consume the message in the Outbox; the recipient gets the tokens.

        Raises ContractRevertError: not settled, withdrawn before, somebody else's.
        """
        proof = withdrawal.proof
        await self._write(
            "withdraw",
            withdrawal.recipient,
            withdrawal.amount,
            withdrawal.caller is not None,
            proof.epoch,
            proof.witness.leaf_index,
            [bytes(sibling) for sibling in proof.witness.siblings],
        )

    async def _approve(self, amount: int) -> None:
        await self._l1.write("TestERC20", await self.token(), "approve", self.address, amount)

    async def _read(self, name: str) -> bytes:
        return bytes(await self._l1.read("TokenPortal", self.address, name))

    async def _write(self, name: str, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        return await self._l1.write("TokenPortal", self.address, name, *arguments)


async def _addresses(node: PxeNode) -> L1ContractAddresses:
    return (await node.get_node_info()).l1_contract_addresses


def _word(address: EthAddress) -> bytes:
    return bytes(12) + address


async def _deposit_public(
    l1: L1Contracts,
    contract: str,
    portal: EthAddress,
    recipient: AztecAddress,
    amount: int,
    secret: Fr | None,
) -> Deposit:
    secret = random_nonce() if secret is None else secret
    hashed = bytes(secret_hash(secret))
    logs = await l1.write(contract, portal, "depositToAztecPublic", bytes(recipient), amount, hashed)
    events = l1.events(contract, "DepositToAztecPublic", logs)
    return _found(events, "secretHash", secret, recipient, amount)


def _found(
    events: Sequence[Mapping[str, Any]],
    hash_name: str,
    secret: Fr,
    recipient: AztecAddress | None,
    amount: int,
) -> Deposit:
    """Find a deposit among the events of its transaction. Raises BridgeError."""
    hashed = bytes(secret_hash(secret))
    for event in events:
        if bytes(event[hash_name]) == hashed:
            return Deposit(
                recipient=recipient,
                claim=Claim(amount=amount, secret=secret, leaf_index=int(event["index"])),
                message_hash=fr_from_bytes(bytes(event["key"])),
            )
    raise BridgeError("the deposit left no event: the portal is another contract than expected")
