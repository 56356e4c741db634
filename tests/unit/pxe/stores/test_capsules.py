from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_MODULUS, fr
from aztecd.pxe.stores import CapsuleStore, EmptyCapsuleError, PxeStoreError, Stage
from aztecd.storage import MemoryStore
from tests.support.pxe_records import CONTRACT, address


@pytest.fixture
def capsules() -> CapsuleStore:
    return CapsuleStore(Stage(MemoryStore()))


def fill(capsules, start, values):
    for index, value in enumerate(values):
        capsules.store_capsule(CONTRACT, fr(start + index), [fr(value)])


def read(capsules, start, count):
    found = [capsules.load_capsule(CONTRACT, fr(start + index)) for index in range(count)]
    return [int.from_bytes(item[0], "big") if item else None for item in found]


def test_slots_belong_to_their_contract(capsules):
    capsules.store_capsule(CONTRACT, fr(1), [fr(5), fr(6)])
    assert capsules.load_capsule(CONTRACT, fr(1)) == (fr(5), fr(6))
    assert capsules.load_capsule(address(9), fr(1)) is None
    capsules.store_capsule(CONTRACT, fr(1), [])
    assert capsules.load_capsule(CONTRACT, fr(1)) == (), "an empty list is no empty slot"
    capsules.delete_capsule(CONTRACT, fr(1))
    capsules.delete_capsule(CONTRACT, fr(1))
    assert capsules.load_capsule(CONTRACT, fr(1)) is None


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (0, 10, [1, 2, 3, 4, None, None]),
        (0, 1, [1, 1, 2, 3, 4, None]),
        (1, 0, [2, 3, 4, 5, 5, None]),
        (0, 0, [1, 2, 3, 4, 5, None]),
    ],
)
def test_copies_may_overlap(capsules, source, target, expected):
    fill(capsules, 0, [1, 2, 3, 4, 5])
    capsules.copy_capsules(CONTRACT, fr(source), fr(target), 4)
    first = 10 if target == 10 else 0
    assert read(capsules, first, 6) == expected


def test_copying_an_empty_slot_is_refused(capsules):
    fill(capsules, 0, [1])
    message = (
        f"Attempted to copy empty slot 0x{CONTRACT.hex()}:0x{fr(1).hex()} for contract 0x{CONTRACT.hex()}"
    )
    with pytest.raises(EmptyCapsuleError, match=message):
        capsules.copy_capsules(CONTRACT, fr(0), fr(10), 2)


def test_arrays_grow_and_shrink(capsules):
    base = fr(100)
    assert capsules.read_array(CONTRACT, base) == []
    capsules.append_to_array(CONTRACT, base, [[fr(1)], [fr(2), fr(3)]])
    capsules.append_to_array(CONTRACT, base, [[fr(4)]])
    assert capsules.read_array(CONTRACT, base) == [(fr(1),), (fr(2), fr(3)), (fr(4),)]
    assert capsules.load_capsule(CONTRACT, base) == (fr(3),)
    assert capsules.load_capsule(CONTRACT, fr(102)) == (fr(2), fr(3))
    capsules.set_array(CONTRACT, base, [[fr(9)]])
    assert capsules.read_array(CONTRACT, base) == [(fr(9),)]
    assert read(capsules, 101, 3) == [9, None, None]


def test_slots_wrap_at_the_end_of_the_field(capsules):
    capsules.append_to_array(CONTRACT, fr(FR_MODULUS - 1), [[fr(1)]])
    assert capsules.load_capsule(CONTRACT, fr(0)) == (fr(1),)


def test_arrays_with_a_hole_or_without_an_end_are_refused(capsules):
    capsules.store_capsule(CONTRACT, fr(1), [fr(2)])
    with pytest.raises(EmptyCapsuleError, match="at index 0"):
        capsules.read_array(CONTRACT, fr(1))
    capsules.store_capsule(CONTRACT, fr(1), [fr(FR_MODULUS - 1)])
    for refused in (
        lambda: capsules.read_array(CONTRACT, fr(1)),
        lambda: capsules.set_array(CONTRACT, fr(1), []),
        lambda: capsules.append_to_array(CONTRACT, fr(1), [[fr(1)]]),
    ):
        with pytest.raises(PxeStoreError, match="claims more than"):
            refused()
