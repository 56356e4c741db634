"""What contracts write is bounded, and plain text."""

from __future__ import annotations

from aztecd.crypto.field import fr
from aztecd.pxe.oracles.contract_log import format_message

ONE, TWO = (f"0x{number:064x}" for number in (1, 2))


def test_fields_are_put_into_their_places():
    assert format_message("{1} {0} {2} {}", [fr(1), fr(2)]) == f"{TWO} {ONE} {{2}} {ONE},{TWO}"


def test_a_message_is_bounded_however_often_it_repeats_its_fields():
    assert len(format_message("{}" * 20_000, [fr(1)] * 5_000)) <= (1 << 16) + 3


def test_a_message_does_not_move_the_cursor():
    assert format_message("\x1b[2Jall is well\n", []) == "\\x1b[2Jall is well\\n"
