"""What the contracts of a recorded chain answer at any L1 block, worked out from its events and calldata.

ABI encoding is eth_abi's, hashing is written out by hand: nothing here is shared with the reader under test.

Authority: @aztec/l1-artifacts l1-contracts/src/core/{Rollup,RollupCore}.sol, messagebridge/Inbox.sol,
libraries/rollup/{STFLib,ProposeLib}.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import eth_abi
from eth_utils import keccak

from aztecd.l1.errors import ContractRevertError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MESSAGE_SENT = "0x" + keccak(text="MessageSent(uint256,uint256,bytes32,bytes16)").hex()
CHECKPOINT_PROPOSED = (
    "0x" + keccak(text="CheckpointProposed(uint256,bytes32,bytes32[],bytes32,bytes32)").hex()
)
INBOX_LAG = 1
ETH_PER_FEE_ASSET = 10_000_000
_HEADER = (
    "(bytes32,bytes32,bytes32,bytes32,bytes32,uint256,uint256,address,bytes32,(uint128,uint128),uint256)"
)
_PROPOSE = (
    f"(bytes32,(int256),{_HEADER})",
    "(bytes,bytes)",
    "address[]",
    "(uint8,bytes32,bytes32)",
    "bytes",
)
_CHECKPOINT = (
    "(bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,uint256,(uint256,uint256,uint256,uint256,uint256))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A checkpoint as its event and its calldata have it."""

    number: int
    archive: bytes
    payload_digest: bytes
    attestations_hash: bytes
    header: tuple[Any, ...]
    commitments: tuple[bytes, ...]
    blob_commitments_hash: bytes = b""

    @property
    def slot(self) -> int:
        """The slot in its header."""
        return int(self.header[5])

    @property
    def header_hash(self) -> bytes:
        """The hash of the tightly packed header."""
        *hashes, slot, timestamp, coinbase, recipient, (da_fee, l2_fee), mana = self.header
        packed = b"".join(hashes) + slot.to_bytes(32, "big") + timestamp.to_bytes(8, "big")
        packed += bytes.fromhex(coinbase[2:]) + recipient + da_fee.to_bytes(16, "big")
        return _truncated(packed + l2_fee.to_bytes(16, "big") + mana.to_bytes(32, "big"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractState:
    """What the contracts hold after an L1 block."""

    checkpoints: tuple[Proposed, ...] = ()
    proven: int = 0
    messages: int = 0
    rolling_hash: bytes = bytes(16)
    in_progress: int = 1 + INBOX_LAG

    def after(self, logs: Sequence[dict[str, Any]], calls: Sequence[bytes], proven: int) -> ContractState:
        """Give the state after a block with these logs; `calls` are the calldata of its proposals."""
        state = self
        remaining = list(calls)
        for log in logs:
            if log["topics"][0] == MESSAGE_SENT:
                state = state._with_message(log)
            elif log["topics"][0] == CHECKPOINT_PROPOSED:
                state = state._with_checkpoint(log, remaining.pop(0))
        assert not remaining
        return replace(state, proven=max(state.proven, proven))

    @property
    def pending(self) -> int:
        """The number of the newest checkpoint."""
        return len(self.checkpoints)

    def _with_message(self, log: dict[str, Any]) -> ContractState:
        leaf = bytes.fromhex(log["topics"][2][2:])
        rolling_hash = keccak(self.rolling_hash + leaf)[:16]
        _, recorded = eth_abi.decode(["uint256", "bytes16"], bytes.fromhex(log["data"][2:]))
        assert rolling_hash == recorded, "the recording lacks a message"
        assert int(log["topics"][1], 16) == self.in_progress
        return replace(self, messages=self.messages + 1, rolling_hash=rolling_hash)

    def _with_checkpoint(self, log: dict[str, Any], calldata: bytes) -> ContractState:
        number = int(log["topics"][1], 16)
        assert number == self.pending + 1, "the recording lacks a checkpoint"
        _, payload_digest, attestations_hash = eth_abi.decode(
            ["bytes32[]", "bytes32", "bytes32"], bytes.fromhex(log["data"][2:])
        )
        (archive, _, header), _, _, _, blob_input = eth_abi.decode(_PROPOSE, calldata[4:])
        count, packed = blob_input[0], blob_input[1:]
        assert len(packed) == 48 * count
        made = Proposed(
            number=number,
            archive=archive,
            payload_digest=payload_digest,
            attestations_hash=attestations_hash,
            header=header,
            commitments=tuple(packed[start : start + 48] for start in range(0, len(packed), 48)),
        )
        made = replace(made, blob_commitments_hash=self._commitments_hash(made))
        in_progress = self.in_progress + (number + INBOX_LAG == self.in_progress)
        return replace(self, checkpoints=(*self.checkpoints, made), in_progress=in_progress)

    def _commitments_hash(self, made: Proposed) -> bytes:
        before = self.checkpoints[-1] if self.checkpoints else None
        # All recorded epochs are of two slots.
        is_first = before is None or before.slot // 2 != made.slot // 2
        value = b"" if before is None or is_first else before.blob_commitments_hash
        for commitment in made.commitments:
            value = _truncated(value + commitment)
        return value


@dataclass(frozen=True, kw_only=True)
class Contracts:
    """The views of one recorded deployment, by address and selector."""

    meta: dict[str, Any]
    views: dict[tuple[str, bytes], _View] = field(default_factory=dict)

    @classmethod
    def of(cls, meta: dict[str, Any]) -> Contracts:
        """Make the views from the first line of a recording."""
        made = cls(meta=meta)
        made._add_registry()
        made._add_rollup_settings()
        made._add_rollup_chain()
        return made

    def call(self, to: str, data: str, state: ContractState) -> str:
        """Answer `eth_call`; an address without a contract gives `0x`. Raises ContractRevertError."""
        address, calldata = to.lower(), bytes.fromhex(data[2:])
        view = self.views.get((address, calldata[:4]))
        if view is None:
            assert address not in {known for known, _ in self.views}, f"no view 0x{calldata[:4].hex()}"
            return "0x"
        arguments = eth_abi.decode(view.arguments, calldata[4:])
        return "0x" + eth_abi.encode(view.results, view.answer(state, *arguments)).hex()

    def storage(self, address: str, word: int, state: ContractState) -> str:
        """Answer `eth_getStorageAt` for the words that have no getter."""
        base = int.from_bytes(keccak(text="aztec.stf.storage"), "big")
        assert address.lower() == self.address("rollup")
        values = {
            0: f"0x{state.pending << 128 | state.proven:064x}",
            3: self.meta["rollup"]["vkTreeRoot"],
            4: self.meta["rollup"]["protocolContractsHash"],
        }
        return str(values[word - base])

    def address(self, name: str) -> str:
        """Give the address of a contract as the recording node knew it."""
        return str(self.meta["nodeInfo"]["l1ContractAddresses"][f"{name}Address"]).lower()

    def setting(self, name: str) -> int:
        """Give a setting of the rollup."""
        return int(self.meta["rollup"][name])

    def can_prune(self, state: ContractState, timestamp: int) -> bool:
        """Whether unproven checkpoints are overdue at a time."""
        if state.pending == state.proven:
            return False
        duration = self.setting("slotDuration") * self.setting("epochDuration")
        epoch = state.checkpoints[state.proven].slot // self.setting("epochDuration")
        now = (timestamp - self.setting("l1GenesisTime")) // duration
        return now > epoch + self.setting("proofSubmissionEpochs")

    def _add(
        self, contract: str, signature: str, results: str, answer: Callable[..., tuple[Any, ...]]
    ) -> None:
        name, _, rest = signature.partition("(")
        arguments = [part for part in rest[:-1].split(",") if part]
        assert name
        self.views[self.address(contract), keccak(text=signature)[:4]] = _View(
            arguments=arguments, results=_split(results), answer=answer
        )

    def _constant(self, contract: str, name: str, kind: str, value: Any) -> None:
        self._add(contract, f"{name}()", kind, lambda _: (value,))

    def _add_registry(self) -> None:
        version, rollup = self.setting("version"), self.address("rollup")
        self._constant("registry", "getCanonicalRollup", "address", rollup)
        self._constant("registry", "getGovernance", "address", self.address("governance"))
        self._constant("governance", "governanceProposer", "address", self.address("governanceProposer"))
        self._constant("feeJuice", "owner", "address", self.address("coinIssuer"))

        def rollup_of(_: ContractState, wanted: int) -> tuple[str]:
            if wanted != version:
                raise _revert("Registry__RollupNotRegistered", "uint256", wanted)
            return (rollup,)

        self._add("registry", "getRollup(uint256)", "address", rollup_of)

    def _add_rollup_settings(self) -> None:
        for name, contract in (
            ("getInbox", "inbox"),
            ("getOutbox", "outbox"),
            ("getFeeAsset", "feeJuice"),
            ("getStakingAsset", "stakingAsset"),
            ("getFeeAssetPortal", "feeJuicePortal"),
            ("getRewardDistributor", "rewardDistributor"),
            ("getGSE", "gse"),
        ):
            self._constant("rollup", name, "address", self.address(contract))
        for name, setting in (
            ("getVersion", "version"),
            ("getGenesisTime", "l1GenesisTime"),
            ("L1_BLOCK_AT_GENESIS", "l1StartBlock"),
            ("getSlotDuration", "slotDuration"),
            ("getEpochDuration", "epochDuration"),
            ("getProofSubmissionEpochs", "proofSubmissionEpochs"),
            ("getTargetCommitteeSize", "targetCommitteeSize"),
            ("getManaTarget", "manaTarget"),
            ("getManaLimit", "manaLimit"),
            ("getProvingCostPerManaInEth", "provingCostPerMana"),
        ):
            self._constant("rollup", name, "uint256", self.setting(setting))
        self._constant("inbox", "LAG", "uint256", INBOX_LAG)

    def _add_rollup_chain(self) -> None:
        genesis = bytes.fromhex(self.meta["rollup"]["genesisArchiveRoot"][2:])

        def archive_at(state: ContractState, number: int) -> bytes:
            if number == 0:
                return genesis
            return state.checkpoints[number - 1].archive if number <= state.pending else bytes(32)

        def epoch_of(state: ContractState, number: int) -> int:
            return state.checkpoints[number - 1].slot // self.setting("epochDuration") if number else 0

        def status(state: ContractState, mine: int) -> tuple[Any, ...]:
            return (
                state.proven,
                archive_at(state, state.proven),
                state.pending,
                archive_at(state, state.pending),
                archive_at(state, mine),
                epoch_of(state, state.proven),
            )

        self._add("rollup", "getTips()", "uint256,uint256", lambda state: (state.pending, state.proven))
        self._add("rollup", "archiveAt(uint256)", "bytes32", lambda state, n: (archive_at(state, n),))
        self._add("rollup", "archive()", "bytes32", lambda state: (archive_at(state, state.pending),))
        self._add("rollup", "status(uint256)", "uint256,bytes32,uint256,bytes32,bytes32,uint256", status)
        self._add("rollup", "getCheckpoint(uint256)", _CHECKPOINT, lambda *a: (self._checkpoint(*a),))
        self._add(
            "rollup", "canPruneAtTime(uint256)", "bool", lambda state, when: (self.can_prune(state, when),)
        )
        self._add("rollup", "getManaMinFeeAt(uint256,bool)", "uint256", _min_fee)
        self._add(
            "inbox",
            "getState()",
            "bytes16,uint64,uint64",
            lambda state: (state.rolling_hash, state.messages, state.in_progress),
        )

    def _checkpoint(self, state: ContractState, number: int) -> tuple[Any, ...]:
        """Give a checkpoint's record; costs per mana are not in the recording and are 0."""
        kept = self.setting("epochDuration") * (self.setting("proofSubmissionEpochs") + 1) + 1
        if not number <= state.pending < number + kept or not number:
            raise _revert(
                "Rollup__UnavailableTempCheckpointLog",
                "uint256,uint256,uint256",
                number,
                state.pending,
                number + kept,
            )
        made = state.checkpoints[number - 1]
        return (
            made.archive,
            made.header_hash,
            made.blob_commitments_hash,
            made.header[4],
            made.attestations_hash,
            made.payload_digest,
            made.slot,
            (0, made.header[10], ETH_PER_FEE_ASSET, 0, 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    arguments: Sequence[str]
    results: Sequence[str]
    answer: Callable[..., tuple[Any, ...]]


def _min_fee(state: ContractState, _when: int, _in_fee_asset: bool) -> tuple[int]:
    """Give the fee of the newest checkpoint: it is the same in all recordings."""
    return (state.checkpoints[-1].header[9][1] if state.checkpoints else 2_100_010_100_000,)


def _revert(name: str, kinds: str, *values: int) -> ContractRevertError:
    data = keccak(text=f"{name}({kinds})")[:4] + eth_abi.encode(kinds.split(","), values)
    return ContractRevertError("eth_call", 3, name, name=name, data=data)


def _truncated(data: bytes) -> bytes:
    return b"\0" + sha256(data).digest()[:31]


@lru_cache
def _split(kinds: str) -> tuple[str, ...]:
    """Cut a list of types at its outer commas."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(kinds):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(kinds[start:position])
            start = position + 1
    return (*parts, kinds[start:])
