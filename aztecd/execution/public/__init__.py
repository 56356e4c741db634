"""Public calls of a transaction: phases, fee, effects.

Responsible for what happens around the calls of one transaction: their order, their gas, which contracts they
can reach, which effects survive. One call is the business of `aztecd.avm`. Pure: takes values and the small
interfaces of `aztecd.execution.views`.

Authority: @aztec/simulator src/public/public_tx_simulator, src/public/state_manager; results of the native
simulator in @aztec/bb.js (4.1.2).
"""

from aztecd.execution.public.calls import EnqueuedCall, PublicOutcome, TxPhase
from aztecd.execution.public.debug import filled_in
from aztecd.execution.public.executor import ExecutionOptions, PublicExecutor
from aztecd.execution.public.trace import CallTrace, TxTrace
from aztecd.execution.public.tracing import TRACE_LIMITS, ExecutionObserver, TraceRecorder

__all__ = [
    "TRACE_LIMITS",
    "CallTrace",
    "EnqueuedCall",
    "ExecutionObserver",
    "ExecutionOptions",
    "PublicExecutor",
    "PublicOutcome",
    "TraceRecorder",
    "TxPhase",
    "TxTrace",
    "filled_in",
]
