"""The kinds of parameters that are objects: log filters, transactions, options.

Authority: @aztec/stdlib src/logs/{log_filter,log_id}.ts, src/tx/tx.ts, src/interfaces/aztec-node.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aztecd.protocol.codec import DecodeError, JsonValue, SchemaError
from aztecd.protocol.logs import LogFilter, LogId
from aztecd.protocol.tx import Tx
from aztecd.rpc.kinds import (
    AZTEC_ADDRESS,
    BOOLEAN,
    FIELD,
    MISSING,
    TX_HASH,
    CoercedNumber,
    Issues,
    Kind,
    expected,
)

__all__ = ["LOG_FILTER", "TRACE_OPTIONS", "TX", "TX_OPTIONS", "TX_OR_HASH"]

_INTEGER: Final = CoercedNumber()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of an object: its name in JSON and in Python. `or_null`: null counts as absent."""

    json_name: str
    name: str
    kind: Kind
    optional: bool = True
    or_null: bool = False


def read_members(
    members: tuple[Member, ...], value: JsonValue, path: str, issues: Issues
) -> dict[str, Any] | None:
    """Read the members of an object; unknown ones are dropped. Gives None when something is wrong."""
    if type(value) is not dict:
        issues.add(expected("object", value), path)
        return None
    before = len(issues.early) + len(issues.late)
    read = {}
    for member in members:
        given = value.get(member.json_name, MISSING)
        if (given is MISSING and member.optional) or (given is None and member.or_null):
            continue
        read[member.name] = member.kind.read(given, f"{path}.{member.json_name}", issues)
    return read if len(issues.early) + len(issues.late) == before else None


class _LogIdKind:
    """The place of a log."""

    __slots__ = ()
    members = (
        Member(json_name="blockNumber", name="block_number", kind=CoercedNumber(least=0), optional=False),
        Member(json_name="blockHash", name="block_hash", kind=FIELD, optional=False),
        Member(json_name="txHash", name="tx_hash", kind=TX_HASH, optional=False),
        Member(json_name="txIndex", name="tx_index", kind=_INTEGER, optional=False),
        Member(json_name="logIndex", name="log_index", kind=_INTEGER, optional=False),
    )

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/LogId"}

    def read(self, value: JsonValue, path: str, issues: Issues) -> LogId | None:
        read = read_members(self.members, value, path, issues)
        if read is None:
            return None
        for name, text, least in (
            ("block_number", "block number", 1),
            ("tx_index", "tx index", 0),
            ("log_index", "log index", 0),
        ):
            if read[name] < least:
                raise DecodeError(f"Invalid {text}: {read[name]}", path)
        return LogId(**read)


class _LogFilterKind:
    """Which logs a client wants; members may be absent, not null."""

    __slots__ = ()
    members = (
        Member(json_name="txHash", name="tx_hash", kind=TX_HASH),
        Member(json_name="fromBlock", name="from_block", kind=_INTEGER),
        Member(json_name="toBlock", name="to_block", kind=_INTEGER),
        Member(json_name="afterLog", name="after_log", kind=_LogIdKind()),
        Member(json_name="contractAddress", name="contract_address", kind=AZTEC_ADDRESS),
        Member(json_name="tag", name="tag", kind=FIELD),
    )

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/LogFilter"}

    def read(self, value: JsonValue, path: str, issues: Issues) -> LogFilter | None:
        read = read_members(self.members, value, path, issues)
        return None if read is None else LogFilter(**read)


@dataclass(frozen=True, slots=True)
class _OptionsKind:
    """How to handle a transaction; read as keyword arguments."""

    members: tuple[Member, ...]

    @property
    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {member.json_name: member.kind.schema for member in self.members},
        }

    def read(self, value: JsonValue, path: str, issues: Issues) -> dict[str, Any] | None:
        return read_members(self.members, value, path, issues)


class _TxKind:
    """A transaction. Decoding checks field elements and computes the hash: some milliseconds."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Tx"}

    def read(self, value: JsonValue, path: str, issues: Issues) -> Tx | None:
        if type(value) is not dict:
            issues.add(expected("object", value), path)
            return None
        before = len(issues.early) + len(issues.late)
        for name in ("contractClassLogFields", "publicFunctionCalldata"):
            given = value.get(name, MISSING)
            if type(given) is not list:
                issues.add(expected("array", given), f"{path}.{name}")
        for name in ("data", "chonkProof"):
            if not isinstance(value.get(name), str | dict):
                issues.add_late("Invalid input", f"{path}.{name}")
        if len(issues.early) + len(issues.late) > before:
            return None
        try:
            return Tx.from_json(value, path)
        except SchemaError as error:
            # Both forms of a buffer failed: that is all the reference says.
            is_buffer = error.path in {f"{path}.data", f"{path}.chonkProof"}
            issues.add_late("Invalid input" if is_buffer else error.reason, error.path)
            return None


class _TxOrHashKind:
    """A transaction, or the hash of one."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"oneOf": [TX_HASH.schema, TX.schema]}

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        return (TX if type(value) is dict else TX_HASH).read(value, path, issues)


_SKIP_FEE: Final = Member(
    json_name="skipFeeEnforcement", name="skip_fee_enforcement", kind=BOOLEAN, or_null=True
)

LOG_FILTER: Final[Kind] = _LogFilterKind()
TX: Final[Kind] = _TxKind()
TX_OR_HASH: Final[Kind] = _TxOrHashKind()
TX_OPTIONS: Final[Kind] = _OptionsKind(
    (Member(json_name="isSimulation", name="is_simulation", kind=BOOLEAN, or_null=True), _SKIP_FEE)
)
TRACE_OPTIONS: Final[Kind] = _OptionsKind((_SKIP_FEE,))
