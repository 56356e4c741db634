"""Bringing fee juice from L1 to an Aztec account.

A deposit on L1 leaves a message; whoever knows its secret claims it on L2, once the message is in the tree of
messages, which happens with the next checkpoints.

Authority: @aztec/aztec.js src/ethereum/portal_manager.ts, src/utils/cross_chain.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aztecd.client.errors import BridgeError
from aztecd.client.fees import Claim
from aztecd.crypto.field import Fr, fr_from_bytes
from aztecd.l1 import ContractSet, L1Account, L1Client, TransactionSender
from aztecd.l1.transaction import L1Transaction
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.protocol.hashes import secret_hash
from aztecd.pxe.accounts import random_nonce
from aztecd.pxe.node import PxeNode
from aztecd.wallet.errors import WaitTimeoutError

__all__ = ["Deposit", "FeeJuiceBridge"]

_GAS: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """A deposit on L1 and how to claim it; the message hash names it in the tree."""

    recipient: AztecAddress
    claim: Claim
    message_hash: Fr


class FeeJuiceBridge:
    """Sends from one L1 account. One deposit at a time. Made by `open`."""

    def __init__(self, node: PxeNode, sender: TransactionSender, contracts: ContractSet) -> None:
        self._node = node
        self._sender = sender
        self._contracts = contracts

    @classmethod
    @asynccontextmanager
    async def open(
        cls, node: PxeNode, *, l1_url: str, l1_key: bytes, l1_artifacts: Path
    ) -> AsyncIterator[FeeJuiceBridge]:
        """Connect to L1; `l1_artifacts` is the folder that `aztecd fetch` leaves. Raises as L1Client does."""
        contracts = ContractSet(l1_artifacts)
        chain_id = (await node.get_node_info()).l1_chain_id
        with closing(L1Client(l1_url, errors=contracts.errors)) as client:
            await asyncio.to_thread(client.require_chain, chain_id)
            yield cls(node, TransactionSender(client, L1Account(l1_key), chain_id), contracts)

    async def mint_amount(self) -> int:
        """Say how much the test network's faucet gives at once. Raises BridgeError without a faucet."""
        (amount,) = await self._read("FeeAssetHandler", await self._faucet(), "mintAmount")
        return int(amount)

    async def deposit(
        self, recipient: AztecAddress, amount: int | None = None, *, mints: bool = False
    ) -> Deposit:
        """Deposit fee juice for an account; with `mints`, what the faucet gives. Raises BridgeError."""
        addresses = (await self._node.get_node_info()).l1_contract_addresses
        if mints:
            given = await self.mint_amount()
            if amount is not None and amount != given:
                raise BridgeError(f"Minting amount must be {given}")
            amount = given
            await self._write("FeeAssetHandler", await self._faucet(), "mint", self._sender.account.address)
        if amount is None:
            raise BridgeError("say how much, or let the faucet mint it")
        portal = addresses.fee_juice_portal_address
        await self._write("TestERC20", addresses.fee_juice_address, "approve", portal, amount)
        secret = random_nonce()
        hashed = secret_hash(secret)
        logs = await self._write(
            "FeeJuicePortal", portal, "depositToAztecPublic", bytes(recipient), amount, bytes(hashed)
        )
        event = self._contracts.abi("FeeJuicePortal").event("DepositToAztecPublic")
        for entry in logs:
            topics = [bytes.fromhex(topic[2:]) for topic in entry["topics"]]
            if not topics or topics[0] != event.topic:
                continue
            found = event.decode(topics, bytes.fromhex(entry["data"][2:]))
            if found["secretHash"] == bytes(hashed):
                return Deposit(
                    recipient=recipient,
                    claim=Claim(amount=amount, secret=secret, leaf_index=int(found["index"])),
                    message_hash=fr_from_bytes(bytes(found["key"])),
                )
        raise BridgeError("the deposit left no event: the portal is another contract than expected")

    async def wait_until_claimable(
        self,
        deposit: Deposit,
        *,
        timeout_s: float = 300,
        interval_s: float = 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Wait until the message is in the tree, which takes new blocks. Raises WaitTimeoutError."""
        begin = clock()
        while True:
            found = await self._node.get_l1_to_l2_message_membership_witness("latest", deposit.message_hash)
            if found is not None:
                return
            if clock() - begin > timeout_s:
                raise WaitTimeoutError(
                    f"Timeout awaiting L1 to L2 message 0x{deposit.message_hash.hex()} ready"
                )
            await sleep(interval_s)

    async def _faucet(self) -> EthAddress:
        address = (await self._node.get_node_info()).l1_contract_addresses.fee_asset_handler_address
        if address is None or not any(address):
            raise BridgeError("Minting handler was not provided: the network has no faucet")
        return address

    async def _read(self, contract: str, address: EthAddress, name: str) -> tuple[Any, ...]:
        function = self._contracts.abi(contract).function(name)
        call = {"to": f"0x{address.hex()}", "data": f"0x{function.encode().hex()}"}
        answer = await asyncio.to_thread(self._sender.client.call, "eth_call", call, "latest")
        return function.decode(bytes.fromhex(answer[2:]))

    async def _write(
        self, contract: str, address: EthAddress, name: str, *arguments: Any
    ) -> list[dict[str, Any]]:
        data = self._contracts.abi(contract).function(name).encode(*arguments)
        transaction = L1Transaction(to=address, data=data, gas=_GAS)
        receipt = await asyncio.to_thread(self._sender.send, transaction, is_done=lambda: False)
        if receipt is None or not receipt.succeeded:
            raise BridgeError(f"L1 refused {name} of {contract} at 0x{address.hex()}")
        return list(receipt.logs)
