"""A rollup with a committee whose keys a test holds: checkpoints with attestations of all kinds.

Committees, proposers and what is signed are worked out here from the contracts' sources, without our code.
When a checkpoint is proposed the contracts compare all of it, but the signatures of others than the proposer.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/{crypto/SampleLib,rollup/ValidatorSelectionLib,
rollup/AttestationLib,rollup/InvalidateLib}.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import eth_abi
from eth_utils import keccak

from aztecd.crypto.recursion import bounded_recursion
from aztecd.l1 import ContractSet, DeployConfig, L1Client, L1Time, deploy
from aztecd.l1.blob_tx import TRIVIAL_BLOB_OPENING, BlobTransaction, versioned_hash
from aztecd.l1.deploy_plan import MULTICALL3
from aztecd.l1.publisher import propose_arguments
from aztecd.l1.transaction import L1Transaction
from aztecd.protocol.basic import CheckpointNumber, EthAddress
from aztecd.protocol.checkpoint import L1PublishedData
from tests.support.checkpoint_maker import CheckpointMaker
from tests.support.l1_chain import DEPLOYER, L1Chain, local_config
from tests.support.load import wait_until

with bounded_recursion():
    from eth_account import Account
    from eth_account.messages import encode_defunct
    from py_ecc import bn128

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.signers.local import LocalAccount

    from aztecd.artifacts import Artifacts
    from aztecd.crypto.kzg import Kzg
    from aztecd.l1 import ProposeRequest
    from aztecd.l1.transaction import Signable

SLOTS_PER_EPOCH = 2
_SLOT_S = 3600
"""So long that a slow machine has time to propose twice in a slot."""
_STAKE = 100 * 10**18
_STAKING_GAS = 1_000_000
_FLUSH_GAS = 8_000_000
_PROPOSE_GAS = 3_000_000
_FEES = 64
"""Words for recipients and fees in a proof."""
_PROOF_EPOCHS = 50
"""So many that nothing is pruned."""
_CHECKPOINT_ATTESTATION, _ATTESTATIONS_AND_SIGNERS = 1, 2
_CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_FLIPPED = {27: 28, 28: 27}
_ALWAYS_OPEN = bytes.fromhex(f"600160005273{DEPLOYER.address.hex()}60205260406000f3")
"""Code of a contract that answers everything with: yes, and the deployer's address."""


