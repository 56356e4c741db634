"""Functions of real contracts: recorded executions, witness for witness, and that all of them can be run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aztecd.pxe.acvm import Acvm, AssertionFailedError, CodeCache, Program
from aztecd.pxe.acvm.compiler import running
from aztecd.pxe.acvm.compiler.code import CompiledProgram, compile_program
from aztecd.pxe.artifacts import load_artifact
from aztecd.pxe.artifacts.model import FunctionKind
from tests.support.acvm_runs import numbers
from tests.support.client_install import install
from tests.support.contract_artifacts import PACKAGES, contract_artifact
from tests.support.vectors import VECTORS, load

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

FILES = sorted(path.name for path in (VECTORS / "circuits").glob("[A-Z]*.json.gz"))
assert len(FILES) == 21

_SAMPLE_STEP = 16


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> CodeCache:
    return CodeCache(tmp_path_factory.mktemp("compiled"))


def test_all_opcodes_of_recorded_executions_have_compiled_code(
    cache: CodeCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fast form would be right, and slow, if it handed over all the time."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("compiled code has handed over")

    monkeypatch.setattr(running, "_go_on_plainly", refuse)
    for name in FILES:
        case = load(f"circuits/{name}")
        if "error" not in case:
            replay(Acvm(cache), case)


@pytest.mark.parametrize("name", FILES, ids=lambda name: name.removesuffix(".json.gz"))
@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_recorded_execution(name: str, fast: bool, cache: CodeCache) -> None:
    case = load(f"circuits/{name}")
    # The second machine takes the compiled form from the disk.
    for machine in [Acvm(cache), Acvm(cache)] if fast else [Acvm(uses_fast_form=False)]:
        replay(machine, case)


def replay(machine: Acvm, case: dict) -> None:
    bytecode = contract_artifact(case["contract"]).function(case["function"]).bytecode
    initial = [
        int(value, 16) for _, value in sorted(case["initial_witness"].items(), key=lambda pair: int(pair[0]))
    ]
    calls = iter(case["oracle_calls"])

    def oracle(name: str, arguments: Sequence[Sequence[int]]) -> Sequence:
        call = next(calls)
        assert (name, [list(argument) for argument in arguments]) == (call["name"], numbers(call["inputs"]))
        return numbers(call["outputs"])

    if "error" in case:
        with pytest.raises(AssertionFailedError, match=f"^{case['error']['message']}$") as caught:
            machine.execute(bytecode, initial, oracle)
        assert list(caught.value.location) == case["error"]["callStack"]
        assert caught.value.selector == int(case["error"]["raw"]["selector"])
        assert list(caught.value.payload) == numbers(case["error"]["raw"]["data"])
    else:
        result = machine.execute(bytecode, initial, oracle)
        known = [(index, value) for index, value in enumerate(result.values) if value is not None]
        assert len(known) == case["witness_count"]
        text = "".join(f"{index}:{value:x}\n" for index, value in known)
        assert hashlib.sha256(text.encode()).hexdigest() == case["witness_sha256"]
        assert result.return_values == [int(value, 16) for value in case["return_witness"].values()]
        if case.get("public_inputs"):
            assert result.range(len(initial), 870) == numbers(case["public_inputs"])
    assert next(calls, None) is None


def functions(modules: Path) -> Iterator[tuple[str, bytes]]:
    """Give the private and utility functions of all packages."""
    for package in PACKAGES:
        for path in sorted((modules / package / "artifacts").glob("*.json")):
            artifact = load_artifact(path.read_bytes())
            for function in artifact.functions:
                if function.kind is not FunctionKind.PUBLIC:
                    yield f"{artifact.name}.{function.name}", function.bytecode


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_functions_can_be_run() -> None:
    """All are decoded, a sample is compiled; with AZTECD_ALL_CIRCUITS set all are."""
    step = 1 if os.environ.get("AZTECD_ALL_CIRCUITS") else _SAMPLE_STEP
    names = []
    for number, (name, bytecode) in enumerate(functions(install().modules)):
        program = Program.from_bytecode(bytecode)
        assert program.circuit.opcodes, name
        if number % step == 0:
            compiled = CompiledProgram.unpack(compile_program(program))
            for function in compiled.functions:
                function.load()
        names.append(name)
    assert len(names) == 425
