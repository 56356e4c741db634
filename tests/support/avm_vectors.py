"""The recorded AVM vectors: what the files say, made into transactions, states and contracts of this project.

`AZTECD_AVM_VECTORS` names another folder of the same form, whose `classes.json` (in it, or beside it) carries
the bytecodes. In the project's own files bytecodes of third-party contracts are left out; they come from
`contract_bytecodes`.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from aztecd.constants import CHONK_PROOF_LENGTH
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_from_hex
from aztecd.protocol.basic import AztecAddress, EthAddress, TxHash
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractClassPublic,
    ContractInstanceWithAddress,
    PublicKeys,
)
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.hashes import public_leaf_slot, silo_nullifier
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.logs import ContractClassLogFields, PrivateLog
from aztecd.protocol.tx import HashedValues, Tx
from aztecd.protocol.tx_data import (
    PartialForPublic,
    PartialForRollup,
    PrivateKernelTailPublicInputs,
    PrivateToPublicAccumulatedData,
    PrivateToRollupAccumulatedData,
    PublicCallRequest,
    ScopedL2ToL1Message,
    ScopedLogHash,
    TxConstantData,
    TxContext,
)
from aztecd.state import Fork, TreeId, WorldState
from aztecd.storage import MemoryStore
from tests.support import vectors
from tests.support.contract_bytecodes import bytecode
from tests.support.fake_world import FakeContracts

_INSTANCE_REGISTRY: Final = AztecAddress(fr(2))
_CLASS_LOG_HEAD: Final = 5
_NO_HEADER: Final = BlockHeader.empty()
_PROOF: Final = bytes(32 * CHONK_PROOF_LENGTH)
_TREES: Final = {
    "nullifierTree": TreeId.NULLIFIER,
    "noteHashTree": TreeId.NOTE_HASH,
    "publicDataTree": TreeId.PUBLIC_DATA,
    "l1ToL2MessageTree": TreeId.L1_TO_L2_MESSAGE,
}


class BadVectorError(Exception):
    """A vector contradicts itself: the state that it describes has another root than it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A case, ready to be executed."""

    fork: Fork
    contracts: FakeContracts
    global_variables: GlobalVariables
    txs: tuple[Tx, ...]

    @property
    def tx(self) -> Tx:
        """The only transaction."""
        (tx,) = self.txs
        return tx


# Files.


def keys(kind: str) -> list[str]:
    """Name the files of a kind: `opcode`, `tx` or `blocks`. Another folder may lack a kind, ours may not."""
    found = sorted(key for key in _manifest() if key.startswith(f"{kind}/"))
    assert found or _other_folder() is not None, f"no {kind} vectors"
    return found


def load(key: str) -> Any:
    """Read a file and hold that it has as many cases as the manifest says."""
    entry = _manifest()[key]
    found = _read(entry["file"])
    assert len(found["cases"]) == entry["cases"], f"{key} has {len(found['cases'])} cases"
    return found


def _manifest() -> dict[str, Any]:
    files: dict[str, Any] = _read("manifest.json")["files"]
    return files


def _other_folder() -> Path | None:
    given = os.environ.get("AZTECD_AVM_VECTORS")
    return Path(given) if given else None


def _read(name: str) -> Any:
    folder = _other_folder()
    return vectors.load(f"avm/{name}") if folder is None else _read_other(folder / name)


@lru_cache(maxsize=8)
def _read_other(path: Path) -> Any:
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


@lru_cache(maxsize=1)
def _classes() -> Any:
    folder = _other_folder()
    if folder is None:
        return _read(_manifest()["classes"]["file"])
    for place in (folder, folder.parent):
        for name in ("classes.json", "classes.json.gz"):
            if (place / name).exists():
                return _read_other(place / name)
    raise FileNotFoundError(f"no classes.json in or beside {folder}")


@lru_cache(maxsize=128)
def packed_bytecode(commitment: str) -> bytes:
    """Give bytecode by commitment (hex): from the vectors, or from the packages that it belongs to."""
    recorded = _classes()["bytecodes"].get(commitment)
    return base64.b64decode(recorded) if recorded is not None else bytecode(fr_from_hex(commitment))


# States.


@lru_cache(maxsize=1)
def _genesis() -> WorldState:
    return WorldState.open(MemoryStore())


def state_before(prestate: Any) -> Fork:
    """Build the state before a transaction and check its roots. Raises BadVectorError."""
    fork = _genesis().fork()
    trees = prestate["trees"]
    fork.insert_nullifiers_batch(_leaves(fork, TreeId.NULLIFIER, prestate["nullifiers"], trees))
    fork.append_note_hashes(_leaves(fork, TreeId.NOTE_HASH, prestate["noteHashes"], trees))
    fork.messages.append(_leaves(fork, TreeId.L1_TO_L2_MESSAGE, prestate["l1ToL2Messages"], trees))
    writes = sorted(prestate["publicData"], key=lambda entry: entry[0])
    fork.write_public_data([(fr_from_hex(slot), fr_from_hex(value)) for _, slot, value in writes])
    if (found := snapshots(fork)) != trees:
        raise BadVectorError(f"the state before has trees {found}, not {trees}")
    return fork


def snapshots(fork: Fork) -> dict[str, Any]:
    """Give root and size of the four trees as the vectors have them."""
    return {
        name: {"root": f"0x{fork.root(tree).hex()}", "size": fork.size(tree)} for name, tree in _TREES.items()
    }


def _leaves(fork: Fork, tree: TreeId, entries: list[list[Any]], trees: Any) -> list[Fr]:
    """List what follows the leaves of genesis; indices that are not named are empty."""
    start = fork.size(tree)
    size = next(trees[name]["size"] for name, each in _TREES.items() if each is tree)
    leaves = [FR_ZERO] * (size - start)
    for index, value in entries:
        leaves[index - start] = fr_from_hex(value)
    return leaves


# Cases.


def opcode_case(case: Any, defaults: Any) -> Prepared:
    """Make a case of one call into a transaction with one call in its app logic.

    The fee payer can pay: what a call does never depends on it.
    """
    state = case["state"]
    fork = _genesis().fork()
    contracts = FakeContracts()
    deployed = []
    for contract in state["contracts"]:
        instance = _opcode_instance(contract)
        contracts.instances[instance.address] = instance
        packed = (
            bytes.fromhex(contract["bytecode"])
            if "bytecode" in contract
            else packed_bytecode(contract["bytecodeCommitment"])
        )
        class_id = instance.current_contract_class_id
        contracts.classes[class_id] = _class(class_id, packed)
        if not contract.get("protocolContract"):
            deployed.append(silo_nullifier(_INSTANCE_REGISTRY, instance.address))
    fork.insert_nullifiers_batch(deployed + [fr_from_hex(each) for each in state.get("nullifiers", ())])
    fork.write_public_data(
        [
            (
                public_leaf_slot(
                    AztecAddress(fr_from_hex(entry["contractAddress"])), fr_from_hex(entry["slot"])
                ),
                fr_from_hex(entry["value"]),
            )
            for entry in state.get("storage", ())
        ]
    )
    fork.append_note_hashes(_sparse(state.get("noteHashes", ())))
    fork.messages.append(_sparse(state.get("l1ToL2Messages", ())))
    global_variables = _globals(case["env"].get("globals") or defaults["globals"], defaults["globals"])
    private = defaults["gasUsedByPrivate"]
    limits = {unit: private[unit] + case["gas"][unit] for unit in ("da", "l2")}
    call = {
        "msgSender": case["env"]["sender"],
        "contractAddress": case["env"]["address"],
        "isStaticCall": case["env"]["isStaticCall"],
        "calldataHash": f"0x{1:064x}",
        "calldata": case["calldata"],
    }
    fees = (case["env"].get("globals") or defaults["globals"])["gasFees"]
    tx = {
        "hash": f"0x{1:064x}",
        "gasSettings": {
            "gasLimits": limits,
            "teardownGasLimits": {"da": 0, "l2": 0},
            "maxFeesPerGas": fees,
            "maxPriorityFeesPerGas": {"feePerDaGas": "0", "feePerL2Gas": "0"},
        },
        "gasUsedByPrivate": private,
        "feePayer": defaults["feePayer"],
        "nonRevertible": {"nullifiers": [defaults["firstNullifier"]]},
        "revertible": {},
        "setupCalls": [],
        "appLogicCalls": [call],
        "teardownCall": None,
    }
    return Prepared(
        fork=fork,
        contracts=contracts,
        global_variables=global_variables,
        txs=(transaction(tx, global_variables),),
    )


def tx_case(case: Any, instances: Any) -> Prepared:
    """Prepare a case of one transaction. Raises BadVectorError."""
    return _prepared(case, instances, [case["tx"]])


def block_case(case: Any, instances: Any) -> Prepared:
    """Prepare a case of several transactions. Raises BadVectorError."""
    return _prepared(case, instances, case["txs"])


def _prepared(case: Any, instances: Any, txs: list[Any]) -> Prepared:
    global_variables = _globals(case["globals"], case["globals"])
    contracts = FakeContracts()
    for address in case["contracts"]:
        instance = _instance(instances[address])
        contracts.instances[instance.address] = instance
        for class_id in {instance.current_contract_class_id, instance.original_contract_class_id}:
            recorded = _classes()["classes"].get(f"0x{class_id.hex()}")
            if recorded is not None:
                contracts.classes[class_id] = _recorded_class(class_id, json.dumps(recorded))
    return Prepared(
        fork=state_before(case["prestate"]),
        contracts=contracts,
        global_variables=global_variables,
        txs=tuple(transaction(tx, global_variables) for tx in txs),
    )


@lru_cache(maxsize=256)
def _recorded_class(class_id: Fr, recorded: str) -> ContractClassPublic:
    facts = json.loads(recorded)
    return ContractClassPublic(
        l2_block_number=0,
        version=facts["version"],
        artifact_hash=fr_from_hex(facts["artifactHash"]),
        private_functions_root=fr_from_hex(facts["privateFunctionsRoot"]),
        packed_bytecode=packed_bytecode(facts["publicBytecodeCommitment"]),
        id=class_id,
    )


def _class(class_id: Fr, packed: bytes) -> ContractClassPublic:
    return ContractClassPublic(
        l2_block_number=0,
        version=1,
        artifact_hash=FR_ZERO,
        private_functions_root=FR_ZERO,
        packed_bytecode=packed,
        id=class_id,
    )


def _instance(recorded: Any) -> ContractInstanceWithAddress:
    keys_of = recorded["publicKeys"]
    members = ("Nullifier", "IncomingViewing", "OutgoingViewing", "Tagging")
    points = [b"".join(map(fr_from_hex, keys_of[f"master{member}PublicKey"])) for member in members]
    return ContractInstanceWithAddress(
        version=recorded["version"],
        salt=fr_from_hex(recorded["salt"]),
        deployer=AztecAddress(fr_from_hex(recorded["deployer"])),
        current_contract_class_id=fr_from_hex(recorded["currentContractClassId"]),
        original_contract_class_id=fr_from_hex(recorded["originalContractClassId"]),
        initialization_hash=fr_from_hex(recorded["initializationHash"]),
        public_keys=PublicKeys(
            master_nullifier_public_key=points[0],
            master_incoming_viewing_public_key=points[1],
            master_outgoing_viewing_public_key=points[2],
            master_tagging_public_key=points[3],
        ),
        address=AztecAddress(fr_from_hex(recorded["address"])),
    )


def _opcode_instance(contract: Any) -> ContractInstanceWithAddress:
    return ContractInstanceWithAddress(
        version=1,
        salt=FR_ZERO,
        deployer=AztecAddress(fr_from_hex(contract["deployer"])),
        current_contract_class_id=fr_from_hex(contract["classId"]),
        original_contract_class_id=fr_from_hex(contract["originalClassId"]),
        initialization_hash=fr_from_hex(contract["initializationHash"]),
        public_keys=DEFAULT_PUBLIC_KEYS,
        address=AztecAddress(fr_from_hex(contract["address"])),
    )


def _sparse(entries: Any) -> list[Fr]:
    leaves = [FR_ZERO] * max((entry["index"] + 1 for entry in entries), default=0)
    for entry in entries:
        leaves[entry["index"]] = fr_from_hex(entry["leaf"])
    return leaves


# Transactions.


def transaction(recorded: Any, global_variables: GlobalVariables) -> Tx:
    """Make a transaction with the hash that was recorded; its anchor and its proof are empty."""
    class_logs: list[ContractClassLogFields] = []
    if recorded.get("kind") == "privateOnly":
        end = PrivateToRollupAccumulatedData.empty().replace(**_effects(recorded["end"], class_logs))
        part: dict[str, Any] = {"for_rollup": PartialForRollup(end=end)}
        calls: list[Any] = []
    else:
        teardown = recorded["teardownCall"]
        calls = [*recorded["setupCalls"], *recorded["appLogicCalls"], *([teardown] if teardown else [])]
        part = {
            "for_public": PartialForPublic(
                non_revertible_accumulated_data=_phase(
                    recorded["nonRevertible"], recorded["setupCalls"], class_logs
                ),
                revertible_accumulated_data=_phase(
                    recorded["revertible"], recorded["appLogicCalls"], class_logs
                ),
                public_teardown_call_request=_call(teardown) if teardown else PublicCallRequest.empty(),
            )
        }
    settings = recorded["gasSettings"]
    data = PrivateKernelTailPublicInputs(
        constants=TxConstantData(
            anchor_block_header=_NO_HEADER,
            tx_context=TxContext(
                chain_id=global_variables.chain_id,
                version=global_variables.version,
                gas_settings=GasSettings(
                    gas_limits=_gas(settings["gasLimits"]),
                    teardown_gas_limits=_gas(settings["teardownGasLimits"]),
                    max_fees_per_gas=_fees(settings["maxFeesPerGas"]),
                    max_priority_fees_per_gas=_fees(settings["maxPriorityFeesPerGas"]),
                ),
            ),
            vk_tree_root=FR_ZERO,
            protocol_contracts_hash=FR_ZERO,
        ),
        gas_used=_gas(recorded["gasUsedByPrivate"]),
        fee_payer=AztecAddress(fr_from_hex(recorded["feePayer"])),
        expiration_timestamp=0,
        **part,
    )
    return Tx(
        tx_hash=TxHash(fr_from_hex(recorded["hash"])),
        data=data,
        chonk_proof=_PROOF,
        contract_class_log_fields=tuple(class_logs),
        public_function_calldata=tuple(
            HashedValues(
                values=tuple(map(fr_from_hex, call["calldata"])), hash=fr_from_hex(call["calldataHash"])
            )
            for call in calls
            if call["calldata"] is not None
        ),
    )


def _phase(
    effects: Any, calls: list[Any], class_logs: list[ContractClassLogFields]
) -> PrivateToPublicAccumulatedData:
    empty = PrivateToPublicAccumulatedData.empty()
    requests = _padded([_call(call) for call in calls], empty.public_call_requests)
    return empty.replace(public_call_requests=requests, **_effects(effects, class_logs))


def _effects(effects: Any, class_logs: list[ContractClassLogFields]) -> dict[str, Any]:
    """Give the members that both kinds of accumulated data have; class logs' fields go to the list."""
    empty = PrivateToRollupAccumulatedData.empty()
    hashes = []
    for log in effects.get("contractClassLogs", ()):
        fields = ContractClassLogFields.padded(_class_log_fields(log))
        class_logs.append(fields)
        hashes.append(
            ScopedLogHash(
                value=fields.hash(),
                length=log["emittedLength"],
                contract_address=AztecAddress(fr_from_hex(log["contractAddress"])),
            )
        )
    messages = [
        ScopedL2ToL1Message(
            recipient=EthAddress(bytes.fromhex(message["recipient"][2:])),
            content=fr_from_hex(message["content"]),
            contract_address=AztecAddress(fr_from_hex(message["contractAddress"])),
        )
        for message in effects.get("l2ToL1Msgs", ())
    ]
    logs = [
        PrivateLog(
            fields=_padded(list(map(fr_from_hex, log["fields"])), (FR_ZERO,) * 16),
            emitted_length=log["emittedLength"],
        )
        for log in effects.get("privateLogs", ())
    ]
    return {
        "note_hashes": _padded(list(map(fr_from_hex, effects.get("noteHashes", ()))), empty.note_hashes),
        "nullifiers": _padded(list(map(fr_from_hex, effects.get("nullifiers", ()))), empty.nullifiers),
        "l2_to_l1_msgs": _padded(messages, empty.l2_to_l1_msgs),
        "private_logs": _padded(logs, empty.private_logs),
        "contract_class_logs_hashes": _padded(hashes, empty.contract_class_logs_hashes),
    }


