"""Random programs for the AVM, as cases of the form of the recorded opcode vectors, without expectations."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from aztecd.crypto.field import FR_MODULUS, Fr, fr
from aztecd.protocol.contracts import contract_class_id, public_bytecode_commitment
from tests.support.avm_program_effects import Surroundings
from tests.support.avm_program_writer import ProgramWriter

DEFAULTS: Final[dict[str, Any]] = {
    "globals": {
        "chainId": f"0x{31337:064x}",
        "version": f"0x{1337:064x}",
        "blockNumber": 42,
        "slotNumber": 0,
        "timestamp": "99833",
        "coinbase": f"0x{0:040x}",
        "feeRecipient": f"0x{0:064x}",
        "gasFees": {"feePerDaGas": "2", "feePerL2Gas": "3"},
    },
    "transactionFee": "0",
    "firstNullifier": f"0x{0x668A0:064x}",
    "gasUsedByPrivate": {"da": 96, "l2": 540_000},
    "feePayer": f"0x{42:064x}",
}
"""What holds for every case, as in the recorded files."""

_MANY_BYTES: Final = 60_000


def random_case(seed: int) -> dict[str, Any]:
    """Make a case: up to four contracts that call each other, state, calldata, and mostly enough gas."""
    rng = Random(seed)
    addresses = [rng.randrange(1 << 20, FR_MODULUS) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    around = Surroundings(
        contracts=addresses,
        slots=[0, 1, rng.randrange(FR_MODULUS), FR_MODULUS - 1],
        nullifiers=[rng.randrange(FR_MODULUS) for _ in range(2)],
        leaves=[(index, rng.randrange(FR_MODULUS)) for index in range(3)],
    )
    errors = rng.choice((0, 0.005, 0.02))
    programs = [
        ProgramWriter(rng, around, errors=errors).write(rng.choice((4, 12, 30, 70) if not at else (3, 10)))
        for at in range(len(addresses))
    ]
    assert all(len(program) < _MANY_BYTES for program in programs)
    return {
        "name": f"random/{seed}",
        "bytecode": programs[0].hex(),
        "calldata": [
            _hex(rng.choice((rng.randrange(FR_MODULUS), rng.randrange(300))))
            for _ in range(rng.choice((0, 3, 30)))
        ],
        "gas": {
            "l2": rng.choice((2_000_000, 2_000_000, 300_000, rng.randrange(1, 60_000))),
            "da": rng.choice((50_000, 50_000, 300)),
        },
        "env": {
            "address": _hex(addresses[0]),
            "sender": _hex(rng.randrange(FR_MODULUS)),
            "isStaticCall": rng.random() < 0.1,
        },
        "config": {"collectDebugLogs": rng.random() < 0.3},
        "state": {
            "contracts": [
                _contract(rng, address, program) for address, program in zip(addresses, programs, strict=True)
            ],
            "storage": [
                {
                    "contractAddress": _hex(address),
                    "slot": _hex(around.slots[1]),
                    "value": _hex(rng.randrange(1 << 128)),
                }
                for address in addresses[:2]
            ],
            "nullifiers": [_hex(nullifier) for nullifier in around.nullifiers[:1]],
            "noteHashes": [{"index": index, "leaf": _hex(leaf)} for index, leaf in around.leaves[:2]],
            "l1ToL2Messages": [{"index": index, "leaf": _hex(leaf)} for index, leaf in around.leaves[1:]],
        },
    }


def _contract(rng: Random, address: int, program: bytes) -> dict[str, str]:
    class_id = contract_class_id(fr(rng.randrange(1 << 32)), Fr(fr(1)), public_bytecode_commitment(program))
    return {
        "address": _hex(address),
        "bytecode": program.hex(),
        "classId": f"0x{class_id.hex()}",
        "originalClassId": f"0x{class_id.hex()}",
        "deployer": _hex(rng.randrange(FR_MODULUS)),
        "initializationHash": _hex(rng.randrange(FR_MODULUS)),
    }


def _hex(value: int) -> str:
    return f"0x{value:064x}"
