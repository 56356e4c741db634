"""Random questions about a chain for the JSON-RPC interface: right ones, near misses and nonsense, by a seed.

What a question may hold comes from a chain (`Facts`), so that many questions have answers. Two things are
never asked, since the reference node ends on them: transactions that are broken inside, and objects with two
members that have the right shape and an impossible value.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aztecd.crypto.field import FR_MODULUS
from tests.support.rpc_facts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.rpc_facts import Facts

JSON_TYPE: Final = {"content-type": "application/json"}

PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "getL2Tips", "getWorldStateSyncStatus", "getBlockNumber", "getCheckpointNumber", "isReady",
            "getProvenBlockNumber", "getCheckpointedBlockNumber", "getNodeInfo", "getCurrentMinFees",
            "getMaxPriorityFees", "getNodeVersion", "getVersion", "getChainId", "getL1ContractAddresses",
            "getProtocolContractAddresses", "getPendingTxCount", "getValidatorsStats", "getEncodedEnr",
            "getAllowedPublicSetup",
        ),
        (),
    ),
    "findLeavesIndexes": ("block", "tree", "leaf[]"),
    "getNullifierMembershipWitness": ("block", "nullifier"),
    "getLowNullifierMembershipWitness": ("block", "nullifier"),
    "getPublicDataWitness": ("block", "leaf_slot"),
    "getBlockHashMembershipWitness": ("block", "block_hash"),
    "getNoteHashMembershipWitness": ("block", "note_hash"),
    "getL1ToL2MessageMembershipWitness": ("block", "message"),
    "getPublicStorageAt": ("block", "address", "slot"),
    "getL1ToL2MessageCheckpoint": ("message",),
    "isL1ToL2MessageSynced": ("message",),
    "getL2ToL1Messages": ("epoch",),
    "getCheckpointsDataForEpoch": ("epoch",),
    "getBlock": ("block",),
    "getBlockByHash": ("block_hash",),
    "getBlockByArchive": ("archive",),
    "getBlockHeader": ("block?",),
    "getBlockHeaderByArchive": ("archive",),
    "getBlocks": ("number", "limit"),
    "getCheckpoints": ("number", "limit"),
    "getCheckpointedBlocks": ("number", "limit"),
    "getPublicLogs": ("filter",),
    "getContractClassLogs": ("filter",),
    "getPrivateLogsByTags": ("private_tag[]", "page?", "block_hash?"),
    "getPublicLogsByTagsFromContract": ("address", "public_tag[]", "page?", "block_hash?"),
    "getTxReceipt": ("tx_hash",),
    "getTxEffect": ("tx_hash",),
    "getTxByHash": ("tx_hash",),
    "getTxsByHash": ("tx_hash[]",),
    "getPendingTxs": ("limit?", "tx_hash?"),
    "getContractClass": ("class_id",),
    "getContract": ("address",),
    "getValidatorStats": ("eth_address", "epoch?", "epoch?"),
    "registerContractFunctionSignatures": ("signature[]",),
    "sendTx": ("tx",),
    "isValidTx": ("tx", "options?"),
    "simulatePublicCalls": ("tx", "flag?"),
}  # fmt: skip
"""The reference's methods with the kinds of their parameters; `?` may be left out, `[]` is a list."""

_ANYTHING: Final[tuple[Any, ...]] = (
    None, True, 0, 1, -1, 1.5, 2**31, 2**32, 2**53 - 1, 1e21, "", "0x", "0", "1", " 1", "latest", "proven",
    "proposed", "finalized", "zz", "\u0663", "\U0001f600", UNKNOWN, hex(FR_MODULUS), [], [[]], {}, {"a": 1},
    {"type": "Buffer", "data": [1]},
)  # fmt: skip
_MEMBER_CHANCE: Final = 0.3
_NO_TX: Final[tuple[Any, ...]] = (None, True, 5, "x", UNKNOWN, [], {}, {"data": 1})
"""What is refused before anything in it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request. `method` is the plain name, or what else it tries; `params` are those of a plain call."""

    method: str
    body: bytes
    params: Any = None
    verb: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_TYPE)
    is_plain: bool = False
    """It is a call with parameters as clients send them: its time counts."""

    def in_namespace(self, namespace: str) -> bytes:
        """Give the body, of a call with another prefix of the method."""
        if self.params is None:
            return self.body
        return self.body.replace(b'"method": "node_', f'"method": "{namespace}_'.encode())


