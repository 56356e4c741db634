"""The fetched packages themselves: are they what the recorded facts say?"""

from __future__ import annotations

import json
import re

import pytest

from aztecd.artifacts.install import load_pins
from aztecd.artifacts.pins import Content
from aztecd.pxe.artifacts import contract_class_of, load_artifact
from tests.support.contract_artifacts import contract_artifact
from tests.support.vectors import load

pytestmark = pytest.mark.integration

VECTORS = "artifacts/protocol_contracts.json"


def test_protocol_contracts_are_those_that_a_node_answers(artifacts):
    recorded = load(VECTORS)
    data = json.loads(artifacts.protocol_contracts.read_text())
    assert data["protocolContractsHash"] == recorded["protocol_contracts_hash"]
    assert [contract["name"] for contract in data["contracts"]] == [
        contract["name"] for contract in recorded["protocol_contracts"]
    ]
    for contract, expected in zip(data["contracts"], recorded["protocol_contracts"], strict=True):
        assert contract["address"] == expected["address"] == expected["instance"]["address"]
        assert contract["derivedAddress"] == expected["derived_address"]
        assert contract["class"]["id"] == expected["class_id"]
        known = {
            key: value for key, value in expected["instance"].items() if key not in ("publicKeys", "address")
        }
        assert contract["instance"] == known


def test_all_l1_contracts_are_there(artifacts):
    for name in load_pins().package(Content.L1_CONTRACTS).entries:
        contract = json.loads((artifacts.l1_artifacts / f"{name}.json").read_text())
        assert contract["abi"], name
        assert re.fullmatch(r"0x(?:[0-9a-f]{2}|__\$[0-9a-f]{34}\$__)+", contract["bytecode"]), name
        # Sizes, libraries and references: the table of the deployed Rollup's creation code.
        if name == "Rollup":
            assert len(contract["bytecode"]) == 2 + 2 * 41476
            references = {
                library: len(places)
                for libraries in contract["linkReferences"].values()
                for library, places in libraries.items()
            }
            assert references == {
                "EmpireSlasherDeploymentExtLib": 1,
                "ValidatorOperationsExtLib": 39,
                "TallySlasherDeploymentExtLib": 1,
                "RollupOperationsExtLib": 6,
                "RewardExtLib": 28,
            }
        else:
            assert contract["linkReferences"] == {}, name


@pytest.mark.parametrize("name", ["SchnorrAccount", "EcdsaKAccount", "Token", "FPC", "AuthRegistry"])
def test_condensed_contracts_are_read_as_the_packages_own(artifacts, name):
    (path,) = (found for folder in artifacts.contracts if (found := folder / f"{name}.json").exists())
    condensed = load_artifact(path.read_bytes())
    assert condensed == contract_artifact(name)
    assert condensed.functions
    assert contract_class_of(condensed).id == contract_class_of(contract_artifact(name)).id
