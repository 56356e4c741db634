from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from aztecd.l1.abi import ContractAbi
from aztecd.l1.attestations import (
    AttestationFault,
    PackedAttestations,
    check_attestations,
    quorum,
    signed_digest,
    unpack_attestations,
)
from aztecd.l1.committee import read_committee
from aztecd.l1.errors import ContractRevertError, L1DecodeError, L1RpcError
from aztecd.l1.reads import BoundContract
from aztecd.protocol.basic import EpochNumber, EthAddress
from aztecd.protocol.checkpoint import CommitteeAttestation
from tests.support.l1_abi import entry
from tests.support.l1_answers import ROLLUP
from tests.support.vectors import load

VECTOR = load("l1.json.gz")["attestations"]
CASES = load("attestations.json.gz")["cases"]


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def packed_of(case) -> PackedAttestations:
    return PackedAttestations(
        signature_indices=raw(case["packed"]["signatureIndices"]),
        signatures_or_addresses=raw(case["packed"]["signaturesOrAddresses"]),
    )


def test_digest_that_members_sign_is_the_recorded_one():
    assert signed_digest(raw(VECTOR["payloadDigest"])) == raw(VECTOR["ethSignedDigest"])


def test_recorded_attestations_of_five_in_nine_are_too_few():
    committee = [EthAddress(raw(member)) for member in VECTOR["committee"]]
    attestations = unpack_attestations(packed_of(VECTOR), 9)
    assert [any(item.signature) for item in attestations] == VECTOR["signed"]
    found = check_attestations(
        payload_digest=raw(VECTOR["payloadDigest"]), attestations=attestations, committee=committee
    )
    assert found is not None
    assert (found.fault, found.signed, found.invalid_index) == (AttestationFault.INSUFFICIENT, 5, None)
    assert list(found.attestors) == committee
    assert found.reason == "5 of 9 committee members attested, 7 are needed"


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["attestations"] is not None], ids=lambda case: case["name"]
)
def test_attestations_are_judged_as_the_reference_does(case):
    attestations = list(unpack_attestations(packed_of(case), len(case["attestations"])))
    if case["name"] == "empty one among signatures":  # no packing leads to it
        attestations[1] = CommitteeAttestation.empty()
    assert [item.to_json() for item in attestations] == case["attestations"]
    found = check_attestations(
        payload_digest=raw(case["payloadDigest"]),
        attestations=attestations,
        committee=[EthAddress(raw(member)) for member in case["committee"]],
    )
    if case["result"]["valid"]:
        assert found is None
        return
    assert found is not None
    assert found.fault.value == case["result"]["reason"]
    assert found.invalid_index == case["result"].get("invalidIndex")
    assert list(found.attestors) == [raw(item) for item in case["result"]["attestors"]]
    assert found.reason


@pytest.mark.parametrize("case", [case for case in CASES if case["attestations"] is None])
def test_attestations_that_end_early_are_refused(case):
    place = int(case["unpackError"].rpartition(" ")[2])
    with pytest.raises(L1DecodeError, match=f"place {place}$"):
        unpack_attestations(packed_of(case), place + 1)
    assert len(unpack_attestations(packed_of(case), place)) == place


def test_signature_that_is_cut_is_refused():
    case = next(case for case in CASES if case["name"] == "all sign")
    packed = packed_of(case)
    for cut in (1, 45, 64):
        shorter = PackedAttestations(
            signature_indices=packed.signature_indices,
            signatures_or_addresses=packed.signatures_or_addresses[:-cut],
        )
        with pytest.raises(L1DecodeError, match="place 12"):
            unpack_attestations(shorter, 13)


def test_without_a_committee_nothing_is_unpacked_and_everything_is_acceptable():
    junk = PackedAttestations(signature_indices=b"\xff" * 9, signatures_or_addresses=b"junk")
    assert unpack_attestations(junk, 0) == ()
    assert check_attestations(payload_digest=bytes(32), attestations=(), committee=()) is None


@pytest.mark.parametrize(("size", "needed"), [(1, 1), (2, 2), (3, 3), (4, 3), (6, 5), (7, 5), (48, 33)])
def test_quorum_is_more_than_two_thirds(size, needed):
    assert quorum(size) == needed
    assert 3 * needed > 2 * size >= 3 * (needed - 1)


