"""`aztecd codegen`: typed Python bindings of a contract, in a file or on the terminal."""

from __future__ import annotations

from pathlib import Path

from aztecd.client.codegen import generate_bindings
from aztecd.pxe.artifacts import load_artifact
from aztecd.shell.errors import WalletUsageError
from aztecd.shell.output import say

__all__ = ["write_bindings"]


def write_bindings(artifact: Path, output: Path | None) -> int:
    """Read an artifact, write its bindings. Raises WalletUsageError, ArtifactError."""
    try:
        data = artifact.read_bytes()
    except OSError as error:
        raise WalletUsageError(f"can't read {artifact}: {error.strerror}") from error
    text = generate_bindings(load_artifact(data))
    if output is None:
        say(text.rstrip("\n"))
        return 0
    try:
        output.write_text(text)
    except OSError as error:
        raise WalletUsageError(f"can't write {output}: {error.strerror}") from error
    return 0
