"""The ABI of contracts: types, values to field elements and back, signatures and selectors.

Responsible for: the types of parameters, return values, events and errors; encoding with the shortcuts that
clients are used to; the text of failed assertions.
Not for: artifacts (`aztecd.pxe.artifacts`), which only use these types.

Authority: @aztec/stdlib src/abi/{abi,encoder,decoder,function_selector,event_selector,utils}.ts,
@aztec/noir-noirc_abi (errors) (4.1.2).
"""

from aztecd.pxe.abi.assertions import assertion_message
from aztecd.pxe.abi.decode import Decoded, decode_values
from aztecd.pxe.abi.encode import encode_arguments, encode_value
from aztecd.pxe.abi.errors import AbiDecodingError, AbiEncodingError, AbiTypeError
from aztecd.pxe.abi.selectors import (
    event_selector,
    function_selector,
    selector_field,
    selector_from_hex,
    selector_of_signature,
    signature_of,
)
from aztecd.pxe.abi.types import (
    AbiParameter,
    AbiType,
    AbiVariable,
    ArrayType,
    BooleanType,
    CustomError,
    ErrorType,
    FieldType,
    FormatError,
    IntegerType,
    StringError,
    StringType,
    StructType,
    TupleType,
    error_type_from_json,
    type_from_json,
    type_size,
    type_to_json,
)

__all__ = [
    "AbiDecodingError",
    "AbiEncodingError",
    "AbiParameter",
    "AbiType",
    "AbiTypeError",
    "AbiVariable",
    "ArrayType",
    "BooleanType",
    "CustomError",
    "Decoded",
    "ErrorType",
    "FieldType",
    "FormatError",
    "IntegerType",
    "StringError",
    "StringType",
    "StructType",
    "TupleType",
    "assertion_message",
    "decode_values",
    "encode_arguments",
    "encode_value",
    "error_type_from_json",
    "event_selector",
    "function_selector",
    "selector_field",
    "selector_from_hex",
    "selector_of_signature",
    "signature_of",
    "type_from_json",
    "type_size",
    "type_to_json",
]
