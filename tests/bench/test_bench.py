from __future__ import annotations

import asyncio
import json
import os
from itertools import islice

import pytest

from tests.bench import processes
from tests.bench.__main__ import _parser, main
from tests.bench.catch_up import CatchUp, Sample
from tests.bench.effects import drawn_effects, recorded_effects
from tests.bench.generator import generator
from tests.bench.measure import Plan
from tests.bench.reads import READS


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(300)
def test_a_small_run_measures_everything(artifacts, tmp_path, capsys):
    file = tmp_path / "results.json"
    counts = (
        "--starts 1 --sends 1 --groups 1 --class-txs 2 --rounds 1 --seconds 0.05 --settle 0 --no-variant "
        "--batches 1 --batch-size 3 --public-sends 1 --executions 1 --no-hostile"
    )
    assert main([*counts.split(), "--json", str(file), "--markdown", str(tmp_path / "results.md")]) == 0

    results = json.loads(file.read_text())
    assert results["peers"] == ["aztecd"]
    assert len(results["cold_start_s"]["aztecd"]) == len(results["restart_s"]) == 1
    assert {(item["read"], item["connections"]) for item in results["reads"]} == {
        (read.name, connections) for read in READS for connections in (1, 16)
    }
    assert all(item["requests_per_s"] > 0 for item in results["reads"])
    assert results["idle"]["aztecd"]["node_mib"] > 20
    assert results["idle"]["aztecd"]["anvil_mib"] > 0
    assert "block of 1" in results["logged_ms"]
    assert {kind: len(rates["aztecd"]) for kind, rates in results["batch_tx_per_s"].items()} == {
        "public": 1,
        "private": 1,
    }
    assert len(results["public_send_s"]["aztecd"]) == 1
    assert all(item["runs_ms"]["fast"] and item["instructions"] for item in results["executions"])
    assert "| getBlocks, 10 |" in (tmp_path / "results.md").read_text()
    assert "send to receipt" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_a_small_run_measures_both_wallets(client, artifacts, tmp_path):
    file, tables = tmp_path / "results.json", tmp_path / "results.md"
    counts = "--wallets --transfers 1 --cold-transfers 1 --notes 22 --syncs 1"
    assert main([*counts.split(), "--json", str(file), "--markdown", str(tables)]) == 0

    wallets = json.loads(file.read_text())["wallets"]
    assert wallets["notes"] == 25
    for times in ("transfer_s", "simulate_s", "send_s", "cold_s", "sync_s"):
        assert {name: len(found) for name, found in wallets[times].items()} == {"aztecd": 1, "reference": 1}
    assert "find 25 notes" in tables.read_text()


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(600)
def test_a_small_run_measures_how_a_node_catches_up(artifacts, tmp_path):
    file, tables = tmp_path / "results.json", tmp_path / "results.md"
    counts = "--catch-up --checkpoints 6"
    assert main([*counts.split(), "--json", str(file), "--markdown", str(tables)]) == 0

    [found] = json.loads(file.read_text())["catch_up"]
    assert (found["name"], found["checkpoints"], found["txs"]) == ("aztecd", 6, 30)
    assert found["samples"][-1]["block"] == 6
    assert 0 < found["first_block_s"] <= found["seconds"]
    assert found["peak_mib"] > found["samples"][-1]["anonymous_mib"] > 20
    assert "### Catch-up with 6 checkpoints" in tables.read_text()


