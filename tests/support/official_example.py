"""The token example of the reference, as its package has it; it is others' work and not in this project."""

from __future__ import annotations

import io

from aztecd.artifacts.archive import members, verify
from aztecd.artifacts.cache import cache_root, locked, staging
from aztecd.artifacts.download import find_npm, pack
from aztecd.artifacts.pins import Content, PackagePin, load_pins
from aztecd.artifacts.progress import LineProgress

PACKAGE = PackagePin(
    name="@aztec/aztec",
    version="4.1.2",
    integrity=(
        "sha512-E/N06YkcgQi1Wrw4tSAcnlXiA8c0Ax/y8Vm3W8M/s8Q/n5taDt13hBLr3n5D6DOUQG/Gb0z/W57QtthmNJdqog=="
    ),
    size_bytes=82_689,
    folder="example",
    content=Content.CONTRACTS,
    entries=("dest/examples/token.js",),
)
_URL = "http://localhost:8080"


def token_example(node_url: str) -> str:
    """Give the example's text, its one URL set. It is fetched once."""
    text = _fetched()
    assert text.count(_URL) == 1, "the example has another form"
    return text.replace(_URL, node_url)


def _fetched() -> str:
    root = cache_root()
    path = root / f"{PACKAGE.key}.js"
    if path.exists():
        return path.read_text()
    with locked(root, lambda: None), staging(root) as scratch:
        progress = LineProgress(io.StringIO())
        archive = pack(find_npm(root, load_pins().node, progress), PACKAGE, scratch, progress)
        verify(archive, PACKAGE.integrity, PACKAGE.spec)
        for _, stream in members(archive, PACKAGE.entries):
            fresh = scratch / "example.js"
            fresh.write_bytes(stream.read())
            fresh.replace(path)
    return path.read_text()
