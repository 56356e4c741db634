"""The random questions about a chain: which there are, which must never be asked, and how answers differ."""

from __future__ import annotations

import json
import random
from typing import Any

from aztecd.rpc.methods import METHODS
from tests.support.node_comparison import differences
from tests.support.rpc_answers import Answer, Exchange, read_body, reason_of
from tests.support.rpc_envelopes import envelope
from tests.support.rpc_facts import UNKNOWN, Facts
from tests.support.rpc_questions import PARAMETERS, Question, Questions

TX = {"data": "AAAA", "chonkProof": "AAAA", "contractClassLogFields": [], "publicFunctionCalldata": []}
FIELDS = ("nullifier", "note_hash", "archive", "block_hash", "tx_hash", "leaf_slot", "message", "public_tag")
CURSOR = {"blockNumber": 1, "blockHash": UNKNOWN, "txHash": UNKNOWN, "txIndex": 0, "logIndex": 0}
FACTS = Facts(
    known={
        **{kind: tuple(f"0x{number:064x}" for number in range(9)) for kind in (*FIELDS, "address")},
        "number": tuple(range(9)),
        "tree": (0, 1),
        "limit": (1, 50),
        "flag": (True,),
        "tx": (TX,),
        "log_id": (CURSOR,),
    },
    first_hashes=(f"0x{7:064x}", f"0x{8:064x}"),
    one_pool=True,
)
COUNT = 1000


def drawn(seed: int) -> list[Question]:
    questions, dice = Questions(FACTS, seed), random.Random(seed)
    calls = [ask(method) for method in PARAMETERS for ask in (questions.plain, questions.twisted)]
    return [*calls, *(envelope(dice, calls) for _ in range(100))]


def twisted(method: str) -> list[Any]:
    questions = Questions(FACTS, 1)
    return [questions.twisted(method).params for _ in range(COUNT)]


def test_every_method_has_its_parameters() -> None:
    ours = {
        method.name: (len(method.params), method.optional_count) for method in METHODS if not method.is_local
    }
    assert ours == {
        name: (len(kinds), sum(kind.endswith("?") for kind in kinds)) for name, kinds in PARAMETERS.items()
    }


def test_a_seed_gives_the_same_questions() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_no_transaction_is_broken_inside() -> None:
    for method in ("sendTx", "isValidTx", "simulatePublicCalls"):
        for params in twisted(method):
            if params and params[0] != TX:
                assert not isinstance(params[0], dict) or params[0] in ({}, {"data": 1})


def test_at_most_one_member_of_a_filter_is_odd() -> None:
    """Two that have the right shape and an impossible value would end the reference node."""
    known = {
        "afterLog": (CURSOR,),
        **dict.fromkeys(("txHash", "tag", "contractAddress"), FACTS.known["message"]),
    }
    for method in ("getPublicLogs", "getContractClassLogs"):
        for params in twisted(method):
            members = params[0] if params and isinstance(params[0], dict) else {}
            odd = [name for name in known.keys() & members if members[name] not in known[name]]
            assert len(odd) <= 1, members


def test_the_other_prefix_is_for_calls_only() -> None:
    call = Questions(FACTS, 1).plain("getBlock")
    assert json.loads(call.in_namespace("aztec"))["method"] == "aztec_getBlock"
    wrapped = Question(method="members", body=call.body)
    assert wrapped.in_namespace("aztec") == call.body


def exchange(method: str, params: list[Any], ours: Any, theirs: Any) -> Exchange:
    question = Question(method=method, body=b"", params=params)
    answers = (Answer(200, {}, read_body(json.dumps(body).encode()), 1.0) for body in (ours, theirs))
    return Exchange(FACTS, question, *answers)


def test_null_is_not_nothing() -> None:
    it = exchange("getBlock", [1], {"id": None}, {})
    assert list(differences(it.ours.seen, it.theirs.seen, "")) == ["body.id is null, wanted None"]


def test_reasons_to_differ() -> None:
    def reason(method: str, params: list[Any]) -> str | None:
        return reason_of(exchange(method, params, {"result": 1}, {"result": 2}))

    assert reason("getBlock", [0]) is None
    for block in (0, "0x0", FACTS.first_hashes[0]):
        assert reason("getNoteHashMembershipWitness", [block, UNKNOWN]) is not None
    for block in (1, "latest", UNKNOWN, FACTS.first_hashes[1]):
        assert reason("getNoteHashMembershipWitness", [block, UNKNOWN]) is None
    assert reason("getBlockHashMembershipWitness", [FACTS.first_hashes[1], UNKNOWN]) is not None
    assert reason("getPublicLogs", [{"tag": UNKNOWN}]) is None
    assert reason("getPublicLogs", [{"afterLog": CURSOR}]) is not None
