"""Put hostile programs on a network, send their transactions, and ask the node other things meanwhile."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractClassPublic,
    ContractInstanceWithAddress,
    contract_address,
    contract_class_id,
    public_bytecode_commitment,
)
from tests.support.hostile_programs import program
from tests.support.json_rpc import RpcClient
from tests.support.load import ON_L1, TxMaker
from tests.support.public_transactions import GAS_LIMITS, PublicCall, public_tx
from tests.support.transactions import element

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASK_EVERY_S: Final = 0.02
_POLL_S: Final = 0.01
_LIMIT_S: Final = 120
_SENDER: Final = AztecAddress(fr(7))


@dataclass(slots=True)
class Answers:
    """How long the node took to say its block number, over and over. Mutable: grows while it runs."""

    ms: list[float] = field(default_factory=list)
    failure: Exception | None = None

    def quantile(self, part: float) -> float:
        """Give the milliseconds that this part of the answers stayed below."""
        ranked = sorted(self.ms)
        return ranked[min(len(ranked) - 1, int(part * len(ranked)))]


class Asker:
    """Asks for the block number fifty times a second, as long as the `with` block takes."""

    def __init__(self, url: str) -> None:
        self.answers = Answers()
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Answers:
        self._thread.start()
        return self.answers

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        try:
            with RpcClient(self._url, timeout_s=_LIMIT_S) as rpc:
                while not self._stop.wait(_ASK_EVERY_S):
                    begin = time.perf_counter()
                    rpc.call("aztec_getBlockNumber")
                    self.answers.ms.append((time.perf_counter() - begin) * 1e3)
        except Exception as error:  # noqa: BLE001 -- for the thread that waits
            self.answers.failure = error


class HostileClient:
    """Deploys hostile programs on one network and calls them. Mutable: it counts its transactions."""

    def __init__(self, url: str) -> None:
        self._rpc = RpcClient(url, timeout_s=_LIMIT_S)
        self._maker = TxMaker(self._rpc)
        self._count = 0

    def close(self) -> None:
        """Close the connection."""
        self._rpc.close()

    def deploy(self, name: str) -> tuple[PublicCall, ...]:
        """Publish the contracts of a program, each in a transaction; give the calls to make."""
        hostile = program(name)
        others = [self._publish(contract) for contract in hostile.contracts[1:]]
        entry = self._publish(hostile.entry_for([fr_int(address) for address in others]))
        return tuple(
            PublicCall(sender=_SENDER, contract=entry, calldata=tuple(map(fr, values)))
            for values in hostile.calldatas
        )

    def send(self, calls: Sequence[PublicCall], **more: Any) -> str:
        """Send a transaction with these calls and all gas that there is; give its hash."""
        maker = self._maker
        maker.refresh()
        self._count += 1
        if maker.anchor.global_variables.block_number == 0:
            # Genesis has time 0; what counts its lifetime from there can be in block 1 only.
            more["expiration_timestamp"] = int(time.time()) + 86_000
        tx = public_tx(
            maker.anchor,
            f"hostile:{self._count}",
            calls,
            chain_id=maker.chain_id,
            version=maker.version,
            max_fee=maker.max_fee,
            gas_limits=GAS_LIMITS,
            **more,
        )
        self._rpc.call("aztec_sendTx", tx.to_json())
        return f"0x{tx.tx_hash.hex()}"

    def wait_for(self, tx_hash: str) -> Any:
        """Give the receipt once the transaction is on L1. Fails when it is dropped."""
        deadline = time.monotonic() + _LIMIT_S
        while (receipt := self._rpc.call("aztec_getTxReceipt", tx_hash))["status"] not in ON_L1:
            assert receipt["status"] != "dropped", receipt
            assert time.monotonic() < deadline, receipt
            time.sleep(_POLL_S)
        return receipt

    def _publish(self, packed: bytes) -> AztecAddress:
        class_id = contract_class_id(fr(1), Fr(fr(1)), public_bytecode_commitment(packed))
        instance = ContractInstanceWithAddress(
            version=1,
            salt=element("hostile", self._count),
            deployer=AztecAddress(FR_ZERO),
            current_contract_class_id=class_id,
            original_contract_class_id=class_id,
            initialization_hash=FR_ZERO,
            public_keys=DEFAULT_PUBLIC_KEYS,
            address=AztecAddress(FR_ZERO),
        )
        instance = instance.replace(address=contract_address(instance))
        contract_class = ContractClassPublic(
            l2_block_number=0,
            version=1,
            artifact_hash=fr(1),
            private_functions_root=fr(1),
            packed_bytecode=packed,
            id=class_id,
        )
        # A transaction with public parts has a call. This one fails, which changes nothing.
        call = PublicCall(sender=_SENDER, contract=AztecAddress(fr(1)), calldata=())
        self.wait_for(self.send([call], contract_class=contract_class, instances=[instance]))
        return instance.address
