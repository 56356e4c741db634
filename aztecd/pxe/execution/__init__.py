"""Running private and utility functions with everything they may ask for.

Responsible for: the tree of private calls of a transaction and its result (`executor`), utility functions,
and what execution needs of others (`views`).
Not for: answering single oracle calls (`aztecd.pxe.oracles`), circuits (`aztecd.pxe.acvm`), stores and the
node's connection, which implement the views.

`executor` stands above the oracles and is imported by its own name; the oracles need the views.

Authority: @aztec/pxe src/contract_function_simulator/ (4.1.2).
"""

from aztecd.pxe.execution.views import (
    ALL_SCOPES,
    AddressView,
    BlockParameter,
    CapsuleView,
    ContractView,
    DiscoveryView,
    ExecutionViews,
    FunctionCode,
    KeyView,
    NodeView,
    NoteStatus,
    NoteView,
    Scopes,
    SettledNote,
    SyncView,
    TaggingSecret,
    TaggingView,
    UtilityRunner,
)

__all__ = [
    "ALL_SCOPES",
    "AddressView",
    "BlockParameter",
    "CapsuleView",
    "ContractView",
    "DiscoveryView",
    "ExecutionViews",
    "FunctionCode",
    "KeyView",
    "NodeView",
    "NoteStatus",
    "NoteView",
    "Scopes",
    "SettledNote",
    "SyncView",
    "TaggingSecret",
    "TaggingView",
    "UtilityRunner",
]
