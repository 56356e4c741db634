"""Transactions of a Token: many at once until the last receipt, and one public transfer on its way.

All are made before the clock starts, with the gas limits that a client would have estimated: what a
transaction declares decides how many fit into a block.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

import orjson

from aztecd.localnet.accounts import FUNDED_ADDRESSES
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import Gas
from tests.bench.peers import NodeClient
from tests.support.load import ON_L1, TxMaker
from tests.support.public_transactions import PublicCall, public_tx, token
from tests.support.transactions import element, private_tx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.protocol.tx import Tx
    from tests.bench.peers import Peer

_CONNECTIONS: Final = 4
_POLL_S: Final = 0.005
_LIMIT_S: Final = 300
_PUBLIC_LIMITS: Final = Gas(da_gas=400, l2_gas=700_000)
"""A transfer uses 224 and 625,957."""
_PRIVATE_LIMITS: Final = Gas(da_gas=1_600, l2_gas=530_000)
_MINTED: Final = 1_000_000


@unique
class Kind(Enum):
    """What moves the tokens."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class _Made:
    tx_hash: str
    body: bytes


class TokenDriver:
    """Sends a peer's transactions of one Token, which it deploys first. Mutable: it counts them."""

    def __init__(self, peer: Peer) -> None:
        """Connect; nothing is deployed yet."""
        self.peer = peer
        self._clients = [NodeClient(peer.url, timeout_s=_LIMIT_S) for _ in range(_CONNECTIONS)]
        self._maker = TxMaker(self._clients[0])
        self._owner = AztecAddress(element("bench", "owner"))
        self._count = 0

    def close(self) -> None:
        """Close the connections; they open again when they are needed."""
        for client in self._clients:
            client.close()

    def deploy(self) -> None:
        """Publish the class and an instance, run the constructor and mint: one transaction."""
        contract = token()
        calls = [contract.constructor, contract.mint(self._owner, _MINTED)]
        made = self._public(
            "bench:deploy",
            calls,
            contract_class=contract.contract_class,
            instances=[contract.instance],
        )
        self._send(made)
        self._wait_for([made])
        receipt = self._clients[0].call("getTxReceipt", made.tx_hash)
        if receipt["executionResult"] != "success":
            raise RuntimeError(f"{self.peer.name}: the Token was not deployed: {receipt}")

    def batch(self, kind: Kind, size: int) -> float:
        """Send so many at once; give the seconds until the last receipt says that L1 has its transaction."""
        made = self._make(kind, size)
        begin = time.perf_counter()
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(self._send_some, range(_CONNECTIONS), [made] * _CONNECTIONS))
        self._wait_for(made)
        elapsed = time.perf_counter() - begin
        self._check(made)
        return elapsed

    def send_to_receipt(self) -> float:
        """Send one public transfer; give the seconds until its receipt says that L1 has it."""
        (made,) = self._make(Kind.PUBLIC, 1)
        begin = time.perf_counter()
        self._send(made)
        self._wait_for([made])
        elapsed = time.perf_counter() - begin
        self._check([made])
        return elapsed

    def _make(self, kind: Kind, size: int) -> list[_Made]:
        # Servers close connections that were silent for some seconds, as they are while others are measured.
        self.close()
        self._maker.refresh()
        make = self._transfer if kind is Kind.PUBLIC else self._private
        made = [make() for _ in range(size)]
        self.close()
        return made

    def _transfer(self) -> _Made:
        self._count += 1
        seed = f"bench:token:{self._count}"
        receiver = AztecAddress(element(seed, "receiver"))
        call = token().transfer(self._owner, receiver, 1)
        return self._public(seed, [call], gas_limits=_PUBLIC_LIMITS)

    def _private(self) -> _Made:
        """Make what a private transfer leaves: two nullifiers, two notes, two logs."""
        self._count += 1
        maker = self._maker
        tx = private_tx(
            maker.anchor,
            f"bench:token:{self._count}",
            chain_id=maker.chain_id,
            version=maker.version,
            max_fee=maker.max_fee,
            fee_payer=self._payer(),
            nullifiers=2,
        )
        constants = tx.data.constants
        settings = constants.tx_context.gas_settings.replace(gas_limits=_PRIVATE_LIMITS)
        context = constants.tx_context.replace(gas_settings=settings)
        data = tx.data.replace(constants=constants.replace(tx_context=context))
        return _made(tx.replace(data=data, tx_hash=data.tx_hash()))

    def _public(self, seed: str, calls: Sequence[PublicCall], **more: Any) -> _Made:
        maker = self._maker
        if maker.anchor.global_variables.block_number == 0:
            # Genesis has time 0; what counts its lifetime from there can be in block 1 only.
            more["expiration_timestamp"] = int(time.time()) + 86_000
        return _made(
            public_tx(
                maker.anchor,
                seed,
                calls,
                chain_id=maker.chain_id,
                version=maker.version,
                max_fee=maker.max_fee,
                fee_payer=self._payer(),
                **more,
            )
        )

    def _payer(self) -> AztecAddress:
        return FUNDED_ADDRESSES[self._count % len(FUNDED_ADDRESSES)]

    def _send_some(self, worker: int, made: Sequence[_Made]) -> None:
        for each in made[worker::_CONNECTIONS]:
            self._send(each, worker)

    def _send(self, made: _Made, worker: int = 0) -> None:
        _, answer = self._clients[worker].post(made.body)
        if "error" in (found := orjson.loads(answer)):
            raise RuntimeError(f"{self.peer.name} refused {made.tx_hash}: {found['error']}")

    def _wait_for(self, made: Sequence[_Made]) -> None:
        deadline = time.perf_counter() + _LIMIT_S
        for each in reversed(made):
            while (receipt := self._clients[0].call("getTxReceipt", each.tx_hash))["status"] not in ON_L1:
                if receipt["status"] == "dropped" or time.perf_counter() > deadline:
                    raise RuntimeError(f"{self.peer.name}: {each.tx_hash} did not reach L1: {receipt}")
                time.sleep(_POLL_S)

    def _check(self, made: Sequence[_Made]) -> None:
        for each in made:
            receipt = self._clients[0].call("getTxReceipt", each.tx_hash)
            if receipt["executionResult"] != "success":
                raise RuntimeError(f"{self.peer.name}: {each.tx_hash} failed: {receipt}")


def _made(tx: Tx) -> _Made:
    body = {"jsonrpc": "2.0", "id": 1, "method": "node_sendTx", "params": [tx.to_json()]}
    return _Made(f"0x{tx.tx_hash.hex()}", orjson.dumps(body))