class Questions:
    """Draws questions. Mutable: it holds the dice."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self._facts = facts
        self._dice = random.Random(seed)

    def plain(self, method: str) -> Question:
        """Ask a method as a client does."""
        params = self._params(method)
        return self._call(method, params, is_plain=True)

    def twisted(self, method: str) -> Question:
        """Ask a method with something wrong about the parameters, or at least unusual."""
        params = self._params(method)
        dice = self._dice
        how = dice.random()
        if how < 0.1:
            return self._call(method, params[: dice.randrange(len(params) + 1)])
        if how < 0.2 or not params:
            return self._call(method, params + dice.choices(_ANYTHING, k=dice.choice((1, 2, 200))))
        index = dice.randrange(len(params))
        if PARAMETERS[method][index] == "tx":
            params[index] = dice.choice(_NO_TX)
        else:
            params[index] = self._twist(params[index])
        return self._call(method, params)

    def _call(self, method: str, params: list[Any], *, is_plain: bool = False) -> Question:
        body = {
            "jsonrpc": "2.0",
            "id": self._dice.randrange(1000),
            "method": f"node_{method}",
            "params": params,
        }
        return Question(method=method, body=json.dumps(body).encode(), params=params, is_plain=is_plain)

    def _params(self, method: str) -> list[Any]:
        kinds = PARAMETERS[method]
        optional = sum(kind.endswith("?") for kind in kinds)
        count = len(kinds) - self._dice.randint(0, optional)
        return [self._param(kind) for kind in kinds[:count]]

    def _param(self, kind: str) -> Any:
        dice = self._dice
        if kind.endswith("?"):
            return None if dice.random() < 0.2 else self._param(kind[:-1])
        if kind.endswith("[]"):
            return [self._facts.draw(kind[:-2], dice) for _ in range(dice.choice((0, 1, 1, 2, 7)))]
        if kind == "options":
            names = ("isSimulation", "skipFeeEnforcement")
            return {name: dice.random() < 1 / 2 for name in names if dice.random() < 2 / 3}
        if kind == "filter":
            return self._filter()
        return self._facts.draw(kind, dice)

    def _filter(self) -> dict[str, Any]:
        kinds = {
            "txHash": "tx_hash", "fromBlock": "number", "toBlock": "number", "contractAddress": "address",
            "tag": "public_tag", "afterLog": "log_id",
        }  # fmt: skip
        chosen = [name for name in kinds if self._dice.random() < _MEMBER_CHANCE]
        return {name: self._facts.exactly(kinds[name], self._dice) for name in chosen}

    def _twist(self, value: Any) -> Any:
        dice = self._dice
        if dice.random() < 0.3:
            return dice.choice(_ANYTHING)
        if isinstance(value, bool):
            return dice.choice((0, 1, "true", "false", "", None))
        if isinstance(value, int):
            return dice.choice(
                (
                    value + 1, value - 1, -value - 1, value + 1000, value + 0.5, float(value), 2**53, 2**64,
                    str(value), f" {value}\n", hex(value), f"0x0{value:x}", f"0b{value:b}", f"1_{value}",
                    *(f"{value}{end}" for end in (".0", "e0", "n")), *(f"{sign}{value}" for sign in "+-"),
                )
            )  # fmt: skip
        if isinstance(value, str):
            return self._twist_text(value)
        if isinstance(value, list):
            extra = self._twist(value[0]) if value else dice.choice(_ANYTHING)
            return dice.choice(
                ([*value, extra], [extra], value * 60, [None, *value], [value], [UNKNOWN] * 101, {"0": extra})
            )
        if isinstance(value, dict):
            name = dice.choice(
                ("extra", "txHash", "fromBlock", "toBlock", "contractAddress", "tag", "isSimulation")
            )
            if name in value and value[name] is not None:
                return value | {name: self._twist(value[name])}
            return value | {name: dice.choice(_ANYTHING)}
        return dice.choice(_ANYTHING)

    def _twist_text(self, value: str) -> str:
        digits, modulus = value.removeprefix("0x"), FR_MODULUS
        at = self._dice.randrange(len(value) + 1)
        number = int(digits, 16) if digits.isalnum() and digits.isascii() and value.startswith("0x") else 7
        return self._dice.choice(
            (
                digits, digits.upper(), value.upper(), value.capitalize(), value[:-1], value[:-2],
                str(number), f"-{number}", f" {value}", f"{value}\n", f"{value}0", f"{value}00",
                f"0x{digits.upper()}", f"0X{digits}", f"0x00{digits}", f"0x{digits.lstrip('0')}",
                f"0x{'0' * 200}{digits}", f"0x0x{digits}", f"0x{digits[:40]}", f"0x{number ^ 1:064x}",
                f"0x{number + 1:064x}", f"0x{modulus - 1:x}", hex(modulus), str(modulus), f"0x{'f' * 64}",
                f"{value[:at]}g{value[at:]}",
            )
        )  # fmt: skip