def test_memory_growth_is_that_of_the_later_blocks():
    run = CatchUp(name="node", checkpoints=1000, txs=5000)
    for block in range(0, 1001, 50):
        # Fifty at once, then one for each hundred blocks, and something that comes and goes.
        noise = 0.5 * (-1) ** (block // 50)
        anonymous = 20.0 if block < 200 else 70 + block / 100 + noise
        run.samples.append(Sample(seconds=block / 10, block=block, mib=200, anonymous_mib=anonymous))
    assert run.growth_mib() == pytest.approx(1, abs=0.02)


def test_memory_growth_of_the_last_half_leaves_out_caches_that_were_filling():
    run = CatchUp(name="node", checkpoints=1000, txs=5000)
    for block in range(0, 1001, 50):
        run.samples.append(
            Sample(seconds=block / 10, block=block, mib=200, anonymous_mib=50 + min(block, 500) / 10)
        )
    assert run.growth_mib() > 3
    assert run.growth_mib(since=0.5) == pytest.approx(0)


def test_a_node_without_later_blocks_has_no_growth():
    run = CatchUp(name="node", checkpoints=10, txs=50)
    run.samples.append(Sample(seconds=1, block=10, mib=200, anonymous_mib=100))
    assert run.growth_mib() == 0


def test_drawn_effects_are_new_but_for_their_shape():
    drawn = list(islice(drawn_effects("seed"), 200))
    assert drawn == list(islice(drawn_effects("seed"), 200))
    assert {effect.tx_hash for effect in drawn}.isdisjoint(
        effect.tx_hash for effect in islice(drawn_effects("other"), 200)
    )
    nullifiers = [nullifier for effect in drawn for nullifier in effect.nullifiers]
    assert len(set(nullifiers)) == len(nullifiers)
    recorded = recorded_effects()
    logs = [effect.contract_class_logs for effect in drawn if effect.contract_class_logs]
    assert len(logs) == len(set(logs))
    assert set(logs) == {effect.contract_class_logs for effect in recorded if effect.contract_class_logs}
    shapes = {(len(one.note_hashes), len(one.nullifiers), len(one.public_data_writes)) for one in recorded}
    assert {
        (len(one.note_hashes), len(one.nullifiers), len(one.public_data_writes)) for one in drawn
    } == shapes
    slots = [write.leaf_slot for effect in drawn for write in effect.public_data_writes]
    assert len(set(slots)) < len(slots)


async def test_the_generator_counts_what_a_server_answered():
    seen = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            seen.append(await reader.readexactly(length))
            status = b"400 Bad Request" if seen[-1] == b"bad" else b"200 OK"
            # In two parts, as long answers come.
            writer.write(b"HTTP/1.1 %b\r\ncontent-LENGTH: 6\r\n\r\nabc" % status)
            await writer.drain()
            writer.write(b"def")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with generator(None) as running:

        def load(bodies: list[bytes]):
            url = f"http://127.0.0.1:{port}"
            return running.load(url, bodies, connections=2, seconds=0.2, gzip=False)

        good = await asyncio.to_thread(load, [b"a", b"b", b"c"])
        assert set(seen) == {b"a", b"b", b"c"}
        bad = await asyncio.to_thread(load, [b"bad"])
    server.close()

    assert good.refused == 0
    assert 10 < good.requests_per_s * 0.2 <= len(seen)
    assert good.answer_bytes == len(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 6\r\n\r\nabcdef")
    assert 0 < good.p50_ms <= good.p95_ms < 200
    assert bad.refused > 0


async def test_the_generator_takes_chunked_answers():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"}"):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0")
            await writer.drain()
            writer.write(b"\r\n\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with generator(None) as running:
        done = await asyncio.to_thread(running.load, url, [b"{}"], connections=2, seconds=0.1, gzip=True)
    server.close()
    assert done.answers >= 2
    assert done.refused == 0
    assert done.answer_bytes == len(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )


async def test_a_listening_process_is_found_by_its_port():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert processes.pid_listening_on(port) == os.getpid()
    server.close()
    await server.wait_closed()
    assert processes.pid_listening_on(port) is None
    assert processes.memory(os.getpid(), None).node_mib > 10


def test_without_options_the_plan_is_the_default_one():
    options = _parser().parse_args([])
    assert options.settle == Plan().settle_s
    assert options.rounds == Plan().rounds
