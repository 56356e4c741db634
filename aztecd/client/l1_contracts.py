"""Contracts on L1 and an account there, for bridges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from aztecd.artifacts import locate
from aztecd.client.errors import BridgeError
from aztecd.l1 import ContractSet, L1Account, L1Client, TransactionSender
from aztecd.l1.reads import hex_bytes
from aztecd.l1.sender import Receipt
from aztecd.l1.transaction import L1Transaction, create_address
from aztecd.protocol.basic import EthAddress
from aztecd.pxe.node import PxeNode

__all__ = ["L1Contracts"]


class L1Contracts:
    """Reads contracts and sends transactions from one account, one at a time. Made by `open`.

    A contract is named as its artifact is. What a contract refuses raises ContractRevertError, before
    anything is sent.
    """

    def __init__(self, sender: TransactionSender, contracts: ContractSet, chain_id: int) -> None:
        self.chain_id = chain_id
        self._sender = sender
        self._contracts = contracts
        self._lock = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, node: PxeNode, *, l1_url: str, l1_key: bytes, l1_artifacts: Path | None = None
    ) -> AsyncIterator[L1Contracts]:
        """Connect to the L1 of a node; `l1_artifacts` is by default what `aztecd fetch` leaves.

        Raises ArtifactsMissingError, and as L1Client does.
        """
        contracts = ContractSet(l1_artifacts or locate().l1_artifacts)
        chain_id = (await node.get_node_info()).l1_chain_id
        with closing(L1Client(l1_url, errors=contracts.errors)) as client:
            await asyncio.to_thread(client.require_chain, chain_id)
            yield cls(TransactionSender(client, L1Account(l1_key), chain_id), contracts, chain_id)

    @property
    def account(self) -> EthAddress:
        """Who sends."""
        return self._sender.account.address

    async def read(self, contract: str, address: EthAddress, name: str, *arguments: Any) -> Any:
        """Call a view: the value itself when it returns one, else a tuple."""
        function = self._contracts.abi(contract).function(name)
        answer = await self._ask("eth_call", self._call(address, function.encode(*arguments)), "latest")
        values = function.decode(hex_bytes(answer))
        return values[0] if len(values) == 1 else values

    async def write(
        self, contract: str, address: EthAddress, name: str, *arguments: Any
    ) -> Sequence[Mapping[str, Any]]:
        """Send a transaction and give the logs of its receipt."""
        data = self._contracts.abi(contract).function(name).encode(*arguments)
        receipt = await self._send(address, data, f"{name} of {contract} at 0x{address.hex()}")
        return receipt.logs

    async def deploy(self, contract: str, *arguments: Any) -> EthAddress:
        """Create a contract."""
        data = self._contracts.artifact(contract).deployment(*arguments)
        receipt = await self._send(None, data, f"the creation of {contract}")
        used = await self._ask("eth_getTransactionByHash", f"0x{receipt.tx_hash.hex()}")
        return create_address(self.account, int(used["nonce"], 16))

    def events(self, contract: str, name: str, logs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Pick the events of one kind out of a receipt's logs."""
        event = self._contracts.abi(contract).event(name)
        found = []
        for entry in logs:
            topics = [hex_bytes(topic) for topic in entry["topics"]]
            if topics and topics[0] == event.topic:
                found.append(dict(event.decode(topics, hex_bytes(entry["data"]))))
        return found

    def _call(self, address: EthAddress | None, data: bytes) -> dict[str, str]:
        to = {} if address is None else {"to": f"0x{address.hex()}"}
        return {"from": f"0x{self.account.hex()}", "data": f"0x{data.hex()}", **to}

    async def _ask(self, method: str, *params: Any) -> Any:
        return await asyncio.to_thread(self._sender.client.call, method, *params)

    async def _send(self, address: EthAddress | None, data: bytes, what: str) -> Receipt:
        async with self._lock:
            needed = int(await self._ask("eth_estimateGas", self._call(address, data)), 16)
            # Between the estimate and the block the state may change, and with it the cost.
            transaction = L1Transaction(to=address, data=data, gas=needed + needed // 4)
            receipt = await asyncio.to_thread(self._sender.send, transaction, is_done=lambda: False)
        if receipt is None or not receipt.succeeded:
            raise BridgeError(f"L1 refused {what}")
        return receipt
