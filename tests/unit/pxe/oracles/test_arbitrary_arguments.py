"""Contracts may ask anything: the answer is an answer or one of our errors, in bounded time and memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aztecd.crypto.field import FR_MODULUS, fr, fr_int
from aztecd.errors import AztecdError
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.kernel.public_inputs import CallContext
from aztecd.pxe.oracles import MISC_ORACLES, PRIVATE_ORACLES, UTILITY_ORACLES, PrivateOracles, answer
from tests.support.pxe_replay import known_accounts
from tests.support.pxe_views import FakeViews, empty_caches

CONTRACT = AztecAddress(fr(0xC0))
NAMES = sorted([*MISC_ORACLES, *UTILITY_ORACLES, *PRIVATE_ORACLES])
FIELDS = st.one_of(
    st.integers(0, 3),
    st.sampled_from([fr_int(CONTRACT), 5, 12, 1 << 16, (1 << 32) - 1, 1 << 32, FR_MODULUS - 1]),
    st.integers(0, FR_MODULUS - 1),
)
ARGUMENTS = st.lists(st.one_of(FIELDS.map(lambda value: [value]), st.lists(FIELDS, max_size=4)), max_size=18)


def handler():
    return PrivateOracles(
        FakeViews(key_store=known_accounts()).environment(),
        empty_caches(),
        CallContext(fr(1), CONTRACT, fr(2), False),
        scopes=(),
        auth_witnesses=(),
        capsules=(),
        call=lambda *_, **__: (1, fr(2)),
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(arguments=ARGUMENTS)
def test_arbitrary_arguments(name, arguments):
    try:
        given_answer = answer(handler(), name, arguments)
    except AztecdError:
        return
    for slot in given_answer:
        for value in [slot] if isinstance(slot, int) else slot:
            assert 0 <= value < FR_MODULUS


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("utilityLoadCapsule", [[0xC0], [1], [(1 << 32) - 1]], "an answer of 4294967295 values"),
        ("utilityGetNotes", [[0], [0], [5], [0], *[[]] * 9, [0], [0], [1], [1 << 20], [2]], "an answer of"),
        ("utilityStorageRead", [[1], [2], [3], [1 << 20]], "1048576 storage slots in one read"),
    ],
)
def test_sizes_are_bounded(name, arguments, text):
    with pytest.raises(AztecdError, match=text):
        answer(handler(), name, arguments)


def test_texts_are_units_of_utf_16():
    fake = FakeViews()
    asking = PrivateOracles(
        fake.environment(),
        empty_caches(),
        CallContext(fr(1), CONTRACT, fr(2), False),
        scopes=(),
        auth_witnesses=(),
        capsules=(),
        call=lambda *_, **__: (1, fr(2)),
    )
    for units in ([0xD83D, 0xDE00], [0xD83D]):
        answer(asking, "utilityLog", [[4], units, [0], []])
    assert [line.message for line in fake.logs] == ["\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}"]