class Said(Enum):
    """What stands in a member's place."""

    SIGNED = auto()
    NAMED = auto()
    """Its address: it did not attest."""
    BY_OTHER = auto()
    """A good signature of somebody else."""
    OF_OTHER = auto()
    """Its signature of something else."""
    BROKEN = auto()
    """Bytes that are no signature."""
    HIGH_S = auto()
    """Its signature in the form that the contracts refuse."""
    LOW_V = auto()
    """Its signature with a v of 0 or 1, which the contracts refuse too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitteeConfig(DeployConfig):
    """A local network's settings, but with a committee."""

    committee_size: int

    def rollup_config(self, reward_distributor: bytes, version: int) -> tuple[Any, ...]:
        """Give the rollup a committee, and all time for proofs."""
        fields = list(DeployConfig.rollup_config(self, reward_distributor, version))
        fields[2], fields[5] = self.committee_size, _PROOF_EPOCHS
        return tuple(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """The attestations of a proposed checkpoint, and what proving them wrong takes."""

    packed: tuple[bytes, bytes]
    committee: tuple[EthAddress, ...]
    signers: tuple[EthAddress, ...]
    proposer: int
    """The proposer's place."""
    signature: tuple[int, bytes, bytes]
    """The proposer's, of attestations and signers."""


def deploy_with_committee(
    url: str, artifacts: Artifacts, *, size: int, validators: int, slot_s: int = _SLOT_S
) -> CommitteeL1:
    """Deploy a rollup with a committee of so many of the validators; go to its first epoch with one."""
    contracts = ContractSet(artifacts.l1_artifacts)
    client = L1Client(url, errors=contracts.errors)
    base = local_config()
    config = CommitteeConfig(
        chain_id=base.chain_id,
        genesis=base.genesis,
        prefunded_accounts=base.prefunded_accounts,
        slot_duration_s=slot_s,
        epoch_duration=SLOTS_PER_EPOCH,
        committee_size=size,
    )
    l1 = L1Chain.of(client, contracts, deploy(client, contracts, DEPLOYER, config))
    found = CommitteeL1(l1, [Account.from_key(key) for key in validator_keys(validators)])
    found.register()
    return found


def validator_keys(count: int) -> list[bytes]:
    """The keys of the first validators."""
    return [keccak(text=f"validator {index}") for index in range(count)]


class CommitteeL1:
    """The validators of a rollup, and what they do beside attesting."""

    def __init__(self, l1: L1Chain, accounts: Sequence[LocalAccount]) -> None:
        self.l1 = l1
        self.rollup = l1.reader.rollup.address
        self.accounts = {EthAddress(bytes.fromhex(one.address[2:])): one for one in accounts}

    def register(self) -> None:
        """Let all validators deposit and become active; then let time pass until they are sampled."""
        addresses = self.l1.deployment.addresses
        gse = addresses.gse_address
        assert gse is not None
        total = _STAKE * len(self.accounts)
        self.send(addresses.staking_asset_address, "mint(address,uint256)", DEPLOYER.address, total)
        self.send(addresses.staking_asset_address, "approve(address,uint256)", self.rollup, total)
        for secret, address in enumerate(self.accounts, start=1):
            public_1 = _affine(bn128.multiply(bn128.G1, secret))
            x, y = bn128.multiply(bn128.G2, secret)
            public_2 = tuple(int(part) for point in (x, y) for part in point.coeffs)
            [digest] = self.call(
                gse, "getRegistrationDigest((uint256,uint256))", public_1, outputs="(uint256,uint256)"
            )
            proof = _affine(bn128.multiply(tuple(map(bn128.FQ, digest)), secret))
            self.send(
                self.rollup,
                "deposit(address,address,(uint256,uint256),(uint256,uint256,uint256,uint256),"
                "(uint256,uint256),bool)",
                *(address, address, public_1, public_2, proof, True),
            )
        self.send(self.rollup, "flushEntryQueue(uint256)", len(self.accounts), gas=_FLUSH_GAS)
        clock = self.l1.reader.clock
        epoch = clock.epoch_of(clock.slot_at(self.l1.time.read().latest_timestamp))
        # Validators of an epoch are those that there were two epochs before it began.
        self.l1.time.move_to(self.epoch_start(epoch + 3))

    def epoch_start(self, epoch: int) -> int:
        """When an epoch begins."""
        return self.l1.deployment.genesis_time + epoch * SLOTS_PER_EPOCH * self.l1.deployment.slot_duration_s

    def epoch_of(self, slot: int) -> int:
        """The epoch of a slot."""
        return slot // SLOTS_PER_EPOCH

    def seed(self, epoch: int) -> int:
        """What an epoch's committee is drawn with."""
        [seed] = self.call(
            self.rollup, "getSampleSeedAt(uint256)", self.epoch_start(epoch), outputs="uint256"
        )
        return int(seed)

    def committee(self, epoch: int) -> tuple[EthAddress, ...]:
        """Draw an epoch's committee: each time one of those that are left, the last one takes its place."""
        left, seed = list(self.accounts), self.seed(epoch)
        members = []
        for index in range(self.l1.deployment.target_committee_size):
            place = int.from_bytes(keccak(eth_abi.encode(["uint256", "uint256"], [seed, index]))) % len(left)
            members.append(left[place])
            left[place] = left[-1]
            left.pop()
        return tuple(members)

    def proposer(self, slot: int) -> int:
        """The place of a slot's proposer in its committee."""
        epoch = self.epoch_of(slot)
        encoded = eth_abi.encode(["uint256"] * 3, [epoch, slot, self.seed(epoch)])
        return int.from_bytes(keccak(encoded)) % self.l1.deployment.target_committee_size

    def open_hatch(self, *, is_open: bool) -> None:
        """From the next epoch on, let the deployer propose without the committee, or nobody; go there."""
        client, governance = self.l1.client, f"0x{self.l1.deployment.addresses.governance_address.hex()}"
        hatch = keccak(text="hatch")[12:] if is_open else bytes(20)
        client.call("anvil_setCode", f"0x{hatch.hex()}", f"0x{(_ALWAYS_OPEN if is_open else b'').hex()}")
        client.call("anvil_setBalance", governance, hex(10**18))
        client.call("anvil_impersonateAccount", governance)
        data = calldata("updateEscapeHatch(address)", hatch)
        request = {"from": governance, "to": f"0x{self.rollup.hex()}", "data": f"0x{data.hex()}"}
        tx_hash = client.call("eth_sendTransaction", request | {"gas": "0x7a120"})
        client.call("anvil_stopImpersonatingAccount", governance)
        # Anvil gives the hash before it has the block.
        wait_until(
            lambda: client.call("eth_getTransactionReceipt", tx_hash) is not None,
            timeout_s=20,
            what="another escape hatch",
        )
        assert client.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
        self.go_to_next_epoch()

    def go_to_next_epoch(self) -> None:
        """Let time pass."""
        clock = self.l1.reader.clock
        self.l1.time.move_to(
            self.epoch_start(self.epoch_of(clock.slot_at(self.l1.time.read().latest_timestamp)) + 1)
        )

    def attest(
        self, slot: int, payload_digest: bytes, others: Sequence[Said], *, by_proposer: Said
    ) -> Attested:
        """Let the committee of a slot speak of a checkpoint."""
        committee, proposer = self.committee(self.epoch_of(slot)), self.proposer(slot)
        places = list(others)
        places.insert(proposer, by_proposer)
        parts, bits, signers = [], 0, []
        for index, (member, how) in enumerate(zip(committee, places, strict=True)):
            if how is Said.NAMED:
                parts.append(member)
                continue
            bits |= 0x80 >> index
            signers.append(member)
            other = self.accounts[committee[proposer]]
            parts.append(_signature(how, payload_digest, self.accounts[member], other))
        packed = (bytes([bits]), b"".join(parts))
        digest = keccak(
            eth_abi.encode(
                ["uint8", "(bytes,bytes)", "address[]"], [_ATTESTATIONS_AND_SIGNERS, packed, signers]
            )
        )
        signature = _signed(self.accounts[committee[proposer]], digest)
        return Attested(
            packed=packed,
            committee=committee,
            signers=tuple(signers),
            proposer=proposer,
            signature=(signature[0], signature[1:33], signature[33:]),
        )

    def call(self, to: bytes, signature: str, *arguments: Any, outputs: str) -> tuple[Any, ...]:
        """Ask a contract."""
        request = {"to": f"0x{to.hex()}", "data": f"0x{calldata(signature, *arguments).hex()}"}
        answer = self.l1.client.call("eth_call", request, "latest")
        return eth_abi.decode([outputs], bytes.fromhex(answer[2:]))

    def send(self, to: bytes, signature: str, *arguments: Any, gas: int = _STAKING_GAS) -> None:
        """Send a transaction that must succeed."""
        transaction = L1Transaction(to=EthAddress(to), data=calldata(signature, *arguments), gas=gas)
        receipt = self.l1.sender.send(transaction, is_done=lambda: False)
        assert receipt is not None
        assert receipt.succeeded, signature


class CommitteeMaker(CheckpointMaker):
    """Makes checkpoints that the committee attests to, as told. Without blobs in its transactions."""

    def __init__(self, validators: CommitteeL1, kzg: Kzg, *, with_blobs: bool = False) -> None:
        super().__init__(validators.l1, kzg)
        self.validators = validators
        self.attested: dict[int, Attested] = {}
        """Attestations of the newest proposal under each number."""
        self._others: tuple[Said, ...] = ()
        self._by_proposer = Said.SIGNED
        self._replaces: tuple[CheckpointNumber, bytes] | None = None
        self.check_blobs(are_checked=with_blobs)

    def make(self, *others: Said, by_proposer: Said = Said.SIGNED, again: bool = False) -> CheckpointNumber:
        """Publish the next checkpoint on what L1 has.

        All members sign it, or the others than the proposer do what is said. L1 takes nothing but a signature
        from the proposer, unless the hatch is open. With `again` it is the one that was made there before.
        """
        self._by_proposer = by_proposer
        self._others = others or (Said.SIGNED,) * (self.l1.deployment.target_committee_size - 1)
        if not again:
            return self.propose(settle=False)
        assert self.propose_again()
        return self.l1.reader.tips().pending

    def place_of(self, number: int, other: int) -> int:
        """The place in the committee of one of those that do not propose."""
        return other + (other >= self.attested[number].proposer)

    def invalidate(self, number: int, place: int | None = None) -> None:
        """Have L1 drop a checkpoint, for a bad attestation in that place or for too few of them."""
        data = self._invalidation(number, place)
        receipt = self.l1.sender.send(
            L1Transaction(to=self.validators.rollup, data=data, gas=_PROPOSE_GAS), is_done=lambda: False
        )
        assert receipt is not None
        assert receipt.succeeded

    def replace(self, number: int, *others: Said, place: int | None = None) -> None:
        """Drop a checkpoint and propose another one, in one transaction, as the reference's proposers do."""
        self._replaces = (CheckpointNumber(number), self._invalidation(number, place))
        try:
            assert self.make(*others) == number
        finally:
            self._replaces = None

    def prove(self, last: int) -> None:
        """Have L1 take an epoch up to a checkpoint as proven. It checks the attestations of that one."""
        reader, proven = self.l1.reader, self.l1.reader.tips().proven
        public_inputs = (
            *(reader.archive_at(proven), reader.archive_at(last)),
            *(reader.checkpoint(last).out_hash, DEPLOYER.address),
        )
        fees = [bytes(32)] * _FEES
        arguments = (
            *(proven + 1, last, public_inputs, fees),
            *(self.attested[last].packed, TRIVIAL_BLOB_OPENING, b""),
        )
        receipt = self.l1.sender.send(
            L1Transaction(
                to=self.validators.rollup,
                data=reader.rollup.encode("submitEpochRootProof", arguments),
                gas=_PROPOSE_GAS,
            ),
            is_done=lambda: False,
        )
        assert receipt is not None
        assert receipt.succeeded

    def resync(self) -> None:
        """Go to what L1 has, or to the one before that which is to be replaced."""
        super().resync()
        if self._replaces is not None:
            self.go_to(self.l1.reader.archive_at(self._replaces[0] - 1))

    def _invalidation(self, number: int, place: int | None) -> bytes:
        found = self.attested[number]
        if place is None:
            signature = "invalidateInsufficientAttestations(uint256,(bytes,bytes),address[])"
            return calldata(signature, number, found.packed, found.committee)
        signature = "invalidateBadAttestation(uint256,(bytes,bytes),address[],uint256)"
        return calldata(signature, number, found.packed, found.committee, place)

    def _send(self, request: ProposeRequest, l1_timestamp: int) -> L1PublishedData:
        for blob, commitment in zip(request.blobs, request.blob_commitments, strict=True):
            self.blobs[versioned_hash(commitment)] = blob
        payload = (request.archive, (request.fee_asset_price_modifier,), request.header.hash())
        digest = keccak(
            eth_abi.encode(["uint8", "(bytes32,(int256),bytes32)"], [_CHECKPOINT_ATTESTATION, payload])
        )
        attested = self.validators.attest(
            request.header.slot_number, digest, self._others, by_proposer=self._by_proposer
        )
        first, _, _, _, blob_input = propose_arguments(request, request.blob_commitments)
        arguments = (first, attested.packed, attested.signers, attested.signature, blob_input)
        to, data = self.validators.rollup, self.l1.reader.rollup.encode("propose", *arguments)
        if self._replaces is not None:
            calls = [(to, False, self._replaces[1]), (to, False, data)]
            to, data = MULTICALL3, calldata("aggregate3((address,bool,bytes)[])", calls)
        transaction: Signable = L1Transaction(to=to, data=data, gas=_PROPOSE_GAS)
        if self._checks_blobs:
            sidecar = self.l1.publisher.prepare(request.blobs, request.blob_commitments)
            transaction = BlobTransaction(to=to, data=data, gas=_PROPOSE_GAS, sidecar=sidecar)
        receipt = self.l1.sender.send(
            transaction,
            is_done=lambda: False,
            before=(L1Time.request(l1_timestamp),),
        )
        assert receipt is not None
        assert receipt.succeeded
        self.attested[request.checkpoint_number] = attested
        return L1PublishedData(
            block_number=receipt.block_number, timestamp=l1_timestamp, block_hash=receipt.block_hash
        )


def calldata(signature: str, *arguments: Any) -> bytes:
    """Encode a call."""
    types = eth_abi.grammar.parse(signature[signature.index("(") :]).components
    return keccak(text=signature)[:4] + eth_abi.encode([one.to_type_str() for one in types], arguments)


def _affine(point: Any) -> tuple[int, int]:
    x, y = point
    return int(x), int(y)


def _signed(account: LocalAccount, digest: bytes) -> bytes:
    """Sign as members do: v, r, s."""
    signed = account.sign_message(encode_defunct(primitive=digest))
    return bytes([signed.v]) + signed.r.to_bytes(32) + signed.s.to_bytes(32)


def _signature(how: Said, digest: bytes, member: LocalAccount, other: LocalAccount) -> bytes:
    good = _signed(member, digest)
    v, s = good[0], int.from_bytes(good[33:])
    match how:
        case Said.BY_OTHER:
            return _signed(other, digest)
        case Said.OF_OTHER:
            return _signed(member, keccak(digest))
        case Said.BROKEN:
            return good[:1] + b"\xff" * 64
        case Said.HIGH_S:
            return bytes([_FLIPPED[v]]) + good[1:33] + (_CURVE_ORDER - s).to_bytes(32)
        case Said.LOW_V:
            return bytes([v - 27]) + good[1:]
        case _:
            return good
