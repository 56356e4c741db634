"""Every foreign call that the reference recorded, through the registry: arguments in, answers out.

First with a handler that only notes what it is given: what the registry reads, written again as numbers, must
be what the contract passed. Then with the real handlers, over views that hold what the recording implies.
"""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr, fr_int
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.logs import ContractClassLog
from aztecd.pxe.oracles import (
    MISC_ORACLES,
    PRIVATE_ORACLES,
    UTILITY_ORACLES,
    PrivateOracles,
    answer,
)
from aztecd.pxe.oracles.notes import NoteQuery
from tests.support.pxe_replay import CIRCUITS, Replay, plain_answer, recorded


def all_calls():
    return [(name, *call) for name in CIRCUITS for call in recorded(name)[1]]


class Recorder:
    """Stands for a handler; keeps the arguments of the one call that it gets."""

    def __init__(self):
        self.given = None

    def note(self, *args, **kwargs):
        self.given = [*args, *kwargs.values()]
        raise _NotedError


class _NotedError(Exception):
    """The call has reached the handler."""


def _recording(kind):
    def method(self, *args, **kwargs):
        self.recorder.note(*args, **kwargs)

    names = [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))]
    return type("Recording", (kind,), dict.fromkeys(names, method))


def written_again(value):
    """The arguments of a handler as the contract had passed them."""
    match value:
        case bool() | int():
            return [[int(value)]]
        case bytes() if len(value) == 32:
            return [[fr_int(value)]]
        case bytes() if len(value) == 4:
            return [[int.from_bytes(value, "big")]]
        case bytes():
            return [list(value)]
        case str():
            return [list(map(ord, value))]
        case tuple() | list():
            return [[fr_int(item) for item in value]]
        case Point():
            return [[value.x], [value.y], [int(value.is_infinite)]]
        case NoteQuery():
            return _query_written_again(value)
        case ContractClassLog():
            fields = [fr_int(item) for item in value.fields.fields]
            return [[fr_int(value.contract_address)], fields, [value.emitted_length]]
        case _:
            raise AssertionError(type(value))


def _query_written_again(query):
    properties = [
        [[getattr(item.property, part) for item in items] for part in ("index", "offset", "length")]
        for items in (query.selects, query.sorts)
    ]
    return [
        [int(query.owner is not None)],
        [fr_int(query.owner or FR_ZERO)],
        [fr_int(query.storage_slot)],
        [len(query.selects)],
        *properties[0],
        [fr_int(item.value) for item in query.selects],
        [item.comparator for item in query.selects],
        *properties[1],
        [item.order for item in query.sorts],
        [query.limit],
        [query.offset],
        [query.status],
    ]


# What is passed and not needed, by position.
IGNORED = {
    "utilityGetKeyValidationRequest": [1],
    "utilityLog": [2],
    "utilityLoadCapsule": [2],
    "utilityGetNotes": [16, 17],
    "privateNotifyEnqueuedPublicFunctionCall": [0, 2, 3],
    "privateNotifySetPublicTeardownFunctionCall": [0, 2, 3],
}


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_arguments_are_read_as_they_were_passed(circuit):
    kind = _recording(PrivateOracles)
    for name, inputs, _ in recorded(circuit)[1]:
        handler = kind.__new__(kind)
        handler.recorder = Recorder()
        handler.sender_for_tags = None
        if name in {"privateGetSenderForTags", "privateSetSenderForTags"}:
            # An attribute, not a method.
            answer(handler, name, inputs)
            given = [] if handler.sender_for_tags is None else [handler.sender_for_tags]
        else:
            with pytest.raises(_NotedError):
                answer(handler, name, inputs)
            given = handler.recorder.given
        read = [part for value in given for part in written_again(value)]
        expected = [value for index, value in enumerate(inputs) if index not in IGNORED.get(name, ())]
        if name == "utilityAes128Decrypt":
            # A vector: storage and length are one value of bytes.
            expected = [expected[0][: expected[1][0]], *expected[2:]]
        if name == "utilityGetNotes":
            count = expected[3][0]
            expected[4:9] = [values[:count] for values in expected[4:9]]
        assert read == expected, name


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_answers_are_those_of_the_reference(circuit):
    replay = Replay(circuit)
    for name, inputs, outputs in replay.calls:
        replay.prepare(name, inputs, outputs)
        given = plain_answer(answer(replay.handler, name, inputs))
        if name == "privateGetNextAppTagAsSender" and not replay.fake.knows(fr(inputs[0][0])):
            # The recording does not have the secret.
            assert len(given) == len(outputs) == 1
            continue
        assert given == outputs, name


def test_the_recordings_call_most_oracles():
    called = {name for _, name, _, _ in all_calls()}
    every = {*MISC_ORACLES, *UTILITY_ORACLES, *PRIVATE_ORACLES}
    assert called <= every
    assert every - called == {
        # Tested by themselves, with the forms that aztec-nr declares.
        "utilityGetBlockHeader",
        "utilityGetNoteHashMembershipWitness",
        "utilityGetBlockHashMembershipWitness",
        "utilityGetNullifierMembershipWitness",
        "utilityGetLowNullifierMembershipWitness",
        "utilityGetL1ToL2MembershipWitness",
        "utilityCopyCapsule",
        "utilityEmitOffchainEffect",
    }
