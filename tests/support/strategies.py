"""Hypothesis strategies for protocol objects, derived from the codecs that declare them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

import aztecd.protocol
from aztecd.constants import CHONK_PROOF_LENGTH, CONTRACT_CLASS_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import FR_MODULUS, FR_ZERO, Fr, fr
from aztecd.protocol import codec, contracts, identifier_codecs, tree_types, tx, tx_data
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, _PublicLogCodec
from aztecd.protocol.record import Record, RecordCodec

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_EDGES = [0, 1, 2**64 - 1, 2**128 - 1, FR_MODULUS - 1]

elements: SearchStrategy[Fr] = st.one_of(
    st.sampled_from([fr(edge) for edge in _EDGES]), st.integers(0, FR_MODULUS - 1).map(fr)
)
some_elements: SearchStrategy[Fr] = elements.filter(lambda element: element != FR_ZERO)


def all_records() -> list[type[Record]]:
    """Find every record that the protocol package declares, by name."""
    for module in pkgutil.iter_modules(aztecd.protocol.__path__):
        importlib.import_module(f"aztecd.protocol.{module.name}")
    found = {
        cls.codec.cls
        for cls in Record.__subclasses__()
        if "codec" in vars(cls) and cls.__module__.startswith("aztecd.protocol.")
    }
    return sorted(found, key=lambda cls: (cls.__module__, cls.__name__))


@cache
def instances(cls: type[Record]) -> SearchStrategy[Any]:
    """Make any objects of a class."""
    return _of(cls.codec)


@cache
def _members(cls: type[Record]) -> dict[str, SearchStrategy[Any]]:
    """Give the strategies of members that rules beyond the codecs bind."""
    if cls is PrivateLog:
        return {"emitted_length": st.integers(0, 16)}
    if cls is ContractClassLog:
        return {"emitted_length": st.integers(1, CONTRACT_CLASS_LOG_SIZE_IN_FIELDS)}
    if cls is tx_data.ScopedLogHash:
        return {"length": st.integers(1, CONTRACT_CLASS_LOG_SIZE_IN_FIELDS)}
    if cls is TxEffect:
        writes = st.builds(PublicDataWrite, leaf_slot=some_elements, value=elements)
        # Blobs hold what was emitted; what stands behind it in the array is lost, so let it be zero.
        private_logs = instances(PrivateLog).filter(lambda log: log.emitted_length).map(_cut_private_log)
        class_logs = instances(ContractClassLog).map(_cut_class_log)
        return {
            "revert_code": st.integers(0, 3),
            "note_hashes": _tuples(some_elements),
            "nullifiers": _tuples(some_elements),
            "l2_to_l1_msgs": _tuples(some_elements),
            "public_data_writes": _tuples(writes),
            "private_logs": _tuples(private_logs),
            "contract_class_logs": _tuples(class_logs, 1),
        }
    return {}


def _cut_private_log(log: PrivateLog) -> PrivateLog:
    return log.replace(fields=log.emitted + (FR_ZERO,) * (len(log.fields) - log.emitted_length))


def _cut_class_log(log: ContractClassLog) -> ContractClassLog:
    return log.replace(fields=ContractClassLogFields.padded(log.emitted))


def _of(given: codec.Codec) -> SearchStrategy[Any]:
    match given:
        case tx._TxCodec():
            return _record(given).map(lambda value: value.replace(tx_hash=value.data.tx_hash()))
        case tx_data._TailCodec():
            return _tail(given)
        case _PublicLogCodec() | RecordCodec():
            return _record(given)
        case tx._DataCodec():
            return _of(given.inner)
        case tx._ProofCodec():
            return elements.map(lambda element: element * CHONK_PROOF_LENGTH)
        case contracts._BytecodeCodec():
            return st.binary(max_size=100)
        case tree_types._SiblingPathCodec():
            return _tuples(elements).map(tree_types.SiblingPath)
        case identifier_codecs.PointCodec():
            return st.tuples(elements, elements).map(b"".join)
        case codec.FrCodec():
            return elements
        case codec.BytesCodec():
            return st.binary(min_size=given.size, max_size=given.size)
        case codec.UintCodec():
            return st.integers(0, given.limit - 1)
        case codec.IntCodec():
            half = 1 << (8 * given.size - 1)
            return st.integers(-half, half - 1)
        case codec.BoolCodec():
            return st.booleans()
        case codec.TextCodec():
            return st.text(max_size=20)
        case codec.OptionalCodec():
            return st.none() | _of(given.item)
        case codec.FrListCodec():
            return _list(given, elements)
        case codec.ListCodec():
            return _list(given, _of(given.item))
        case _:
            signature = type(given).__name__ == "_SignatureCodec"
            assert signature, f"no strategy for {given!r}"
            return st.binary(min_size=65, max_size=65)


def _record(given: RecordCodec) -> SearchStrategy[Any]:
    bound = _members(given.cls)
    return st.builds(
        given.cls,
        **{
            member.name: bound[member.name] if member.name in bound else _of(member.codec)
            for member in given.members
        },
    )


def _tail(given: tx_data._TailCodec) -> SearchStrategy[Any]:
    common = {member.name: _of(member.codec) for member in given.members[:-2]}
    return st.builds(given.cls, **common, for_rollup=instances(tx_data.PartialForRollup)) | st.builds(
        given.cls, **common, for_public=instances(tx_data.PartialForPublic)
    )


def _list(given: codec.FrListCodec | codec.ListCodec, items: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Make lists of a few items; a list of fixed length goes on with empty ones."""
    if given.length is None:
        return _tuples(items, min(3, given.limit))
    zeros = given.zero()
    return _tuples(items, min(3, given.length)).map(lambda some: some + zeros[len(some) :])


def _tuples(items: SearchStrategy[Any], size: int = 3) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=size).map(tuple)