MEMBERS = tuple(EthAddress(bytes([number]) * 20) for number in range(1, 5))
HATCH = b"\xaa" * 20


class CommitteeClient:
    """Answers view calls by selector; records the block that was asked about."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {keccak(text=signature)[:4]: answer for signature, answer in answers.items()}
        self.seen: list[tuple[bytes, str]] = []

    def batch_settled(self, requests):
        found = []
        for method, (call, block) in requests:
            assert method == "eth_call"
            self.seen.append((raw(call["to"]), block))
            found.append(self.answers[raw(call["data"])[:4]])
        return found

    def batch(self, requests):
        return self.batch_settled(requests)


def committee_reader(answers: dict[str, Any], size: int = 4) -> Any:
    abi = ContractAbi(
        "Rollup",
        [
            entry("function", "getEpochCommittee(uint256)", "address[]"),
            entry("function", "getEscapeHatchForEpoch(uint256)", "address"),
        ],
    )
    return SimpleNamespace(
        client=CommitteeClient(answers),
        rollup=BoundContract(abi, ROLLUP),
        deployment=SimpleNamespace(target_committee_size=size),
    )


def answer(types: list[str], *values: Any) -> str:
    return f"0x{eth_abi.encode(types, values).hex()}"


NO_HATCH = answer(["address"], bytes(20))
COMMITTEE = answer(["address[]"], MEMBERS)
REVERT = ContractRevertError("eth_call", 3, "", name="ValidatorSelection__InsufficientValidatorSetSize")


def test_committee_is_read_at_the_given_block():
    reader = committee_reader(
        {"getEpochCommittee(uint256)": COMMITTEE, "getEscapeHatchForEpoch(uint256)": NO_HATCH}
    )
    found = read_committee(reader, EpochNumber(7), 0x123)
    assert found.required == MEMBERS
    assert reader.client.seen == [(ROLLUP, "0x123")] * 2


def test_no_committee_is_read_where_there_is_none():
    reader = committee_reader({}, size=0)
    assert read_committee(reader, EpochNumber(7)).required == ()
    assert reader.client.seen == []


def test_too_few_validators_are_no_committee():
    reader = committee_reader(
        {"getEpochCommittee(uint256)": REVERT, "getEscapeHatchForEpoch(uint256)": NO_HATCH}
    )
    assert read_committee(reader, EpochNumber(7)).required == ()


@pytest.mark.parametrize("is_open", [False, True])
def test_committee_is_not_asked_while_the_escape_hatch_is_open(is_open):
    reader = committee_reader(
        {
            "getEpochCommittee(uint256)": COMMITTEE,
            "getEscapeHatchForEpoch(uint256)": answer(["address"], HATCH),
            "isHatchOpen(uint256)": answer(["bool", "address"], is_open, MEMBERS[0]),
        }
    )
    found = read_committee(reader, EpochNumber(7), 5)
    assert found.members == MEMBERS
    assert found.required == (() if is_open else MEMBERS)
    assert reader.client.seen[-1] == (HATCH, "0x5")


@pytest.mark.parametrize(
    "error", [L1RpcError("eth_call", -32000, "busy"), ContractRevertError("eth_call", 3, "", name="Other")]
)
@pytest.mark.parametrize("call", ["getEpochCommittee(uint256)", "getEscapeHatchForEpoch(uint256)"])
def test_other_errors_are_passed_on(call, error):
    answers = {"getEpochCommittee(uint256)": COMMITTEE, "getEscapeHatchForEpoch(uint256)": NO_HATCH}
    with pytest.raises(L1RpcError) as caught:
        read_committee(committee_reader(answers | {call: error}), EpochNumber(7))
    assert caught.value is error


def test_nonsense_for_a_committee_is_refused():
    reader = committee_reader(
        {"getEpochCommittee(uint256)": None, "getEscapeHatchForEpoch(uint256)": NO_HATCH}
    )
    with pytest.raises(L1DecodeError):
        read_committee(reader, EpochNumber(7))
