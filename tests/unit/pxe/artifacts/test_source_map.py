"""Places in the source, on symbols made by hand; recorded ones are in the integration tests."""

from __future__ import annotations

import base64
import zlib

import orjson
import pytest

from aztecd.pxe.artifacts import ArtifactError, SourceFile, SourceMap, render_call_stack

SOURCE = "fn a() {\n  // é\n  b(1);\n}\n"


def pack(value) -> str:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(deflate.compress(orjson.dumps(value)) + deflate.flush()).decode()


def node(parent, start, end, file=1):
    return {"parent": parent, "value": {"span": {"start": start, "end": end}, "file": file}}


def span(piece: str):
    start = SOURCE.encode().index(piece.encode())
    return start, start + len(piece.encode())


TREE = [node(None, 0, 0, 9), node(0, *span("fn a() {")), node(1, *span("b(1)")), node(0, *span("é"))]
SYMBOLS = {
    "debug_infos": [
        {
            "location_tree": {"locations": TREE},
            "acir_locations": {"4": 2, "5": 1},
            "brillig_locations": {"0": {"7": 3}},
        }
    ]
}
FILES = {1: SourceFile(path="src/a.nr", source=SOURCE)}


def stack(locations, function=None, symbols=SYMBOLS):
    found = SourceMap(pack(symbols), FILES).call_stack(locations, function)
    return [(str(place), place.text) for place in found]


def test_calls_come_before_what_they_call():
    assert stack(["4"]) == [("src/a.nr:1:1", "fn a() {"), ("src/a.nr:3:3", "b(1)")]


def test_spans_are_bytes_and_columns_characters():
    assert stack(["9.7"], 0) == [("src/a.nr:2:6", "é")]


def test_unconstrained_code_stands_after_its_caller():
    assert stack(["5.7"], 0) == [("src/a.nr:1:1", "fn a() {"), ("src/a.nr:2:6", "é")]


def test_what_is_not_known_is_left_out():
    assert stack([]) == []
    assert stack(["77"]) == []
    assert stack(["4.99"], 0) == []
    assert stack(["4.7"], 3) == []
    assert SourceMap("", FILES).call_stack(["4"]) == []
    assert SourceMap(pack(SYMBOLS), {}).call_stack(["4"]) == []


@pytest.mark.parametrize(
    "packed",
    ["AAAA", "not base64!", pack([]), pack({}), pack({"debug_infos": [7]}), pack(SYMBOLS)[:40]],
)
def test_damaged_symbols(packed):
    with pytest.raises(ArtifactError, match=r"damaged|cut off"):
        SourceMap(packed, FILES).call_stack(["4"])


def test_places_that_lead_nowhere():
    broken = {"debug_infos": [{"location_tree": {"locations": []}, "acir_locations": {"4": 2}}]}
    with pytest.raises(ArtifactError, match="damaged debug symbols"):
        stack(["4"], symbols=broken)
    endless = {"debug_infos": [{"location_tree": {"locations": [node(0, 0, 1)]}, "acir_locations": {"4": 0}}]}
    assert len(stack(["4"], symbols=endless)) == 1000


def test_rendering():
    places = SourceMap(pack(SYMBOLS), FILES).call_stack(["4"])
    assert render_call_stack([("Box", "open"), ("Lid", "lift")], places) == [
        "at b(1) (src/a.nr:3:3)",
        "at fn a() { (src/a.nr:1:1)",
        "at Lid.lift",
        "at Box.open",
    ]
    assert render_call_stack([("Box", "open")], ["4.7"]) == ["at opcode 4.7", "at Box.open"]
