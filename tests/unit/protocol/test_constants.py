"""Constants that follow from something else."""

from __future__ import annotations

import re

import pytest

from aztecd import constants
from aztecd.crypto.field import fr_int
from aztecd.crypto.poseidon2 import hash_bytes
from tests.support.vectors import load

SEPARATORS = {name: value for name, value in vars(constants).items() if name.startswith("DOM_SEP_")}


@pytest.mark.parametrize("name", sorted(SEPARATORS))
def test_domain_separators_are_the_hashes_of_their_names(name):
    text = "az_dom_sep__" + name.removeprefix("DOM_SEP_").lower()
    assert fr_int(hash_bytes(text.encode())) % 2**32 == SEPARATORS[name]


def test_there_are_separators():
    assert len(SEPARATORS) > 20
    assert len(set(SEPARATORS.values())) == len(SEPARATORS)


def test_addresses_of_protocol_contracts():
    recorded = load("addresses.json.gz")["protocol_contracts"]
    for entry in recorded:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", entry["name"].removeprefix("Contract")).upper()
        found = {
            value
            for key, value in vars(constants).items()
            if key in {f"{name}_ADDRESS", f"CONTRACT_{name}_ADDRESS"}
        }
        assert {"0x" + value.hex() for value in found} == {entry["address"]}, name
