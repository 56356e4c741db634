"""What two nodes answer to a question, and why the answers may differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aztecd.rpc.errors import EXECUTION_FAILED, INVALID_REQUEST, PARSE_ERROR
from tests.support.rpc_envelopes import LARGE_ID
from tests.support.rpc_questions import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.rpc_facts import Facts
    from tests.support.rpc_questions import Question

_SETTINGS: Final = frozenset({"getAllowedPublicSetup"})
_POOL: Final = frozenset({"getTxByHash", "getTxsByHash"})
_LOG_LISTS: Final = frozenset({"getPublicLogs", "getContractClassLogs"})


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """JSON if it is, else text."""
    ms: float

    @property
    def seen(self) -> dict[str, Any]:
        """What has to be the same."""
        return {"status": self.status, "headers": self.headers, "body": self.body}

    @property
    def error(self) -> dict[str, Any]:
        """The error of a single call; empty without one."""
        return dict(self.body.get("error", {})) if isinstance(self.body, dict) else {}

    @property
    def code(self) -> int | None:
        """The error's code."""
        return self.error.get("code")

    @property
    def message(self) -> str:
        """The error's message."""
        return str(self.error.get("message", ""))


def read_body(data: bytes) -> Any:
    """Read JSON. Members that are null become text: what is not there differs from them."""
    try:
        return json.loads(data, object_pairs_hook=_members)
    except ValueError:
        return data.decode(errors="replace")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: "null" if value is None else value for name, value in pairs}


class Exchange(NamedTuple):
    """A question about a chain, and what the nodes said."""

    facts: Facts
    question: Question
    ours: Answer
    theirs: Answer


def _reads_genesis(facts: Facts, question: Question) -> bool:
    """Tell whether a question is about the state of block 0."""
    kinds = PARAMETERS.get(question.method, ())
    if len(kinds) == 1 or kinds[:1] != ("block",) or not question.params:
        return False
    # Block hashes are proved in the archive before the block.
    last = 1 if question.method == "getBlockHashMembershipWitness" else 0
    block = question.params[0]
    if isinstance(block, str):
        try:
            block = int(block or "0", 16 if block.lower().startswith("0x") else 10)
        except ValueError:
            return False
    hashes = {int(block_hash, 16) for block_hash in facts.first_hashes[: last + 1]}
    return isinstance(block, int | float) and (0 <= block <= last or block in hashes)


def _continues_logs(_: Facts, question: Question) -> bool:
    """Tell whether a question is for the logs after another one."""
    return question.method in _LOG_LISTS and bool(question.params) and "afterLog" in question.params[0]


def _reads_pool(facts: Facts, question: Question) -> bool:
    """Tell whether a question is about transactions that one node never had."""
    return not facts.one_pool and question.method in _POOL


QUESTIONS: Final[Mapping[str, Callable[[Facts, Question], bool]]] = {
    "the state of block 0 is that of block 0": _reads_genesis,
    "no logs are lost after `afterLog`": _continues_logs,
    "only one node was sent the transactions": _reads_pool,
    "a node's setting": lambda facts, question: not facts.one_pool and question.method in _SETTINGS,
}
"""What is answered differently, and why."""


def _refuses_large(it: Exchange) -> bool:
    told = it.ours.message
    is_block = "Invalid input (0)" in told and it.theirs.code in {None, EXECUTION_FAILED}
    return "safe integer" in told or str(2**53 - 1) in told or is_block


def _writes_large(it: Exchange) -> bool:
    is_tree = it.ours.message.startswith("Invalid enum value") and it.ours.code == it.theirs.code
    return is_tree or (it.question.params is None and str(LARGE_ID).encode() in it.question.body)


def _issues(answer: Answer) -> list[str]:
    return sorted(answer.message.split(". "))


ANSWERS: Final[Mapping[str, Callable[[Exchange], bool]]] = {
    "numbers beyond 2^53 - 1 are refused": _refuses_large,
    "large numbers are not rounded": _writes_large,
    "fractions of pages and limits are refused": lambda it: (
        "must be an integer, got" in it.ours.message and it.theirs.code in {None, EXECUTION_FAILED}
    ),
    "`-0` is zero": lambda it: "-0" in (it.question.params or ()),
    "issues in another order": lambda it: bool(it.ours.message) and _issues(it.ours) == _issues(it.theirs),
    "of two issues of one text the first": lambda it: (
        it.theirs.message.startswith(it.ours.message) and it.ours.message.startswith("Not a valid instance")
    ),
    "broken text and numbers are no JSON": lambda it: (
        it.question.method == "body" and it.ours.code == PARSE_ERROR
    ),
    "`__proto__` is a member like others": lambda it: "forbidden prototype" in it.theirs.message,
    "other words for broken compression": lambda it: (
        it.question.method == "encoding" and it.ours.code == it.theirs.code == INVALID_REQUEST
    ),
    "content codings may be in capitals": lambda it: str(
        it.question.headers.get("content-encoding")
    ).isupper(),
    "`0X` may begin an L1 address": lambda it: (
        it.question.method == "getValidatorStats" and it.theirs.message == "Not a valid hex string (0)"
    ),
    "HEAD tells the type as GET does": lambda it: it.question.verb == "HEAD",
}
"""Why an answer may differ from the other, and when."""


def reason_of(it: Exchange) -> str | None:
    """Give the reason for which the answers may differ."""
    for reason, differs in QUESTIONS.items():
        if differs(it.facts, it.question):
            return reason
    return next((reason for reason, applies in ANSWERS.items() if applies(it)), None)
