from __future__ import annotations

import json

import pytest

from aztecd.l1.contracts import ContractSet, library_placeholder
from aztecd.l1.errors import L1ArtifactError

LIBRARY = bytes(range(20))


@pytest.fixture
def folder(tmp_path):
    hole = library_placeholder("src/A.sol", "A")
    content = {
        "abi": [{"type": "constructor", "inputs": [{"name": "x", "type": "uint256"}]}],
        "bytecode": f"0x6001{hole}6002{hole}",
        "linkReferences": {"src/A.sol": {"A": [{"start": 2, "length": 20}, {"start": 24, "length": 20}]}},
    }
    (tmp_path / "Linked.json").write_text(json.dumps(content))
    (tmp_path / "Shifted.json").write_text(json.dumps({**content, "bytecode": f"0x600100{hole}6002{hole}"}))
    (tmp_path / "Unlinked.json").write_text(json.dumps({**content, "linkReferences": {}}))
    (tmp_path / "Torn.json").write_text('{"abi": [')
    (tmp_path / "Poor.json").write_text('{"abi": []}')
    return tmp_path


def test_the_placeholder_is_made_of_source_and_name():
    # From the linked library's own artifact: the compiler's placeholder of RewardExtLib in Rollup.
    placeholder = library_placeholder("src/core/libraries/rollup/RewardExtLib.sol", "RewardExtLib")
    assert len(placeholder) == 40
    assert placeholder.startswith("__$")
    assert placeholder.endswith("$__")


def test_linking_fills_every_hole(folder):
    code = ContractSet(folder).artifact("Linked").creation_code({"A": LIBRARY})
    assert code == b"\x60\x01" + LIBRARY + b"\x60\x02" + LIBRARY


def test_constructor_arguments_follow_the_code(folder):
    data = ContractSet(folder).artifact("Linked").deployment(5, libraries={"A": LIBRARY})
    assert data[44:] == (5).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("name", "libraries", "message"),
    [
        ("Linked", {}, "must be linked with library A"),
        ("Shifted", {"A": LIBRARY}, "no placeholder of A at 2"),
        ("Unlinked", {}, "not linked"),
    ],
)
def test_code_that_can_not_be_linked_is_refused(folder, name, libraries, message):
    with pytest.raises(L1ArtifactError, match=message):
        ContractSet(folder).artifact(name).creation_code(libraries)


@pytest.mark.parametrize(
    ("name", "message"), [("Gone", "can't be read"), ("Torn", "damaged"), ("Poor", "damaged")]
)
def test_bad_artifacts_say_what_to_do(folder, name, message):
    with pytest.raises(L1ArtifactError, match=message) as caught:
        ContractSet(folder).artifact(name)
    assert "aztecd fetch" in str(caught.value)
