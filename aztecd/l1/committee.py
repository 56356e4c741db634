"""Who attests in an epoch, as the rollup contract says.

Authority: @aztec/epoch-cache src/epoch_cache.ts (`computeCommittee`); @aztec/ethereum
src/contracts/rollup.ts (`getCommitteeAt`, `isEscapeHatchOpen`); @aztec/l1-artifacts
l1-contracts/src/core/libraries/rollup/{ProposeLib,ValidatorSelectionLib}.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.l1.abi import AbiFunction
from aztecd.l1.errors import ContractRevertError, L1RpcError
from aztecd.l1.reads import ContractRead, call_request, read_all
from aztecd.protocol.basic import EthAddress

if TYPE_CHECKING:
    from aztecd.l1.reads import BlockTag
    from aztecd.l1.rollup import RollupReader
    from aztecd.protocol.basic import EpochNumber

__all__ = ["EpochCommittee", "read_committee"]

_TOO_FEW_VALIDATORS = "ValidatorSelection__InsufficientValidatorSetSize"
_IS_HATCH_OPEN = AbiFunction.from_item(
    {
        "name": "isHatchOpen",
        "inputs": [{"type": "uint256"}],
        "outputs": [{"type": "bool"}, {"type": "address"}],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochCommittee:
    """Those whose attestations the checkpoints of an epoch need; none when nobody is asked."""

    epoch: EpochNumber
    members: tuple[EthAddress, ...]
    is_escape_hatch_open: bool
    """Whether a designated proposer may build without the committee."""

    @property
    def required(self) -> tuple[EthAddress, ...]:
        """The members that attestations are checked against; empty when they are not to be checked."""
        return () if self.is_escape_hatch_open else self.members


def read_committee(reader: RollupReader, epoch: EpochNumber, block: BlockTag = "latest") -> EpochCommittee:
    """Read an epoch's committee at an L1 block, in at most two round trips; in none without committees.

    It is the same at every block since the epoch began; a reorganisation of L1 may change it, so keep it no
    longer than what else was read at the same block. The escape hatch is the one that the epoch started with,
    as in the contract (the reference takes the newest).

    Raises:
        ContractRevertError: the epoch's committee is not settled at that block.
        L1UnavailableError: the node can't be reached.
    """
    if reader.deployment.target_committee_size == 0:
        return EpochCommittee(epoch=epoch, members=(), is_escape_hatch_open=False)
    reads = (
        reader.rollup.read("getEpochCommittee", epoch),
        reader.rollup.read("getEscapeHatchForEpoch", epoch),
    )
    committee, hatch = reader.client.batch_settled([call_request(read, block) for read in reads])
    if isinstance(committee, ContractRevertError) and committee.name == _TOO_FEW_VALIDATORS:
        members: tuple[EthAddress, ...] = ()
    else:
        members = tuple(EthAddress(member) for member in reads[0].decode(_answer(committee)))
    return EpochCommittee(
        epoch=epoch,
        members=members,
        is_escape_hatch_open=_is_open(reader, reads[1].decode(_answer(hatch)), epoch, block),
    )


def _answer(result: object) -> object:
    if isinstance(result, L1RpcError):
        raise result
    return result


def _is_open(reader: RollupReader, hatch: EthAddress, epoch: EpochNumber, block: BlockTag) -> bool:
    if not any(hatch):
        return False
    (answer,) = read_all(reader.client, [ContractRead(hatch, _IS_HATCH_OPEN, (epoch,))], block)
    return bool(answer[0])
