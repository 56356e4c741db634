"""Bringing a wallet up to its node: the anchor block, notes, events, nullifiers, tags, contracts' code.

Responsible for: everything that execution asks about the chain and that has to be found first. All of it runs
in the thread of a job and waits for the node there. Not for: what is kept (`aztecd.pxe.stores`), decrypting
messages, which contracts do themselves.

Authority: @aztec/pxe src/{block_synchronizer,contract_sync,logs,notes,events,tagging}/ (4.1.2).
"""

from aztecd.pxe.sync.anchor import ChainTip, sync_anchor
from aztecd.pxe.sync.bridge import NodeBridge
from aztecd.pxe.sync.class_check import class_updates, current_class_id
from aztecd.pxe.sync.contracts import ContractSync, SyncedContracts
from aztecd.pxe.sync.errors import NodeChangedError, OutdatedClassError, SyncError
from aztecd.pxe.sync.job import Anchor, Job, TaggingSecrets
from aztecd.pxe.sync.views import views_of

__all__ = [
    "Anchor",
    "ChainTip",
    "ContractSync",
    "Job",
    "NodeBridge",
    "NodeChangedError",
    "OutdatedClassError",
    "SyncError",
    "SyncedContracts",
    "TaggingSecrets",
    "class_updates",
    "current_class_id",
    "sync_anchor",
    "views_of",
]
