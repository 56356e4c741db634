"""Addresses as points: complete addresses, and the secret behind an account's address.

An address is the x of a point whose discrete logarithm its owner knows: whoever has the address can encrypt
to it. Of the two points with this x, the one with the low y is meant, and the secret is chosen to match.

Authority: @aztec/stdlib src/keys/derivation.ts, src/contract/complete_address.ts, src/aztec-address/index.ts,
src/logs/shared_secret_derivation.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.crypto.field import FQ_MODULUS, Fr, fr_hex, fr_int
from aztecd.crypto.grumpkin import Point, multiply
from aztecd.crypto.grumpkin_points import has_low_y, lift_x
from aztecd.protocol.basic import AztecAddress, AztecAddressMember, FrMember
from aztecd.protocol.codec import DecodeError
from aztecd.protocol.contracts import PublicKeys, address_from_keys, preaddress
from aztecd.protocol.record import Record, record
from aztecd.pxe.keys.derivation import MasterKeys, public_key_of
from aztecd.pxe.keys.errors import InvalidAddressError
from aztecd.pxe.keys.secret import Secret

__all__ = ["CompleteAddress", "address_point", "address_secret", "multiply_secret"]


@record
class CompleteAddress(Record):
    """An address and what it was made of: 32 + 256 + 32 bytes, `0x` and their digits as text."""

    address: AztecAddressMember
    public_keys: PublicKeys
    partial_address: FrMember

    @classmethod
    def of_keys(cls, public_keys: PublicKeys, partial: Fr) -> CompleteAddress:
        """Derive the address. Raises InvalidContractError when the keys make none."""
        return cls(
            address=address_from_keys(public_keys, partial), public_keys=public_keys, partial_address=partial
        )

    @classmethod
    def from_text(cls, text: str) -> CompleteAddress:
        """Read and check the text form. Raises DecodeError, InvalidAddressError, InvalidContractError."""
        try:
            data = bytes.fromhex(text.removeprefix("0x"))
        except ValueError as error:
            raise DecodeError("a complete address is hexadecimal") from error
        read = cls.decode(data)
        read.check()
        return read

    def to_text(self) -> str:
        """Give the text form, in which JSON has complete addresses."""
        return "0x" + self.encode().hex()

    def check(self) -> None:
        """Derive the address again. Raises InvalidAddressError, InvalidContractError."""
        derived = address_from_keys(self.public_keys, self.partial_address)
        if derived != self.address:
            raise InvalidAddressError(
                "Address cannot be derived from public keys and partial address "
                f"(received {fr_hex(self.address)}, derived {fr_hex(derived)})"
            )

    @property
    def preaddress(self) -> Fr:
        """The scalar that joins keys and partial address."""
        return preaddress(self.public_keys.hash(), self.partial_address)


def address_point(address: AztecAddress) -> Point:
    """Give the point of an address. Raises InvalidAddressError: about half of all values are none."""
    point = lift_x(fr_int(address))
    if point is None:
        raise InvalidAddressError(f"{fr_hex(address)} is no valid address: no point of Grumpkin has this x")
    return point


def address_secret(complete: CompleteAddress, keys: MasterKeys) -> Secret:
    """Give the discrete logarithm of an own account's address point."""
    candidate = (keys.incoming_viewing_secret_key.reveal_int() + fr_int(complete.preaddress)) % FQ_MODULUS
    secret = Secret.from_int(candidate)
    if not has_low_y(public_key_of(secret)):
        secret.wipe()
        secret = Secret.from_int(FQ_MODULUS - candidate)
    return secret


def multiply_secret(secret: Secret, point: Point) -> Point:
    """Give the secret that two sides share: the own secret times the other's point.

    Raises InvalidAddressError for the zero point, which is a mistake of the caller's contract.
    """
    if point.is_infinite or (point.x == 0 and point.y == 0):
        raise InvalidAddressError("Attempting to derive a shared secret with a zero public key")
    return multiply(point, secret.reveal_int())
