"""Function names that clients register."""

from __future__ import annotations

import pytest

from aztecd.node.signatures import FunctionSignatures
from aztecd.protocol.hashes import function_selector

TRANSFER = "transfer(Field,u128)"


def test_a_name_is_found_by_the_selector_of_its_signature():
    signatures = FunctionSignatures()
    signatures.register([TRANSFER])
    assert signatures.name(function_selector(TRANSFER)) == "transfer"
    assert signatures.name(1) is None


@pytest.mark.parametrize("text", ["", "transfer", "1a()", "a b()", "(Field)", f"{'a' * 300}()"])
def test_what_is_no_signature_or_has_an_endless_name_is_not_kept(text):
    signatures = FunctionSignatures()
    signatures.register([text])
    assert signatures.name(function_selector(text)) is None


def test_the_longest_name_is_kept():
    name = "a" * 256
    signatures = FunctionSignatures()
    signatures.register([f"{name}(Field)"])
    assert signatures.name(function_selector(f"{name}(Field)")) == name
