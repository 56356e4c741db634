from __future__ import annotations

from tests.support import vectors


def test_what_another_worker_read_counts(tmp_path, monkeypatch):
    for name in ("here.json", "there.json", "nowhere.json"):
        (tmp_path / "vectors" / "chain" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vectors" / "chain" / name).write_text("{}")
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    monkeypatch.setattr(vectors, "VECTORS", tmp_path / "vectors")

    monkeypatch.setattr(vectors, "_read", set())
    assert list(vectors.load_lines("chain/there.json")) == [{}]
    vectors.share_reads(run_dir)

    monkeypatch.setattr(vectors, "_read", set())
    assert list(vectors.load_lines("chain/here.json")) == [{}]
    assert vectors.unread(run_dir) == ["chain/nowhere.json"]
