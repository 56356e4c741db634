"""What contracts print: in the log, and in receipts."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from aztecd.avm import CallRecord, DebugMessage
from aztecd.crypto.field import fr, fr_hex
from aztecd.execution import EnqueuedCall, ProcessedTx, PublicOutcome, PublishedContracts, TxPhase
from aztecd.node import contract_logs
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.signatures import FunctionSignatures
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.gas import Gas, GasUsed
from aztecd.protocol.hashes import function_selector

SIGNATURE = "set_price(Field,u64)"
SELECTOR = function_selector(SIGNATURE)


def record(address: int, *calldata: int, nested: tuple[CallRecord, ...] = ()) -> CallRecord:
    return CallRecord(
        address=address,
        sender=0,
        caller_pc=0,
        is_static=False,
        calldata=list(calldata),
        calldata_size=len(calldata),
        l2_gas_limit=0,
        da_gas_limit=0,
        nested=list(nested),
    )


def processed(number: int, *logs: DebugMessage, calls: tuple[CallRecord, ...] = ()) -> ProcessedTx:
    gas = Gas.empty()
    return ProcessedTx(
        tx_hash=fr(number),
        effect=TxEffect.empty(),
        gas_used=GasUsed.empty(),
        published=PublishedContracts(),
        public=PublicOutcome(
            calls=tuple(
                EnqueuedCall(
                    phase=TxPhase.APP_LOGIC,
                    allocated=gas,
                    left=gas,
                    transaction_fee=0,
                    instructions=0,
                    has_reverted=False,
                    output=(),
                    message="",
                    record=call,
                )
                for call in calls
            ),
            messages=(),
            debug_logs=logs,
            return_values=(),
            failure=None,
        ),
    )


def message(address: int = 5, text: str = "price is {0}", fields: tuple[int, ...] = (7,)) -> DebugMessage:
    return DebugMessage(contract_address=address, level=4, message=text, fields=fields)


@pytest.fixture
def logs() -> ContractLogs:
    signatures = FunctionSignatures()
    signatures.register([SIGNATURE])
    return ContractLogs(signatures)


def test_a_line_in_the_log(logs):
    calls = (record(4, 1, nested=(record(5, SELECTOR, 9),)),)
    with capture_logs() as lines:
        logs.show(processed(1, message(), calls=calls))
    assert lines == [
        {
            "event": "contract_log",
            "log_level": "info",
            "message": "price is " + fr_hex(fr(7)),
            "contract": fr_hex(fr(5)),
            "function": "set_price",
            "severity": "info",
            "tx_hash": fr_hex(fr(1)),
        }
    ]


@pytest.mark.parametrize(
    "calls",
    [(), (record(5),), (record(5, 99),), (record(5, SELECTOR), record(5, 99))],
    ids=["not recorded", "no selector", "unknown", "several"],
)
def test_the_function_is_named_only_when_it_is_certain(logs, calls):
    with capture_logs() as lines:
        logs.show(processed(1, message(), calls=calls), is_simulation=True)
    (line,) = lines
    assert "function" not in line
    assert line["simulation"] is True


def test_a_talkative_transaction_does_not_fill_the_log(logs):
    with capture_logs() as lines:
        logs.show(processed(1, *[message()] * 1000))
    assert len(lines) == 101
    assert lines[-1]["count"] == 900


def test_receipts_get_them_as_they_were(logs):
    done = processed(1, message())
    assert logs.of(done.tx_hash) is None
    logs.keep(done)
    logs.keep(processed(2))
    assert logs.of(fr(2)) is None
    (log,) = logs.of(done.tx_hash)
    assert log.to_json() == {
        "contractAddress": fr_hex(fr(5)),
        "level": "info",
        "message": "price is {0}",
        "fields": [fr_hex(fr(7))],
    }


def test_old_ones_make_room(logs, monkeypatch):
    monkeypatch.setattr(contract_logs, "_MAX_KEPT_CELLS", 100)
    for number in range(1, 5):
        logs.keep(processed(number, message(text="x" * 30)))
    logs.keep(processed(4, message(text="y" * 30)))
    assert [number for number in range(1, 5) if logs.of(fr(number))] == [3, 4]
    assert logs.of(fr(4))[0].message == "y" * 30
