"""The method table against the node's interface, and what is made from the table."""

from __future__ import annotations

import inspect
from typing import Any

import jsonschema
import pytest

from aztecd.node.api import NodeApi
from aztecd.rpc.method import Cache, Method
from aztecd.rpc.methods import METHODS
from aztecd.rpc.openrpc import description
from aztecd.rpc.reference import PAGE, page
from tests.support.rpc_samples import samples

TABLE = {method.name: method for method in METHODS}
OPERATIONS = {name: value for name, value in vars(NodeApi).items() if not name.startswith("_")}
NOT_IN_THE_INTERFACE = {"get_validators_stats", "get_validator_stats", "trace_tx"}


def test_table_and_interface_have_the_same_methods() -> None:
    assert {method.python_name for method in METHODS} - NOT_IN_THE_INTERFACE == set(OPERATIONS)
    assert len(TABLE) == len(METHODS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_parameters_match_the_interface(name: str) -> None:
    method = next(method for method in METHODS if method.python_name == name)
    parameters = list(inspect.signature(OPERATIONS[name]).parameters.values())[1:]
    positional = [item for item in parameters if item.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert len(positional) == len(method.params) - method.spreads_last
    for parameter, declared in zip(positional, method.params, strict=False):
        assert (parameter.default is not inspect.Parameter.empty) == declared.optional, declared.name
        if declared.optional:
            assert parameter.default == declared.default
    assert inspect.iscoroutinefunction(OPERATIONS[name]) == method.is_async


def test_optional_parameters_come_last() -> None:
    for method in METHODS:
        flags = [param.optional for param in method.params]
        assert flags == sorted(flags), method.name


def test_what_depends_on_the_mempool_or_on_time_is_not_kept() -> None:
    """The state's version counts changes of the chain only."""
    for name in (
        "getTxReceipt",
        "getTxByHash",
        "getTxsByHash",
        "getPendingTxs",
        "getPendingTxCount",
        "getMaxPriorityFees",
        "getCurrentMinFees",
        "isReady",
        "isL1ToL2MessageSynced",
        "getL1ToL2MessageCheckpoint",
        "sendTx",
        "isValidTx",
        "simulatePublicCalls",
        "registerContractFunctionSignatures",
    ):
        assert TABLE[name].cache is Cache.NEVER, name


def test_what_is_kept_for_blocks_has_an_immutable_key() -> None:
    immutable = {"block", "hash", "archive", "txHash", "id"}
    for method in METHODS:
        if method.cache is Cache.BLOCK:
            assert method.params[0].name in immutable, method.name


def test_documentation_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m aztecd.rpc.reference --write"


def test_every_method_is_documented() -> None:
    text = page()
    assert all(f"`{method.name}`" in text for method in METHODS)


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


def test_description_is_complete() -> None:
    described = description()
    components = described["components"]
    for reference in _references(described):
        _, _, group, name = reference.split("/")
        assert name in components[group], reference
    assert [item["name"] for item in described["methods"]] == [f"aztec_{method.name}" for method in METHODS]


def _validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": description()["components"]})


@pytest.mark.parametrize(
    "method", [method for method in METHODS if not method.is_local], ids=lambda method: method.name
)
def test_recorded_values_satisfy_the_schemas(method: Method) -> None:
    """The schemas are made from declarations; the reference's values say whether they are true."""
    recorded = [sample for sample in samples() if sample["method"] == method.name]
    assert recorded
    results = _validator(method.result.schema)
    params = [_validator(param.kind.schema) for param in method.params]
    for sample in recorded:
        if "result" in sample:
            results.validate(sample["result"])
        if "error" not in sample:
            for param, validator, value in zip(method.params, params, sample["params"], strict=False):
                if not (param.optional and value is None):
                    validator.validate(value)
