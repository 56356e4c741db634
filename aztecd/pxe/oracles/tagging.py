"""Tags: how a recipient finds messages without trying to decrypt every log.

    S           = own address secret * the other's address point
    app secret  = poseidon2([S.x, S.y, app])        directional = poseidon2([app secret, recipient])
    tag(i)      = poseidon2([directional, i])       on chain: H([app, tag(i)], PRIVATE_LOG_FIRST_FIELD)

Sender and recipient compute the same S. Tags are made many at a time: a window of indexes is one call of the
kernel.

Authority: @aztec/stdlib src/logs/{extended_directional_app_tagging_secret,tag,siloed_tag}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.constants import DOM_SEP_PRIVATE_LOG_FIRST_FIELD
from aztecd.crypto.field import FR_SIZE, Fr, fr
from aztecd.crypto.grumpkin import Point
from aztecd.crypto.poseidon2 import hash_fields, hash_pair, hash_pairs, hash_rows
from aztecd.protocol.basic import AztecAddress

__all__ = ["directional_tagging_secret", "siloed_tags", "tag_of", "tags_of"]

_SEPARATOR: Final = fr(DOM_SEP_PRIVATE_LOG_FIRST_FIELD)


def directional_tagging_secret(shared: Point, app: AztecAddress, recipient: AztecAddress) -> Fr:
    """Give the secret of one direction between two accounts in one contract."""
    return hash_pair(hash_fields([fr(shared.x), fr(shared.y), app]), recipient)


def tag_of(secret: Fr, index: int) -> Fr:
    """Give the tag of one index, as contracts put it into a log."""
    return hash_pair(secret, fr(index))


def tags_of(secret: Fr, indexes: Sequence[int]) -> list[Fr]:
    """Give the tags of many indexes."""
    return _split(hash_pairs(b"".join(secret + fr(index) for index in indexes)))


def siloed_tags(secret: Fr, app: AztecAddress, indexes: Sequence[int]) -> list[Fr]:
    """Give the tags of many indexes as they appear on chain."""
    rows = b"".join(_SEPARATOR + app + tag for tag in tags_of(secret, indexes))
    return _split(hash_rows(rows, 3))


def _split(packed: bytes) -> list[Fr]:
    return [Fr(packed[at : at + FR_SIZE]) for at in range(0, len(packed), FR_SIZE)]
