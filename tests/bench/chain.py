"""Put the same transactions on every peer's chain, and measure how long one takes on its way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from aztecd.constants import CONTRACT_CLASS_REGISTRY_ADDRESS
from aztecd.protocol.logs import ContractClassLogFields
from aztecd.protocol.tx_data import ScopedLogHash
from tests.bench.peers import NodeClient
from tests.support.load import ON_L1, TxMaker
from tests.support.transactions import element, private_tx
from tests.support.txs import recorded_tx

if TYPE_CHECKING:
    from aztecd.protocol.tx import Tx
    from tests.bench.peers import Peer

_POLL_S = 0.005
_LIMIT_S = 120
_REFRESH_EVERY = 10
_CLASS_LOG_FIELDS = 400


@dataclass(slots=True)
class Facts:
    """What can be asked of a peer's chain. Mutable: grows with it. Elements as hexadecimal text."""

    tx_hashes: list[str] = field(default_factory=list)
    class_tx_hashes: list[str] = field(default_factory=list)
    note_hashes: list[str] = field(default_factory=list)
    nullifiers: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    class_ids: list[str] = field(default_factory=list)
    blocks: int = 0


class Driver:
    """Sends transactions to one peer. Mutable: it counts them. `facts` say what is on the chain."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.facts = Facts()
        self._client = NodeClient(peer.url, timeout_s=_LIMIT_S)
        self._maker = TxMaker(self._client)
        self._count = 0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def send_to_receipt(self) -> float:
        """Send a private transaction; give the seconds until its receipt says that L1 has it."""
        tx_hash, body = self._make()
        request = _call("sendTx", body)
        poll = _call("getTxReceipt", tx_hash)
        begin = time.perf_counter()
        self._post(request)
        while self._post(poll)["status"] not in ON_L1:
            if time.perf_counter() - begin > _LIMIT_S:
                raise TimeoutError(f"{self.peer.name}: {tx_hash} is not on L1 after {_LIMIT_S} s")
            time.sleep(_POLL_S)
        elapsed = time.perf_counter() - begin
        self.facts.tx_hashes.append(tx_hash)
        return elapsed

    def group(self, size: int) -> float:
        """Send transactions one after the other; give the seconds until all are on L1."""
        made = [self._make() for _ in range(size)]
        requests = [_call("sendTx", body) for _, body in made]
        begin = time.perf_counter()
        for request in requests:
            self._post(request)
        hashes = [tx_hash for tx_hash, _ in made]
        self._wait_for(hashes)
        self.facts.tx_hashes += hashes
        return time.perf_counter() - begin

    def publish_classes(self, count: int) -> None:
        """Send transactions with a contract class log each; the first one publishes a class."""
        for _ in range(count):
            tx = self._with_class_log()
            self._post(_call("sendTx", tx.to_json()))
            tx_hash = f"0x{tx.tx_hash.hex()}"
            self._wait_for([tx_hash])
            self.facts.class_tx_hashes.append(tx_hash)

    def learn(self) -> Facts:
        """Ask the chain for what the transactions left on it."""
        call = self._client.call
        facts = self.facts
        facts.blocks = call("getBlockNumber")
        facts.note_hashes, facts.nullifiers, facts.tags = [], [], []
        for tx_hash in facts.tx_hashes + facts.class_tx_hashes:
            effect = call("getTxEffect", tx_hash)["data"]
            facts.note_hashes += effect["noteHashes"]
            facts.nullifiers += effect["nullifiers"]
            facts.tags += [log["fields"][0] for log in effect["privateLogs"]]
        return facts

    def _make(self) -> tuple[str, Any]:
        if self._count % _REFRESH_EVERY == 0:
            self._maker.refresh()
        self._count += 1
        # A slower peer may get the same transactions later: the seeds need not differ between peers.
        return self._maker.make(f"bench:{self._count}", payer=self._count % 3)

    def _with_class_log(self) -> Tx:
        """Take a recorded class log the first time, and then logs that publish nothing."""
        self._maker.refresh()
        self._count += 1
        seed = f"bench:{self._count}"
        fields = recorded_tx("deploy_counter_class_instance_private").contract_class_log_fields[0]
        if self.facts.class_ids:
            filled = tuple(element(seed, "class", index) for index in range(_CLASS_LOG_FIELDS))
            fields = ContractClassLogFields.padded(filled)
        else:
            self.facts.class_ids.append(f"0x{fields.fields[1].hex()}")
        maker = self._maker
        plain = private_tx(
            maker.anchor,
            seed,
            chain_id=maker.chain_id,
            version=maker.version,
            max_fee=maker.max_fee,
        )
        part = plain.data.for_rollup
        assert part is not None
        claim = ScopedLogHash(
            value=fields.hash(),
            length=fields.length(),
            contract_address=CONTRACT_CLASS_REGISTRY_ADDRESS,
        )
        gas = plain.data.gas_used
        data = plain.data.replace(
            for_rollup=part.replace(end=part.end.replace(contract_class_logs_hashes=(claim,))),
            gas_used=gas.replace(da_gas=gas.da_gas + 32 * (fields.length() + 2)),
        )
        return plain.replace(data=data, tx_hash=data.tx_hash(), contract_class_log_fields=(fields,))

    def _wait_for(self, hashes: list[str]) -> None:
        deadline = time.perf_counter() + _LIMIT_S
        for tx_hash in hashes:
            poll = _call("getTxReceipt", tx_hash)
            while (receipt := self._post(poll))["status"] not in ON_L1:
                if receipt["status"] == "dropped" or time.perf_counter() > deadline:
                    raise RuntimeError(f"{self.peer.name}: {tx_hash} did not reach L1: {receipt}")
                time.sleep(_POLL_S)

    def _post(self, body: bytes) -> Any:
        _, answer = self._client.post(body)
        return _result(orjson.loads(answer))


def request_body(method: str, params: list[Any]) -> bytes:
    """Write the body of a call that every peer understands."""
    return _call(method, *params)


def _call(method: str, *params: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": f"node_{method}", "params": params})


def _result(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise RuntimeError(f"the node refused: {answer['error']}")
    return answer.get("result")
