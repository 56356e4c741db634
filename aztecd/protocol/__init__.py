"""The protocol's objects, declared once: transactions, effects, logs, contracts, blocks, checkpoints.

Responsible for the binary, field and JSON forms of every object and for the hashes that are defined over
them. Not responsible for state, rules of validity, or anything that reads or writes. Authority: @aztec/stdlib
and @aztec/blob-lib 4.1.2; each module names its files.

`codec` and `record` are the machinery; import the objects from their modules.
"""

__all__: list[str] = []
