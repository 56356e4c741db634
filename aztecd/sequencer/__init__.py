"""Building by the L1 clock: one checkpoint in a slot, where anyone may propose.

Responsible for: when to build, publish and step back on a rollup that others build on too.
Not for: building itself (`builder`, `node.producer`), or a network of one's own (`localnet.automine`).
Authority: @aztec/sequencer-client src/sequencer/sequencer.ts (4.1.2).
"""

from aztecd.sequencer.sequencer import SENDER_OPTIONS, SlotSequencer
from aztecd.sequencer.settlement import CompleteEpoch, EpochSettlement
from aztecd.sequencer.timing import L1Moment, SlotTiming, Waiting, WaitReason

__all__ = [
    "SENDER_OPTIONS",
    "CompleteEpoch",
    "EpochSettlement",
    "L1Moment",
    "SlotSequencer",
    "SlotTiming",
    "WaitReason",
    "Waiting",
]