def _class_log_fields(log: Any) -> tuple[Fr, ...]:
    """Give a class log's fields; packed bytecode that is only named is put behind the first five."""
    fields = [fr_from_hex(field) for field in log["fields"]]
    if "packedBytecodeCommitment" in log:
        assert len(fields) == _CLASS_LOG_HEAD
        packed = packed_bytecode(log["packedBytecodeCommitment"])
        fields.append(fr(len(packed)))
        fields += [
            Fr(b"\0" + packed[start : start + 31].ljust(31, b"\0")) for start in range(0, len(packed), 31)
        ]
    return tuple(fields)


def _call(call: Any) -> PublicCallRequest:
    return PublicCallRequest(
        msg_sender=AztecAddress(fr_from_hex(call["msgSender"])),
        contract_address=AztecAddress(fr_from_hex(call["contractAddress"])),
        is_static_call=call["isStaticCall"],
        calldata_hash=fr_from_hex(call["calldataHash"]),
    )


def _globals(recorded: Any, defaults: Any) -> GlobalVariables:
    """Read global variables; a case of one call may lack those that no contract can read."""
    values = {**defaults, **recorded}
    return GlobalVariables(
        chain_id=int(values["chainId"], 16),
        version=int(values["version"], 16),
        block_number=values["blockNumber"],
        slot_number=values["slotNumber"],
        timestamp=int(values["timestamp"]),
        coinbase=EthAddress(bytes.fromhex(values["coinbase"][2:])),
        fee_recipient=AztecAddress(fr_from_hex(values["feeRecipient"])),
        gas_fees=_fees(values["gasFees"]),
    )


def _gas(gas: Any) -> Gas:
    return Gas(da_gas=gas["da"], l2_gas=gas["l2"])


def _fees(fees: Any) -> GasFees:
    return GasFees(fee_per_da_gas=int(fees["feePerDaGas"]), fee_per_l2_gas=int(fees["feePerL2Gas"]))


def _padded(values: list[Any], empty: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*values, *empty[len(values) :])
